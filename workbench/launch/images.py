"""Container image names: ``registry:5000/name:tag@sha256:…``."""

from __future__ import annotations

from workbench.model.launch import ImageSpec


def parse_image(text: str, argument: int | None = None) -> ImageSpec:
    """The parts of an image's name. The colon of a registry's port separates no tag."""
    named, _, digest = text.partition("@")
    folder, slash, last = named.rpartition("/")
    name, _, tag = last.partition(":")
    return ImageSpec(text, f"{folder}{slash}{name}", tag, digest, argument)
