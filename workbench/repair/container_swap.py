"""Put one of two containers in the place of the other: the names, the restart policies, and which of them runs.

Each step may be done already, so that what was broken off anywhere can be brought to either end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from workbench.host.containers.asking import Engine
from workbench.host.containers.values import flag, number, raw
from workbench.model.recreation import RECREATED, RecreateContainer
from workbench.repair.container_engine import done, inspected, made_of, order, secrets_of
from workbench.repair.paths import Refused
from workbench.repair.staged import StagedContainer
from workbench.text import visible

Tell = Callable[[str], None]

_UP_SECONDS = 3.0
_NAP = 0.25


def kept_name(wanted: RecreateContainer) -> str:
    """What the old container is called from then on."""
    return f"{wanted.name}-kept-{wanted.container[:12]}"


def new_name(wanted: RecreateContainer) -> str:
    """What the new container is called until it takes the place of the old one."""
    return f"{wanted.name}-new-{wanted.container[:12]}"


def new_of(engine: Engine, operation: StagedContainer) -> Any:
    """The container that was made of the old one, None where there is none. Raises Refused where it is not certain."""
    names = (operation.wanted.name, new_name(operation.wanted))
    ours = [each for each in _made_of(engine, operation) if raw(each, "Name").removeprefix("/") in names]
    if len(ours) > 1:
        raise Refused(f"there are several containers that were made of {operation.wanted.name}; look at them")
    return ours[0] if ours else None


def renamed_of(engine: Engine, operation: StagedContainer) -> str:
    """The name that somebody gave the container that was made of the old one; "" where there is none."""
    return next((raw(each, "Name").removeprefix("/") for each in _made_of(engine, operation)), "")


def _made_of(engine: Engine, operation: StagedContainer) -> list[Any]:
    made = [inspected(engine, each) for each in made_of(engine, RECREATED, operation.wanted.container)]
    return [each for each in made if each is not None and raw(each, "Image") == operation.image]


def stop(engine: Engine, told: Any, tell: Tell) -> None:
    """Stop a container, and have nothing start it again."""
    identity = raw(told, "Id")
    off = {"RestartPolicy": {"Name": "no"}}
    done(engine, f"/containers/{identity}/update", "its restart policy cannot be changed", (), off)
    seconds = (number(told, "Config", "StopTimeout") or 10) + 30.0
    done(engine, f"/containers/{identity}/stop", "it cannot be stopped", (), seconds=seconds)
    tell(f"stopped {visible(raw(told, 'Name').removeprefix('/'), 200)}")


def rename(engine: Engine, identity: str, name: str) -> None:
    """Give a container another name, unless it has it. Raises Refused."""
    if raw(inspected(engine, identity), "Name") != f"/{name}":
        done(engine, f"/containers/{identity}/rename?name={name}", f"it cannot be renamed to {name}", ())


def _policy(operation: StagedContainer) -> dict[str, Any]:
    retries = {"MaximumRetryCount": operation.retries} if operation.restart == "on-failure" else {}
    return {"RestartPolicy": {"Name": operation.restart or "no", **retries}}


def _start(engine: Engine, identity: str, name: str, operation: StagedContainer) -> None:
    """Start a container that ran before, with the restart policy that it had. Raises Refused where it does not run."""
    done(engine, f"/containers/{identity}/update", "its restart policy cannot be put back", (), _policy(operation))
    secrets = secrets_of(inspected(engine, identity))
    done(engine, f"/containers/{identity}/start", f"{name} cannot be started", secrets, seconds=60.0)
    end = time.monotonic() + _UP_SECONDS
    while time.monotonic() < end:
        if not flag(inspected(engine, identity), "State", "Running"):
            raise Refused(f"{name} was started again and has ended: look with docker logs {name}")
        time.sleep(_NAP)


def old_in_place(engine: Engine, operation: StagedContainer, tell: Tell) -> None:
    """The old container under its own name and running, and the new one gone. Each step may be done already."""
    wanted = operation.wanted
    new = new_of(engine, operation)
    told = inspected(engine, wanted.container)
    if raw(told, "Name").removeprefix("/") not in (wanted.name, kept_name(wanted)):
        raise Refused(f"the old container of {wanted.name} was renamed, and was left as it is")
    if new is not None:
        if flag(new, "State", "Running") or flag(new, "State", "Restarting"):
            stop(engine, new, tell)
        rename(engine, raw(new, "Id"), new_name(wanted))
    rename(engine, wanted.container, wanted.name)
    _start(engine, wanted.container, wanted.name, operation)
    tell(f"{wanted.name} is the old container again, and runs")
    if new is not None:
        # Its volumes are those of the old one, and stay.
        status, _ = order(engine, f"/containers/{raw(new, 'Id')}?force=1", method="DELETE", seconds=60.0)
        if status not in (204, 404):
            raise Refused(f"the new container could not be removed: docker rm --force {new_name(wanted)}")
        tell("removed the new container")


def rest_again(engine: Engine, operation: StagedContainer, note: Callable[[], None], tell: Tell) -> bool:
    """The old container kept and stopped where it was to come back and does not run; False where it does."""
    told = inspected(engine, operation.wanted.container)
    if told is None or flag(told, "State", "Running"):
        return False
    note()
    stop(engine, told, tell)
    rename(engine, operation.wanted.container, kept_name(operation.wanted))
    return True


def new_in_place(engine: Engine, operation: StagedContainer, new: str, tell: Tell) -> None:
    """The new container under the name and running, and the old one stopped and kept."""
    wanted = operation.wanted
    told = inspected(engine, wanted.container)
    if told is None:
        raise Refused(f"the container {wanted.name} that was there before is gone from the engine")
    if raw(told, "Name").removeprefix("/") == wanted.name or flag(told, "State", "Running"):
        stop(engine, told, tell)
    rename(engine, wanted.container, kept_name(wanted))
    rename(engine, new, wanted.name)
    _start(engine, new, wanted.name, operation)
    tell(f"{wanted.name} is the new container again, and runs")
