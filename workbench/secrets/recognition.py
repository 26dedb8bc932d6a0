"""Find secrets in a value or a text. What is found is a place and a kind; the value itself goes nowhere."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache

from workbench.expressions import expression
from workbench.model.record import record
from workbench.secrets.benign import (
    UUID,
    defaults,
    entropy,
    is_name,
    is_placeholder,
    is_plain,
    is_reference,
    is_repetitive,
    is_sequence,
    is_version,
    random_length,
)
from workbench.secrets.kinds import compiled, kinds_in
from workbench.secrets.names import NameKind, kind_of_name, words

_SHORTEST_TOKEN = 16
_JUDGED = 512
_REMEMBERED = 4096
_SUSPECT_WORDS = ("key", "token", "secret", "pass", "pwd", "auth", "cred", "bearer", "dsn", "cookie")
# What images come with: no secret, and it may be somebody's password all the same.
_AS_SHIPPED = words("postgres mysql root admin redis guest minioadmin")
_DATABASES = words(
    "postgres postgresql mysql mariadb mongodb redis rediss amqp amqps mssql sqlserver clickhouse cockroachdb oracle"
    " neo4j bolt couchdb cassandra snowflake jdbc kafka nats db2"
)
_URL_PASSWORD = expression(
    r"(?<![A-Za-z0-9+.-])(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{1,40})://"
    r"(?P<user>[^\s:/@\"'<>]{0,256}):(?P<secret>[^\s/@\"'<>\\]{1,512})@"
)
_URL_USER = expression(r"://(?P<secret>[^\s:/@\"'<>\\]{16,512})(?::[^\s/@\"'<>\\]{0,512})?@")
# Where Sentry takes reports of errors: it lets anyone send some and read nothing, and web pages carry it.
_PUBLIC_DSN = expression(r"[0-9a-f]{32}@[\w.-]{1,255}(?::\d{1,5})?(?:/[\w-]{1,40}){0,2}/\d{1,20}(?![\w/.-])")
_AUTHORIZATION = expression(r"\b(?:Bearer|Basic)(?:\s+|%20)(?P<secret>[\w+/=.~-]{16,4096})", re.IGNORECASE)
_SCHEME = expression(r"(?:Bearer|Basic|Token|ApiKey|Key|SSWS)\s+", re.IGNORECASE)
_CONNECTION = expression(
    r"\b(?:server|host|hostaddr|data source|user id|uid|dbname|initial catalog)\s*=", re.IGNORECASE
)
_CONNECTION_PASSWORD = expression(r"\b(?:password|pwd)\s*=\s*(?P<secret>[^;\s\"'\\]{3,256})", re.IGNORECASE)
_VALUE = (
    r"(?:(?P<quote>\\?[\"'`])(?:(?:Bearer|Basic|Token|SSWS)\s+)?(?P<quoted>(?:(?!(?P=quote))[^\r\n]){1,4096})"
    r"|(?:(?:Bearer|Basic|Token|SSWS)\s+)?(?P<bare>[^\s\"'`,;&|<>()\[\]{}\\]{1,4096}))"
)
_ASSIGNMENT = expression(
    r"(?<!\w)(?<!\$\{)(?P<name>[A-Za-z_][\w.-]{1,80})(?:\\?[\"'`])?[ \t]{0,8}(?:=>|=|:(?!//)|%3[Dd])[ \t]{0,8}" + _VALUE
)
_FLAG = expression(r"(?<![\w-])--?(?P<name>[A-Za-z][\w-]{1,80})[ \t]+" + _VALUE)
# Two items of a JSON array: "--token", "value", maybe on two lines of a diff.
_FLAG_ITEMS = expression(
    r"(?P<quote>\\?[\"'])--?(?P<name>[A-Za-z][\w-]{1,80})(?P=quote)\s*,\s*[+-]?\s*(?P=quote)"
    r"(?P<quoted>(?:(?!(?P=quote))[^\r\n]){1,4096})(?P=quote)(?P<bare>)"
)
# What begins with {" in Base64. With a dot behind it is one part of a JSON Web Token.
_BASE64_JSON = expression(r"(?<![\w+/.-])eyJ[\w+/-]{20,16384}(?![\w.+/-])")
_STANDARD = str.maketrans("-_", "+/")
_PART = expression(r"[A-Za-z0-9]+")
_MIXED = expression(r"(?=.*[A-Za-z])(?=.*[^A-Za-z])")
_NUMBER = expression(r"[\d.,:_-]+[A-Za-z]{0,3}")
# Values that vendors print in their documentation.
_DOCUMENTED = expression(r"EXAMPLE(?:KEY)?\Z|eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9l")


POSSIBLE = "possible"
"""The kind of what stands where a secret would and is too short or too plain to be called one: hidden, not reported."""


@record
class Hit:
    """A secret in a text: offsets (end excluded) and its kind."""

    start: int
    end: int
    kind: str


def recognise(name: str, value: str) -> str | None:
    """The kind of secret that a value is or holds, or None.

    ``name`` is the variable, key or flag it belongs to ("" when there is none). Kinds are those of
    ``workbench.secrets.kinds`` and ``db-url``, ``url-password``, ``url-token``, ``authorization``,
    ``connection-string``, ``encoded``, ``password`` and ``generic``.
    """
    found = hits(name, value)
    return found[0].kind if found else None


def hits(name: str, text: str) -> list[Hit]:
    """Every secret in a text, in order and without overlap. The more specific kind wins."""
    return [hit for hit in to_hide(name, text) if hit.kind != POSSIBLE]


def to_hide(name: str, text: str) -> list[Hit]:
    """All that must not be shown of a text: its secrets, and what stands where one would (of the kind ``possible``)."""
    name_kind = kind_of_name(name) if name else ""
    if len(text) < _SHORTEST_TOKEN and not name_kind and "=" not in text and "://" not in text and " " not in text:
        return []
    return list(_hidden(name_kind, text) if len(text) <= _REMEMBERED else _hidden.__wrapped__(name_kind, text))


@lru_cache(maxsize=256)
def _hidden(name_kind: NameKind, text: str) -> tuple[Hit, ...]:
    # A text is shown in several facts, one right after the other: its command, its launch, what it may open.
    found: list[Hit] = []
    possible: list[Hit] = []
    for hit in _candidates(name_kind, text):
        if hit.kind == POSSIBLE:
            possible.append(hit)
        else:
            insert(found, hit)
    if not found and name_kind:
        found = _whole(name_kind, text)
    for hit in possible:
        insert(found, hit)
    return tuple(found)


def insert(found: list[Hit], hit: Hit) -> None:
    """Put a hit in its place, unless it overlaps one that is there. Earlier ones are more specific."""
    place = bisect_left(found, hit.start, key=lambda other: other.start)
    if place < len(found) and found[place].start < hit.end:
        return
    if place and found[place - 1].end > hit.start:
        return
    found.insert(place, hit)


def _candidates(name_kind: NameKind, text: str) -> Iterator[Hit]:
    yield from _named(text)
    if "eyJ" in text:
        yield from _encoded(text)
    if "://" in text and "@" in text:
        yield from _in_urls(text)
    lowered = text.lower()
    if any(map(lowered.__contains__, _SUSPECT_WORDS)):
        yield from _in_headers_and_connections(text)
        yield from _assigned(text)
    for inner, start, end in defaults(text):
        yield from _judged(kind_of_name(inner) or name_kind, text, start, end)


def _named(text: str) -> Iterator[Hit]:
    if len(text) < _SHORTEST_TOKEN:
        return
    for kind in kinds_in(text):
        form = compiled(kind.form)
        for match in form.finditer(text):
            start, end = match.span("secret") if "secret" in form.groupindex else match.span()
            if not kind.body or _is_token(text[start:end]):
                yield Hit(start, end, kind.name)


def _is_token(token: str) -> bool:
    """Whether the random part of a token is random: no placeholder, no filler, no phrase, no vendor's example."""
    longest = max(_PART.findall(token), key=len, default="")
    # Of a few random characters some are alike by chance; of many, hardly ever that many.
    filler = len(set(longest)) < (6 if len(longest) >= 16 else 4) or is_sequence(longest)
    phrase = token.count("-") + token.count("_") >= 4 and is_name(token)
    return not (filler or phrase or is_placeholder(token) or _DOCUMENTED.search(token))


