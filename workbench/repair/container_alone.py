"""Whether nobody works in a container, and no other one needs it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from workbench.host.containers.asking import Engine
from workbench.host.containers.values import flag, raw, raws
from workbench.repair.container_engine import asked, inspected
from workbench.repair.paths import Refused
from workbench.text import visible

_MOST_CONTAINERS = 500


def require_alone(engine: Engine, told: Any) -> None:
    """Refuse while somebody works in the container, or another container lives in a namespace of it. Raises Refused."""
    check = raws(told, "Config", "Healthcheck", "Test")[1:]
    for each in raws(told, "ExecIDs"):
        session = asked(engine, f"/exec/{quote(each, safe='')}/json")
        words = (raw(session, "ProcessConfig", "entrypoint"), *raws(session, "ProcessConfig", "arguments"))
        # Its engine starts its health check in the same way, again and again, and that is nobody's work.
        checks = check and words[-len(check) :] == check and not flag(session, "OpenStdin")
        if flag(session, "Running") and not checks:
            raise Refused("somebody works in it (docker exec), and would be cut off", "end that first, or its client")
    identity, name = raw(told, "Id"), raw(told, "Name").removeprefix("/")
    # Also those that rest: they could not be started again.
    listed = asked(engine, "/containers/json?all=1")
    if not isinstance(listed, list) or len(listed) > _MOST_CONTAINERS:
        raise Refused(
            f"there are more than {_MOST_CONTAINERS} containers, too many to see which of them need this one",
            "remove those that rest and are not needed: docker container prune",
        )
    for other in listed:
        if raw(other, "Id") == identity:
            continue
        beside = inspected(engine, raw(other, "Id"))
        modes = {raw(beside, "HostConfig", key) for key in ("NetworkMode", "PidMode", "IpcMode")}
        links = [each.split(":")[0] for each in raws(beside, "HostConfig", "Links")]
        if modes & {f"container:{identity}", f"container:{name}"} or f"/{name}" in links:
            shown = visible(raw(beside, "Name").removeprefix("/"), 100)
            raise Refused(f"the container {shown} lives in a namespace of it, or is linked to it", "make both by hand")
