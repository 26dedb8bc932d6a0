"""A server has a version with a publicly known flaw, or is a known malicious package.

What it looks at
----------------
The package or the container image of every server of the inventory, and which version of it decides: the one that
runs; else the exact version that the config or the unit names; else the copy in the launcher's cache that would start
next. It is compared with the list that is shipped with the workbench (``workbench/knowledge/vulnerabilities.yaml``,
knowledge of 2026-11-26; every finding says the date). Nothing is asked over the network. A flaw that matters only in a
situation, such as a server that listens on a port, is a finding where that situation is there, or where it could not be
told; then the finding says "only if". A package that is not on the list is not judged here, and that says nothing good
about it. Versions of different schemes (``0.6.2``, ``2025.7.1``) are not compared with each other: what cannot be
placed is "not assessed".

Why it matters
--------------
An MCP server is driven by a model, and the model by whatever text it reads. A flaw that lets a tool's argument leave
the allowed folder, or reach a shell, is therefore within reach of a web page, an issue or a mail. These flaws are
public, with the steps to use them. A malicious package has done its work already when it was first started.

How an attacker uses it
-----------------------
The attacker writes a sentence where the agent will read it: "save the log to ../notes". With a filesystem server
before 2025.7.1 a folder whose name begins like the allowed one counted as allowed (CVE-2025-53110), and a link led
anywhere (CVE-2025-53109). With ``mcp-remote`` before 0.1.16 the remote server itself answers with an address that is
run as a command (CVE-2025-6514). ``postmark-mcp`` from 1.0.16 on copied every mail to its author.

How to fix it by hand
---------------------
Write the fixed version that the finding names into the config, and restart the client::

    "args": ["-y", "mcp-remote@0.1.16", "…"]
    "args": ["mcp-server-git@2026.11.18"]            # uvx

A copy in a cache goes with ``npx clear-npx-cache`` or ``uv cache clean NAME``. Where no fixed version exists, replace
the server by one that is maintained. Where the package is malicious, remove the server, then change every password and
key that it could read: it ran as you. The list grows old with the workbench; ``npm audit`` and ``pip-audit`` ask a list
of today.

References
----------
* Each finding names its own source: the CVE record, the vendor's advisory or the report of the incident
* CWE-1395: Dependency on Vulnerable Third-Party Component
* CWE-506: Embedded Malicious Code
* OWASP MCP Top 10: MCP04, Software Supply Chain Attacks and Dependency Tampering
"""

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.api import (
    Evidence,
    Finding,
    Flaw,
    Location,
    NotApplicable,
    NotAssessed,
    PackageUse,
    Passed,
    Server,
    Severity,
    Snapshot,
    Verdict,
    best_version,
    check,
    flaw_applies,
    inventory_subject,
    knowledge_date,
    known_flaws,
    package_uses,
    packages_of,
)


@dataclass(frozen=True, slots=True)
class _Case:
    server: Server
    use: PackageUse
    found: tuple[tuple[Flaw, bool], ...]
    """The flaws that are in this version, worst first, each with whether its situation is certain."""


