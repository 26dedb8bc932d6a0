"""What the checks of code have in common: one verdict for each function, and where in the file it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from workbench.model.code import Site, UnixListener
from workbench.model.finding import Evidence, Finding, Location, NotApplicable, NotAssessed, Passed, Subject, Verdict
from workbench.model.record import record
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.subjects import inventory_subject


class Observed(Protocol):
    """Something that was seen in code."""

    @property
    def site(self) -> Site:
        """Where."""


UNSEEN_SOCKET = "start the server and look again: then its socket itself is judged"
"""What unlocks the judgement of a socket of which the code does not say enough."""

_SHARED = ("/tmp/", "/var/tmp/", "/dev/shm/")  # noqa: S108 - it is these that are looked for
_KEPT = ("umask", "private folder", "chmod before")
_MOST_EVIDENCE = 8
_PROGRAMS = (".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts")
_Seen = TypeVar("_Seen", bound=Observed)


@record
class Flawed:
    """What is wrong with one observation. Not ``shown``: its line would show a secret."""

    severity: Severity
    summary: str
    expected: str
    actual: str
    shown: bool = True


def judge_code(
    snapshot: Snapshot, seen: Iterable[_Seen], judge: Callable[[_Seen], Flawed | Passed | NotAssessed | None], what: str
) -> Iterator[Verdict]:
    """One verdict for each function in which something of the kind was seen.

    ``judge`` gives NotAssessed (``unjudged``) for what it cannot tell, None for what is none of its business. ``what``
    completes "no code of a server here …".
    """
    by_function: dict[tuple[str, str], list[_Seen]] = {}
    for each in seen:
        by_function.setdefault((each.site.path, each.site.inside), []).append(each)
    said = False
    for places in by_function.values():
        verdict = _verdict(snapshot, places, judge)
        if verdict is not None:
            said = True
            yield verdict
    if not said:
        yield NotApplicable(
            f"no code of a server here {what}, as far as it was read"
            if snapshot.code.roots
            else "no server has its code on this host, in Python, JavaScript or TypeScript"
        )


def code_subject(site: Site) -> Subject:
    """A function in a file, by both their names: lines move with every edit."""
    name = "/".join(site.path.split("/")[-2:])
    return Subject("code", f"{site.path}#{site.inside}", f"{name}: {site.inside}()" if site.inside else name)


def unjudged(site: Site, what: str, why: str, unlock: str = "") -> NotAssessed:
    """What a check could not tell of one place. ``what`` comes before its name: ``what keeps the path``."""
    return NotAssessed(f"{what} in {code_subject(site).label}", why, unlock or f"read line {site.line} of {site.path}")


def is_kept_to_one(listener: UnixListener) -> bool:
    """Whether the code itself keeps other accounts from connecting."""
    return listener.restriction in _KEPT or listener.address.startswith("/run/user/")


def guessable_name(listener: UnixListener) -> str:
    """The path of a socket that any account can take before the server does, as it is known; "" for any other."""
    if listener.kind not in ("fixed", "partly fixed") or not listener.address.startswith(_SHARED):
        return ""
    return listener.address + ("" if listener.kind == "fixed" else "…")


def line_command(site: Site, line: int | None = None) -> tuple[str, ...]:
    """A command that shows one line again; none where the path is not shown as it is."""
    if "\\" in site.path or "<secret: " in site.path or not site.path.startswith("/"):
        return ()
    return ("sed", "-n", f"{line or site.line}p", "--", site.path)


def servers_of(snapshot: Snapshot, path: str) -> tuple[Subject, ...]:
    """The servers that run the code at a path."""
    keys = {
        key
        for root in snapshot.code.roots
        for key in root.servers
        if path == root.path or _plain(path).startswith(_folder(_plain(root.path)))
    }
    return tuple(inventory_subject(server) for server in snapshot.servers.servers if server.key in keys)


def places(snapshot: Snapshot) -> set[str]:
    """Where a change alters what is said of code: the places that were read, and each file that was remarked on."""
    observed = snapshot.code.observed
    every = (
        observed.handlers,
        observed.sends,
        observed.listeners,
        observed.paths,
        observed.commands,
        observed.unpicklings,
    )
    return {root.path for root in snapshot.code.roots} | {each.site.path for kind in every for each in kind}


def _folder(path: str) -> str:
    """The folder that a root stands for: of installed Python and of a program the one that it lies in."""
    within = path.endswith((".dist-info", *_PROGRAMS))
    return f"{path.rpartition('/')[0]}/" if within else f"{path.rstrip('/')}/"


def _plain(path: str) -> str:
    return path.replace("\\", "/")


def _verdict(
    snapshot: Snapshot, places: list[_Seen], judge: Callable[[_Seen], Flawed | Passed | NotAssessed | None]
) -> Verdict | None:
    judged = [(each.site, judge(each)) for each in places]
    flawed = [(site, verdict) for site, verdict in judged if isinstance(verdict, Flawed)]
    if not flawed:
        # What could not be told of one place is not made good by another place that is in order.
        unknown = next((verdict for _, verdict in judged if isinstance(verdict, NotAssessed)), None)
        passed = any(isinstance(verdict, Passed) for _, verdict in judged)
        return unknown or (Passed(code_subject(places[0].site)) if passed else None)
    worst_site, worst = max(flawed, key=lambda each: each[1].severity.rank)
    evidence = dict.fromkeys(
        Evidence(each.expected, f"line {site.line}: {each.actual}", line_command(site) if each.shown else ())
        for site, each in flawed
    )
    return Finding(
        subject=code_subject(worst_site),
        severity=worst.severity,
        summary=worst.summary,
        evidence=tuple(evidence)[:_MOST_EVIDENCE],
        location=Location(worst_site.path, worst_site.line, worst_site.column),
        also=servers_of(snapshot, worst_site.path),
    )
