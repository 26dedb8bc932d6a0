"""What stands around the manifest of a Claude Desktop extension, or around the registry of Docker's gateway."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from workbench.host.files import CannotLook, read_bounded

_CATALOG_LIMIT = 8 << 20
_CATALOGS = 16
_ANSWER_LIMIT = 4096
_ANSWERS_LIMIT = 256
_ENTRY = re.compile(r"^  (?:\"([^\"\n]+)\"|'([^'\n]+)'|([^\s#:'\"][^:\n]*)):[ \t]*$", re.MULTILINE)
_IMAGE = re.compile(r"^    image:[ \t]*(?:\"([^\"\n]+)\"|'([^'\n]+)'|([^\s#'\"]+))", re.MULTILINE)


def settings_of(manifest: str) -> Mapping[str, Any]:
    """What the user set of the extension whose manifest this is; nothing where there is no such file.

    A file that cannot be read is a gap of its own, where the settings are looked at as a config.
    """
    folder, identity = os.path.split(os.path.dirname(manifest))
    path = os.path.join(os.path.dirname(folder), "Claude Extensions Settings", f"{identity}.json")
    try:
        content = json.loads(read_bounded(path))
    except (CannotLook, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def answers_of(document: Any, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answers that an extension's user gave, or its defaults. Those that its manifest calls secret are left out."""
    asked = document.get("user_config") if isinstance(document, dict) else None
    given = settings.get("userConfig")
    answers: dict[str, Any] = {}
    for key, described in asked.items() if isinstance(asked, dict) else ():
        if not isinstance(described, dict) or described.get("sensitive") is True:
            continue
        answer = given.get(key) if isinstance(given, dict) else None
        answer = described.get("default") if answer is None else answer
        limit = _ANSWERS_LIMIT if isinstance(answer, list) else _ANSWER_LIMIT
        if isinstance(answer, (str, list)) and len(answer) > limit:
            continue  # nobody gave such an answer: it would only grow where it is put in
        answers[key] = answer
    return answers


def images_of(registry: str, document: Any) -> Mapping[str, str]:
    """The images that Docker's catalogs, beside its registry, give for the servers that the registry names.

    A catalog has some hundred kilobytes of YAML, of which one line a server is of interest: it is searched, not
    parsed. What is not found is not known.
    """
    table = document.get("registry") if isinstance(document, dict) else None
    wanted = {name for name in table if isinstance(name, str)} if isinstance(table, dict) else set()
    images: dict[str, str] = {}
    if not wanted:
        return images
    folder = os.path.join(os.path.dirname(registry), "catalogs")
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith((".yaml", ".yml")))
    except OSError:
        return images
    for name in names[:_CATALOGS]:
        try:
            text = read_bounded(os.path.join(folder, name), limit=_CATALOG_LIMIT).decode("utf-8", "replace")
        except CannotLook:
            continue
        places = list(_ENTRY.finditer(text))
        for number, place in enumerate(places):
            entry = next(part for part in place.groups() if part)
            if entry in wanted and entry not in images:
                end = places[number + 1].start() if number + 1 < len(places) else len(text)
                image = _IMAGE.search(text, place.end(), end)
                if image is not None:
                    images[entry] = next(part for part in image.groups() if part)
    return images