def _encoded(text: str) -> Iterator[Hit]:
    """JSON in Base64, as some servers take their whole configuration, that holds a secret."""
    import base64

    for match in _BASE64_JSON.finditer(text):
        raw = match[0].translate(_STANDARD)
        try:
            inner = base64.b64decode(raw + "=" * (-len(raw) % 4)).decode()
        except ValueError:
            continue
        if hits("", inner):
            yield Hit(*match.span(), "encoded")


def _in_urls(text: str) -> Iterator[Hit]:
    from urllib.parse import unquote

    for match in _URL_PASSWORD.finditer(text):
        password = unquote(match["secret"])
        if is_reference(password) or "${" in password or (len(password) > 2 and is_placeholder(password)):
            continue
        if not password.strip("*."):
            continue
        scheme = match["scheme"].lower().partition("+")[0]
        kind = "db-url" if scheme in _DATABASES else "url-password"
        # ``postgres:postgres`` is what the image comes with.
        as_shipped = len(password) > 2 and password == match["user"] and is_name(password)
        yield Hit(*match.span("secret"), POSSIBLE if as_shipped else kind)
    for match in _URL_USER.finditer(text):
        if not _PUBLIC_DSN.match(text, match.start("secret")) and _judge("secret", unquote(match["secret"])):
            yield Hit(*match.span("secret"), "url-token")