@check(
    title="A server has a version with a publicly known flaw",
    severities=(Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM),
    needs=("servers:content", "clients:content"),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One finding for each version with known flaws, one other verdict for each server with a package on the list."""
    here = [server for server in snapshot.servers.servers if server.presence not in ("switched off", "remote")]
    pairs = [(server, use) for server in here for use in package_uses(server, snapshot)]
    known = known_flaws({use.package for _, use in pairs})
    cases: dict[tuple[str, ...], list[_Case]] = {}
    seen = False
    for server, use in pairs:
        flaws = known.get(use.package)
        if flaws is None:
            continue
        seen = True
        # Where its situation is certainly not there, a flaw is none, whatever the version.
        possible = {flaw: flaw_applies(flaw, server, snapshot) for flaw in flaws}
        possible = {flaw: situation for flaw, situation in possible.items() if situation is not False}
        case = _Case(server, use, _found(possible, use))
        if case.found:
            cause = (*use.package, use.version, use.told_by, *(f"{flaw.id} {sure}" for flaw, sure in case.found))
            cases.setdefault(cause, []).append(case)
        else:
            yield _without_finding(possible, flaws, server, use)
    for group in cases.values():
        yield _finding(sorted(group, key=lambda case: case.server.key), known, snapshot)
    if not seen:
        yield NotApplicable(f"no server uses a package that the list of {knowledge_date()} knows")


def _found(possible: dict[Flaw, bool | None], use: PackageUse) -> tuple[tuple[Flaw, bool], ...]:
    matching = [
        (flaw, situation is True)
        for flaw, situation in possible.items()
        if flaw.judge(use.ecosystem, use.version) == "affected"
    ]
    return tuple(sorted(matching, key=lambda each: (not each[0].malicious, -each[0].severity.rank, each[0].id)))


def _without_finding(
    possible: dict[Flaw, bool | None], flaws: tuple[Flaw, ...], server: Server, use: PackageUse
) -> Verdict:
    subject = inventory_subject(server)
    if possible and not use.version:
        what = "malicious versions" if any(flaw.malicious for flaw in possible) else "known flaws"
        return NotAssessed(
            subject.label,
            f"{use.name} has {what}, and its version is not known: {use.doubt}",
            "name an exact version, or start the server and look again",
        )
    unclear = [flaw.id for flaw in possible if flaw.judge(use.ecosystem, use.version) == "unknown"]
    if unclear:
        better = best_version(use.ecosystem, flaws)
        return NotAssessed(
            subject.label,
            f"{use.name} {use.version} cannot be placed among the versions that have {_listed(unclear)}",
            f"use the version {better} or later" if better else "",
        )
    return Passed(subject)


def _finding(group: list[_Case], known: dict[tuple[str, str], tuple[Flaw, ...]], snapshot: Snapshot) -> Finding:
    first, use = group[0], group[0].use
    subjects = tuple(dict.fromkeys(inventory_subject(case.server) for case in group))
    location, pinned_at = _location(first, snapshot)
    better = best_version(use.ecosystem, known[use.package])
    command = _command(use, first.server, pinned_at)
    return Finding(
        subject=subjects[0],
        severity=max((flaw.severity for flaw, _ in first.found), key=lambda severity: severity.rank),
        summary=_summary(first),
        evidence=tuple(
            Evidence(
                expected=_expected(flaw, use, better),
                actual=f"{_named(use)}{_how(use).rstrip(',')}: {flaw.id} ({flaw.rated}), {flaw.what}"
                + _only_if(flaw, sure),
                command=command,
            )
            for flaw, sure in first.found
        ),
        location=location,
        also=subjects[1:],
        detail=f"{use.ecosystem} {use.name}: {' '.join(sorted(flaw.id for flaw, _ in first.found))}",
    )


def _summary(case: _Case) -> str:
    worst, sure = case.found[0]
    more = len(case.found) - 1
    also = f", and {more} more known flaw{'s' if more > 1 else ''}" if more else ""
    if worst.malicious:
        return f"{_named(case.use)}{_how(case.use)} is known to be malicious ({worst.id}): {worst.what}{also}"
    return f"{_named(case.use)}{_how(case.use)} has {worst.id}: {worst.what}{_only_if(worst, sure)}{also}"


def _named(use: PackageUse) -> str:
    separator = ":" if use.ecosystem == "image" else " "
    return f"{use.name}{separator}{use.version}" if use.version else use.name


def _how(use: PackageUse) -> str:
    if use.told_by == "running":
        return ", which runs now,"
    if use.told_by == "copy":
        return f", the copy in the {use.kind} that would start," if use.kind else ", the copy here that would start,"
    return ""


def _only_if(flaw: Flaw, sure: bool) -> str:
    return "" if sure or not flaw.only_if else f" (only if {flaw.only_if})"


def _expected(flaw: Flaw, use: PackageUse, better: str) -> str:
    told = f"knowledge of {knowledge_date()}, {flaw.sources[0]}"
    if flaw.malicious:
        return f"another server in its place ({told})"
    if better:
        return f"{use.name} {better} or later ({told})"
    return f"a maintained server in its place: no version is known to mend it ({told})"


def _listed(ids: list[str]) -> str:
    return ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")


def _location(case: _Case, snapshot: Snapshot) -> tuple[Location | None, str]:
    """Where the config names it, and the text to search for there."""
    reference = case.server.entry
    launch = case.server.launch
    specs = packages_of(launch) if case.use.ecosystem != "image" else ()
    spec = next((each for each in specs if each.name == case.use.name), specs[0] if specs else None)
    image = launch.image if launch is not None and case.use.ecosystem == "image" else None
    text, place = (spec.text, spec.argument) if spec else (image.text, image.argument) if image else ("", None)
    if "<secret: " in text:
        text = case.use.name
    if reference is None:
        return None, text
    for config in snapshot.clients.configs:
        for entry in config.servers:
            if (config.path.asked, entry.pointer) == (reference.path, reference.pointer):
                known = place is not None and place < len(entry.argument_pointers) and entry.argument_pointers[place]
                return Location(config.path.asked, entry.line, pointer=known or entry.pointer), text
    return Location(reference.path, pointer=reference.pointer), text


def _command(use: PackageUse, server: Server, text: str) -> tuple[str, ...]:
    # -o prints nothing else of the line, which may hold a secret.
    if use.place and use.ecosystem == "npm":
        return ("grep", "-n", "-o", '"version": *"[^"]*"', "--", f"{use.place}/package.json")
    if use.place and use.ecosystem == "pypi":
        return ("grep", "-n", "-o", "^Version: .*", "--", f"{use.place}/METADATA")
    if server.entry is not None:
        return ("grep", "-n", "-o", "-F", "-e", text or use.name, "--", server.entry.path)
    return ()
