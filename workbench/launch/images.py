"""Container image names: ``registry:5000/name:tag@sha256:…``."""

from __future__ import annotations

import re

from workbench.model.launch import ImageSpec

_TRANSPORT = "docker://"
_OF_REGISTRY = re.compile(r"\A(?:(?:index\.)?docker\.io/(?:library/)?|localhost/)")
_VARIABLE = re.compile(r"\$\{[^{}]*\}?")


def parse_image(text: str, argument: int | None = None) -> ImageSpec:
    """The parts of an image's name. The colon of a registry's port separates no tag, nor does one of ``${TAG:-1}``."""
    plain = text.removeprefix(_TRANSPORT)
    # Of the same length as what is written, so that places in it are places there.
    masked = _VARIABLE.sub(lambda match: "$" * len(match.group()), plain) if "$" in plain else plain
    end = len(masked)
    at = masked.find("@")
    digest = plain[at + 1 :] if at >= 0 else ""
    end = at if at >= 0 else end
    colon = masked.find(":", masked.rfind("/", 0, end) + 1, end)
    if colon < 0:
        return ImageSpec(text, plain[:end], "", digest, argument)
    return ImageSpec(text, plain[:colon], plain[colon + 1 : end], digest, argument)


def normal_image(text: str) -> str:
    """An image's name in one form: ``docker.io/library/x``, ``x:latest`` and ``x`` are the same image.

    Podman calls what was built here ``localhost/x``, however it was asked for.
    """
    image = parse_image(_OF_REGISTRY.sub("", text))
    return f"{image.name}@{image.digest}" if image.digest else f"{image.name}:{image.tag or 'latest'}"
