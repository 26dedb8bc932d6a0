"""The containers that run MCP servers, asked of every engine whose socket is on this host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from workbench.host.containers.engines import FACET, find
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.model.containers import ContainerFact, ContainerFacts
from workbench.model.facts import SectionState, Unread
from workbench.text import visible


def gather(context: Context) -> ContainerFacts:
    """The containers of every engine that answers which run an MCP server, running or stopped."""
    if context.platform == "win32":
        why = "container engines are looked for on Linux and macOS only"
        return ContainerFacts(SectionState("failed", why, "run the workbench inside of WSL as well"))
    places, unread = find(context)
    if not places and not unread:
        return ContainerFacts(SectionState("not applicable", "no container engine is here: there is no socket of one"))
    # Most hosts have no engine, and then none of this is needed.
    from workbench.host.containers.looking import Told, ask_all

    told: list[Told] = []
    for place, answer in zip(places, ask_all(places, context), strict=True):
        if isinstance(answer, CannotLook):
            what = f"the container engine at {visible(place.path)}"
            unread.append(Unread(FACET, what, answer.why, answer.unlock))
        else:
            told.append(answer)
            unread += answer.unread
    if not told:
        first = unread[0]
        return ContainerFacts(SectionState("failed", f"{first.what}: {first.why}", first.unlock, unread=tuple(unread)))
    containers = sorted(
        (container for each in told for container in each.containers),
        key=lambda container: (container.created, container.id),
    )
    unread += _not_there(context.named_containers, containers)
    state = SectionState("partial", unread=tuple(unread)) if unread else SectionState("complete")
    return ContainerFacts(state, tuple(containers), tuple(each.fact for each in told), sum(each.seen for each in told))


def _not_there(names: Iterable[str], containers: Sequence[ContainerFact]) -> Iterator[Unread]:
    """The containers that were named and that no engine has."""
    from workbench.host.containers.recognition import is_named

    for name in names:
        if not any(is_named(container, (name,)) for container in containers):
            why = "no engine that answered has a container of that name"
            yield Unread("details", f"the container {visible(name)}", why, "list them with: docker ps -a")
