"""A server is fetched from a package registry without an exact version.

What it looks at
----------------
Every enabled server whose command ends in a package runner (``npx``, ``bunx``, ``pnpm dlx``, ``uvx``, ``uv tool run``,
``pipx run``, ``deno run npm:…``), also inside ``sudo``, ``env``, ``sh -c`` or ``cmd /c``, and what is fetched besides
(``uvx --with``, the command that a bridge is given). A package passes with an exact version (``name@1.2.3``,
``name==1.2.3``). A tag (``@latest``), a range (``^1.2``, ``>=1``) and no version at all are findings, and so is a
source that moves, such as a git branch or tag; a full commit passes. A folder or file of this machine is not fetched
and not judged here, nor is a server that is switched off.

Why it matters
--------------
Without an exact version the registry decides, at each start, which code runs as you. Of the published configurations
that use a runner nearly all do this. You reviewed one version, if any; what runs tomorrow is whatever its owner, or
whoever took over the owner's account, published last.

How an attacker uses it
-----------------------
A stolen maintainer token is enough: a new patch release of a popular server carries the payload, and within a day it
runs on every machine that says ``npx -y name``. This happened to ``postmark-mcp`` in 2025 (mail copied to the attacker
from version 1.0.16 on) and to many packages in the registry-wide worms of the same year.

How to fix it by hand
---------------------
Find the version that you use now and write it into the argument::

    grep '"version"' ~/.npm/_npx/*/node_modules/NAME/package.json      # npx
    ls -d "$(uv cache dir)"/archive-v0/*/lib/python*/site-packages/NAME-*.dist-info      # uvx; NAME with _ for -

    "args": ["-y", "@modelcontextprotocol/server-memory@2026.7.4", "…"]
    "args": ["mcp-server-git@2026.11.18"]            # uvx
    "args": ["--from", "mcp-server-git==2026.11.18", "mcp-server-git"]

Look whether that version has a known flaw before you settle on it (``clients/known-vulnerable`` does, once it is
written there). An exact version does not fix the versions of its dependencies; a lock file or a container image with a
digest does. Updates no longer come by themselves: look for them now and then.

References
----------
* npm documentation: package.json, dependencies; npm-exec(1)
* uv documentation: Using tools, requesting specific versions
* CWE-1357: Reliance on Insufficiently Trustworthy Component
* CWE-494: Download of Code Without Integrity Check
* OWASP MCP Top 10: MCP04, Software Supply Chain Attacks and Dependency Tampering
"""

import re
from collections.abc import Iterator

from workbench.api import (
    ClientConfig,
    Evidence,
    Finding,
    Location,
    NotApplicable,
    NotAssessed,
    PackageSpec,
    Passed,
    ServerEntry,
    Severity,
    Snapshot,
    Verdict,
    check,
    server_subject,
)

_LOCAL = re.compile(r"(?:\.{1,2}(?:[/\\]|\Z)|/|~|file:|link:|[A-Za-z]:[\\/])")
_COMMIT = re.compile(r"[@#][0-9a-f]{40}(?=[#&?]|\Z)")


@check(
    title="A server is fetched from a package registry without an exact version",
    severities=(Severity.MEDIUM,),
    needs=("clients:content",),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each enabled server that a package runner starts."""
    seen = False
    for config in snapshot.clients.configs:
        for entry in config.servers:
            if entry.launch is None or entry.disabled:
                continue
            named = [entry.launch.package] if entry.launch.package is not None else []
            fetched = [each for each in (*named, *entry.launch.inner) if not _is_here(each)]
            if fetched:
                seen = True
                loose = [each for each in fetched if not _is_exact(each)]
                # The second and further ones are told apart by their names: each is mended by itself.
                yield from (_finding(config, entry, each, "" if each in named else each.name) for each in loose)
                if not loose:
                    yield Passed(server_subject(config, entry))
            elif not named and not entry.launch.understood:
                seen = True
                yield NotAssessed(server_subject(config, entry).label, "an option of its launcher is not known")
    if not seen:
        yield NotApplicable("no enabled server is fetched by a package runner")


def _is_here(package: PackageSpec) -> bool:
    """Whether it is a folder or file of this machine, of which nothing is fetched."""
    return package.pin == "source" and bool(_LOCAL.match(package.text))


def _is_exact(package: PackageSpec) -> bool:
    return package.pin == "exact" or (package.pin == "source" and bool(_COMMIT.search(package.text)))


def _finding(config: ClientConfig, entry: ServerEntry, package: PackageSpec, detail: str) -> Finding:
    place = package.argument
    known = place is not None and place < len(entry.argument_pointers) and entry.argument_pointers[place]
    return Finding(
        subject=server_subject(config, entry),
        severity=Severity.MEDIUM,
        summary=f"{package.runner} runs {_how(package)}, at each start",
        evidence=(
            Evidence(
                expected="a package with an exact version",
                actual=f"{package.runner} … {package.text}",
                # -o prints nothing else of the line, which may hold a secret.
                command=("grep", "-n", "-o", "-F", "-e", _searched(package), "--", config.path.asked),
            ),
        ),
        location=Location(config.path.asked, entry.line, pointer=known or entry.pointer),
        detail=detail,
    )


def _searched(package: PackageSpec) -> str:
    return package.name if "<secret: " in package.text else package.text


def _how(package: PackageSpec) -> str:
    if package.pin == "tag":
        return f"whatever carries the tag {package.version} of {package.name}"
    if package.pin == "range":
        return f"the newest {package.name} in the range {package.version}"
    if package.pin == "source":
        return f"{package.name} from a source that can change"
    return f"the newest {package.name}"
