"""What servers can do by design: from a table of well-known ones, else from telling words and options."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.expressions import expression
from workbench.launch.known_servers import KNOWN, plain_name
from workbench.launch.roots import telling_part
from workbench.launch.words import Word, basename
from workbench.model.launch import Ability, AbilityKind

_WORDS: dict[str, tuple[AbilityKind, ...]] = {
    **dict.fromkeys(
        ("shell", "exec", "terminal", "bash", "zsh", "powershell", "pwsh", "commands", "ssh"),
        ("commands",),
    ),
    **dict.fromkeys(("filesystem", "fs", "file", "files"), ("files",)),
    **dict.fromkeys(
        ("fetch", "search", "websearch", "http", "https", "curl", "crawl", "crawler", "scrape", "scraper"), ("network",)
    ),
    **dict.fromkeys(("browser", "playwright", "puppeteer", "selenium", "chrome", "chromium"), ("browser", "network")),
    **dict.fromkeys(
        (
            *("database", "sql", "sqlite", "sqlite3", "postgres", "postgresql", "mysql", "mariadb", "mssql", "mongo"),
            *("mongodb", "redis", "duckdb", "clickhouse", "snowflake", "bigquery", "neo4j", "cassandra", "dynamodb"),
        ),
        ("database",),
    ),
}
# What is searched or sent there is something near: ``code-search``, ``http`` as the transport of a server.
_NEAR = frozenset((
    "code", "file", "files", "docs", "doc", "local", "vector", "semantic", "memory", "log", "logs", "notes",
    "transport", "proxy", "bridge", "gateway", "streamable", "sse", "stdio",
))  # fmt: skip
_ABOUT_NETWORK = frozenset(("search", "http", "https"))
# With nothing else in its name, ``http`` is how a server is spoken to.
_SAYS_NOTHING = frozenset(("mcp", "server", "http", "https", "js", "py", "ts", "go", "node", "python"))
_WORD = expression(r"[a-z0-9]+")
_EXTENSION = expression(r"\.(?:[cm]?[jt]sx?|py|sh|exe|jar|rb|php)\Z", re.IGNORECASE)
_DATABASE = expression(
    r"(?:--?[\w-]{1,64}=)?(?:jdbc:)?(?:postgres(?:ql)?|mysqlx?|mariadb|mongodb(?:\+srv)?|rediss?|mssql|sqlserver|sqlite"
    r"|duckdb|clickhouse|snowflake|oracle|cockroachdb|neo4j(?:\+s)?|bolt|libsql)(?:\+\w{1,32})?://",
    re.IGNORECASE,
)
_NEARBY = expression(r"https?://(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?:[:/]|\Z)", re.IGNORECASE)
# Agents that are a server only when they are told to be one, and then have all of their own tools to give.
_AGENTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "claude": (("mcp", "serve"),),
    "@anthropic-ai/claude-code": (("mcp", "serve"),),
    "codex": (("mcp-server",), ("mcp", "serve")),
    "@openai/codex": (("mcp-server",), ("mcp", "serve")),
}
_OF_AN_AGENT: tuple[AbilityKind, ...] = ("commands", "files")
_LONGEST_NAME = 512


def abilities_of(
    names: Sequence[Word], arguments: Sequence[Word], given: Sequence[Ability] = (), remote: Word | None = None
) -> tuple[Ability, ...]:
    """The abilities of a server, one of a kind. ``names`` are what it goes by, ``given`` what its launcher lets it do.

    A server that the table knows has what the table says and what its launcher and its arguments add to that; one that
    the table knows to have none has none. Of one that it does not know telling words are taken, and marked as such.
    """
    found: dict[AbilityKind, Ability] = {}
    known = False
    for name in names:
        for key in _keys(name.text):
            entry = KNOWN.get(key)
            if entry is not None:
                known = True
                known_as, kinds, does = entry
                for kind in kinds:
                    found.setdefault(kind, Ability(kind, f"{known_as} {does}", name.index))
        if _is_told_to_serve(name, arguments):
            known = True
            why = f"{basename(name.text)} gives its own tools: it runs commands and changes files"
            for kind in _OF_AN_AGENT:
                found.setdefault(kind, Ability(kind, why, name.index))
    if known and not found:
        return ()
    if not known:
        for name in names:
            _guess(name, found)
    for ability in given:
        found.setdefault(ability.kind, ability)
    if "database" not in found:
        for word in arguments:
            if "://" in word.text and _DATABASE.match(word.text):
                found["database"] = Ability("database", "it is given the address of a database", word.index)
                break
    if remote is not None and "network" not in found and not _NEARBY.match(remote.text):
        why = "it passes what it is sent on to a server elsewhere"
        found["network"] = Ability("network", why, remote.index)
    return tuple(found.values())


def _keys(text: str) -> tuple[str, ...]:
    """The forms of a name that the table may have it under."""
    if len(text) > _LONGEST_NAME:
        text = text[-_LONGEST_NAME:]
    if "/" not in text and "\\" not in text:
        return (plain_name(_EXTENSION.sub("", text).partition(":")[0]),)
    path = text.replace("\\", "/")
    if path.startswith("@"):
        return (plain_name(path),)
    keys = []
    _, installed, after = path.rpartition("/node_modules/")
    if installed and not after.startswith("."):
        parts = after.split("/")
        keys.append(plain_name("/".join(parts[:2]) if after.startswith("@") else parts[0]))
    # An image, its tag and digest off.
    image = path.removeprefix("docker://").removeprefix("docker.io/").partition("@")[0]
    folder, _, last = image.rpartition("/")
    keys.append(plain_name(f"{folder}/{last.partition(':')[0]}"))
    keys.append(plain_name(_EXTENSION.sub("", telling_part(path))))
    return tuple(keys)


def _is_told_to_serve(name: Word, arguments: Sequence[Word]) -> bool:
    forms = _AGENTS.get(name.text) or _AGENTS.get(basename(name.text), ())
    return any(tuple(word.text for word in arguments[: len(form)]) == form for form in forms)


def _guess(name: Word, found: dict[AbilityKind, Ability]) -> None:
    """Abilities by the words that a name is made of, whole ones only: ``shellfish`` is no shell."""
    # Of a path it is the last part that tells, of a package's name what follows its scope. Versions tell nothing.
    folder, slash, last = name.text[-_LONGEST_NAME:].replace("\\", "/").rpartition("/")
    part = telling_part(f"{folder}{slash}{last.partition('@')[0].partition(':')[0]}")
    words = _WORD.findall(_EXTENSION.sub("", part).lower())
    if len(words) < 2 and not slash:
        # One word alone is the name of a tool, not of a server of it: ``ssh``, ``bash``.
        return
    for word in words:
        if word in _ABOUT_NETWORK and (not _NEAR.isdisjoint(words) or _SAYS_NOTHING.issuperset(words)):
            continue
        for kind in _WORDS.get(word, ()):
            why = f"only its name tells, which has the word {word} in it"
            found.setdefault(kind, Ability(kind, why, name.index))
