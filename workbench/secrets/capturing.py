"""Turn a secret into a fact without its value, and take it out of what is shown."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

from workbench.model.facts import EnvironmentEntry, SecretFact
from workbench.secrets.arguments import to_hide_of_argument
from workbench.secrets.recognition import POSSIBLE, Hit, hits, to_hide
from workbench.text import visible

_SHORT = 4


def fingerprint(secret: str) -> str:
    """Twelve hexadecimal digits, keyed with a random key of this process: equal for equal secrets, telling nothing."""
    import hashlib
    import hmac

    return hmac.new(_key(), secret.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:12]


@cache
def _key() -> bytes:
    return os.urandom(32)


def capture(name: str, value: str, place: str) -> SecretFact | None:
    """The fact of a secret in a value, or None when there is none. ``place`` such as ``env.GITHUB_TOKEN``."""
    found = hits(name, value)
    return _fact(found[0], value, place) if found else None


def shown_name(name: str) -> str:
    """The name of a variable, header or key, safe to show: people also put ``NAME=value`` or the value itself there."""
    return visible(redact(name))


def environment_entry(name: str, value: str, place: str = "environment ") -> EnvironmentEntry:
    """A variable by name, with the secret that it holds. ``place`` is what stands before its name in the fact."""
    shown = shown_name(name)
    secret = capture(name, value, place + shown) or capture("", name, f"{place}{shown}, in its name")
    return EnvironmentEntry(shown, secret)


def redact_arguments(arguments: Sequence[str]) -> tuple[tuple[str, ...], tuple[SecretFact, ...]]:
    """The argument vector, safe to show, with every secret replaced, and the facts of the secrets (``args[3]``)."""
    shown: list[str] = []
    facts: list[SecretFact] = []
    for place, argument in enumerate(arguments):
        found = to_hide_of_argument(arguments, place)
        facts.extend(_fact(hit, argument, f"args[{place}]") for hit in found if hit.kind != POSSIBLE)
        shown.append(visible(_replaced(argument, found)))
    return tuple(shown), tuple(facts)


def secrets_in_commands(commands: Iterable[Sequence[str]]) -> tuple[SecretFact, ...]:
    """The secrets in several argument vectors, each once, with the program in its place (``args[3] of docker``)."""
    facts: dict[str, SecretFact] = {}
    for command in commands:
        for fact in redact_arguments(command)[1]:
            program = re.split(r"[\\/]", command[0])[-1].partition(" ")[0]
            place = fact.place if fact.place == "args[0]" else f"{fact.place} of {shown_name(program)}"
            facts.setdefault(fact.fingerprint, replace(fact, place=place))
    return tuple(facts.values())


def redact_url(url: str) -> tuple[str, SecretFact | None]:
    """The URL, safe to show, with every secret in it replaced, and the fact of the first (place ``url``)."""
    found = to_hide("", url)
    sure = next((hit for hit in found if hit.kind != POSSIBLE), None)
    return visible(_replaced(url, found)), _fact(sure, url, "url") if sure else None


def redact(text: str) -> str:
    """Free text such as a diff with everything recognisable replaced. Line ends stay; it is not made visible."""
    return _replaced(text, to_hide("", text))


def redact_values(text: str, values: Iterable[str]) -> str:
    """The text with known secrets replaced, also where JSON or TOML spells them with escapes.

    A value of less than four characters is replaced only where it stands alone, or it would tear words apart.
    """
    lengths = {spelled: len(value) for value in values if value for spelled in (value, *_spellings(value))}
    if not lengths:
        return text
    # All at once and the longest first: one after the other they would also replace what was put in before.
    forms = (
        re.escape(spelled) if len(spelled) >= _SHORT else rf"(?<![A-Za-z0-9_]){re.escape(spelled)}(?![A-Za-z0-9_])"
        for spelled in sorted(lengths, key=len, reverse=True)
    )
    return re.sub("|".join(forms), lambda match: f"<secret: {lengths[match.group()]} characters>", text)


def mark_of(kind: str, length: int) -> str:
    """What is shown in the place of a secret."""
    return f"<secret: {kind}, {length} characters>"


def _fact(hit: Hit, text: str, place: str) -> SecretFact:
    secret = text[hit.start : hit.end]
    return SecretFact(hit.kind, visible(place), len(secret), fingerprint(secret))


def _replaced(text: str, found: Sequence[Hit]) -> str:
    if not found:
        return text
    parts: list[str] = []
    kept = 0
    for hit in found:
        parts += (text[kept : hit.start], mark_of(hit.kind, hit.end - hit.start))
        kept = hit.end
    return "".join((*parts, text[kept:]))


def _spellings(value: str) -> set[str]:
    from urllib.parse import quote

    escaped = json.dumps(value, ensure_ascii=False)[1:-1]
    return {escaped, json.dumps(value)[1:-1], json.dumps(escaped, ensure_ascii=False)[1:-1], quote(value, safe="")}