def _in_headers_and_connections(text: str) -> Iterator[Hit]:
    for match in _AUTHORIZATION.finditer(text):
        if _judge("secret", match["secret"]):
            yield Hit(*match.span("secret"), "authorization")
    if _CONNECTION.search(text):
        for match in _CONNECTION_PASSWORD.finditer(text):
            if not is_reference(match["secret"]) and not is_placeholder(match["secret"]):
                yield Hit(*match.span("secret"), "connection-string")


def _assigned(text: str) -> Iterator[Hit]:
    """``KEY=value``, ``"key": "value"``, ``--flag value`` and the like with a name that speaks of a secret."""
    for form in (_ASSIGNMENT, _FLAG, _FLAG_ITEMS):
        at = 0
        while (match := form.search(text, at)) is not None:
            name_kind = kind_of_name(match["name"])
            # A name that says nothing may be followed by one that does: ``headers: Authorization: …``.
            at = match.end() if name_kind else match.end("name")
            if name_kind:
                yield from _judged(name_kind, text, *match.span("quoted" if match["quoted"] is not None else "bare"))


def _judged(name_kind: NameKind, text: str, start: int, end: int) -> Iterator[Hit]:
    value = text[start : min(end, start + _JUDGED)]
    kind = _weigh(name_kind, value)
    if kind:
        yield Hit(start, end, kind)


def _whole(name_kind: NameKind, text: str) -> list[Hit]:
    start, end = 0, len(text)
    while start < end and text[start] in " \t\r\n\"'`\\":
        start += 1
    while end > start and text[end - 1] in " \t\r\n\"'`\\":
        end -= 1
    scheme = _SCHEME.match(text, start, end)
    if scheme:
        start = scheme.end()
    return list(_judged(name_kind, text, start, end))


def _judge(name_kind: NameKind, value: str) -> str | None:
    """Whether a value under a name that speaks of a secret surely is one."""
    kind = _weigh(name_kind, value)
    return None if kind == POSSIBLE else kind


def _weigh(name_kind: NameKind, value: str) -> str | None:
    """What a value under such a name is, by length, randomness and what it is not. None: fit to be shown."""
    if not name_kind or len(value) < 4:
        return None
    if name_kind == "password" and value in _AS_SHIPPED:
        return POSSIBLE
    if _is_harmless(value):
        return None
    if name_kind == "password":
        # A short one may as well be a word or a number of another meaning.
        long = len(value) >= 8 or (len(value) >= 5 and _MIXED.search(value))
        return "password" if long and not is_repetitive(value) else POSSIBLE
    if len(value) < 8 or is_repetitive(value):
        return None
    if UUID.match(value):
        return "generic"
    if is_name(value) or is_version(value) or re.search(r"\s", value) or _NUMBER.fullmatch(value):
        return None
    if len(value) < _SHORTEST_TOKEN or random_length(value) < 10:
        return POSSIBLE
    return "generic" if entropy(value) >= _threshold(value) else POSSIBLE


def _is_harmless(value: str) -> bool:
    return is_reference(value) or is_plain(value) or is_placeholder(value) or bool(_DOCUMENTED.search(value))


def _threshold(value: str) -> float:
    """Bits a character that a random value of this alphabet and length hardly ever falls below."""
    if re.fullmatch(r"[0-9a-fA-F-]+", value):
        return 2.9
    return 3.5 if len(value) >= 24 else 3.2
