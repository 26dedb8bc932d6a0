"""Read Python: what it does with sockets, with messages of other processes, with the arguments of tools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from workbench.host.code.languages import Analysis
from workbench.host.code.python_files import Package, beside
from workbench.host.code.python_listeners import listeners_of
from workbench.host.code.python_messages import handlers_of, may_receive, runs_of, sends_of
from workbench.host.code.python_module import Module, parsed
from workbench.host.code.python_tools import hidden, lost_by
from workbench.host.code.python_tools import runs_of as tool_runs_of
from workbench.model.code import MessageHandler, Observations, Site
from workbench.model.facts import Unread

_Seen = TypeVar("_Seen")
_MOST_OF_A_KIND = 200


def missing() -> Unread | None:
    """Nothing: Python reads itself."""
    return None


def analyse(path: str, content: bytes) -> Analysis:
    """What one file of Python gives, followed into the other files of its package."""
    package, looked = Package({}), Package({})
    try:
        module = parsed(path, content)
        # Looked at for itself: what is asked here is not what is followed, and takes nothing of its measure.
        module.beside = beside(path, looked)
        receives = may_receive(module) or looked.cut
        module.beside = beside(path, package)
        observed, lost = _observed(module, receives=receives)
    except (SyntaxError, ValueError):
        return Analysis(gaps=(Unread("python", path, "it is no Python that this version understands"),))
    except (RecursionError, MemoryError):
        return Analysis(gaps=(Unread("python", path, "its code is nested too deeply to be followed"),))
    gaps: tuple[Unread, ...] = ()
    kinds = {kind: getattr(observed, kind) for kind in Observations.__dataclass_fields__}
    if any(len(each) > _MOST_OF_A_KIND for each in kinds.values()):
        observed = Observations(**{kind: each[:_MOST_OF_A_KIND] for kind, each in kinds.items()})
        gaps = (Unread("python", path, f"there is more in it than is told: of each kind the first {_MOST_OF_A_KIND}"),)
    if package.cut or any(each is not None and each.left < 0 for each in (module, *package.read.values())):
        gaps += (Unread("python", path, "it has more to follow than there is time for: it was read in part"),)
    elif lost:
        # What was read in part is told already.
        gaps += (_lost(path, lost),)
    return Analysis(observed, gaps, tuple({**package.read, **looked.read}))


def _lost(path: str, sites: list[Site]) -> Unread:
    """What is said of arguments that go on where they are not followed: the first place, and how many more."""
    place = sites[0].path if sites[0].path != path else "it"
    more = f", and in {len(sites) - 1} more places" if len(sites) > 2 else ", and in 1 more" if len(sites) == 2 else ""
    what = f"an argument of its tools goes on in line {sites[0].line} of {place}{more}, where it is not followed"
    return Unread("tools", path, what, f"read line {sites[0].line} of {sites[0].path}")


def _observed(module: Module, *, receives: bool) -> tuple[Observations, list[Site]]:
    """What was seen, and where arguments of tools were lost. ``receives`` where it may come upon messages."""
    tools = list(tool_runs_of(module))
    own = list(runs_of(module)) if receives else []
    lost = dict.fromkeys((*hidden(module), *(site for run in tools for site in lost_by(run))))
    observed = Observations(
        handlers=_each_once(handler for run in own for handler in handlers_of(run)),
        sends=_once(sends_of(module)),
        listeners=_once(listeners_of(module)),
        paths=_once(use for run in tools for use in run.paths),
        commands=_once(use for run in tools for use in run.commands),
        unpicklings=_once(use for run in own for use in run.unpicklings),
    )
    return observed, list(lost)


def _once(found: Iterable[_Seen]) -> tuple[_Seen, ...]:
    return tuple(dict.fromkeys(found))


def _each_once(found: Iterable[MessageHandler]) -> tuple[MessageHandler, ...]:
    """A place that is followed from several functions, as the one that tells most of it."""
    by_site: dict[Site, MessageHandler] = {}
    for each in found:
        known = by_site.get(each.site)
        if known is None or _told(each) > _told(known):
            by_site[each.site] = each
    return tuple(by_site.values())


def _told(handler: MessageHandler) -> tuple[int, bool, bool]:
    return len(handler.acts), bool(handler.dispatch), bool(handler.validator)
