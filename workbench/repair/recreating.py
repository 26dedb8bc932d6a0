"""Make a running container anew, put it in the place of the old one, and go back to that where it does not work.

The old one is not removed: it is stopped and renamed. What was done can be told from the engine at any moment: the new
one has a label that names the old one, and each has one of three names. So whatever was broken off can be put back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from workbench.container_hardening import wrong_limits
from workbench.host.containers.asking import Engine
from workbench.host.containers.values import flag, number, raw, raws
from workbench.launch.images import normal_image, parse_image
from workbench.model.recreation import RECREATED, RecreateContainer
from workbench.model.run import Change
from workbench.repair.container_alone import require_alone
from workbench.repair.container_engine import asked, done, image_of, inspected, reach, secrets_of
from workbench.repair.container_health import answering, require_answers, require_up
from workbench.repair.container_layer import require_unwritten
from workbench.repair.container_networks import in_turn, networks, ports_chosen
from workbench.repair.container_settings import difference, require_exact, state_of, unlike, wanted_settings
from workbench.repair.container_swap import (
    kept_name,
    new_in_place,
    new_name,
    new_of,
    old_in_place,
    rename,
    renamed_of,
    rest_again,
    stop,
)
from workbench.repair.creating import ABSENT
from workbench.repair.paths import Refused
from workbench.repair.staged import Intent, StagedContainer
from workbench.text import visible

Tell = Callable[[str], None]
Note = Callable[[Intent], None]

_ID = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,200}")
_IMAGE = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:@+-]{0,400}")
_POLICIES = ("", "no", "always", "unless-stopped", "on-failure")
_LONGEST_SECONDS = 120


def worked_out(wanted: RecreateContainer) -> tuple[StagedContainer, Change, bytes]:
    """What it comes to, with the container as it is now. Changes nothing. Raises Refused."""
    if why := _wrong(wanted):
        raise Refused(why)
    engine = reach(wanted.engine)
    told = _old(engine, wanted)
    if raw(told, "Name") != f"/{wanted.name}":
        raise Refused(f"the container is not called {wanted.name} any more", "look again")
    require_exact(told)
    require_alone(engine, told)
    require_unwritten(told, asked(engine, f"/containers/{wanted.container}/changes"))
    reference = _reference(engine, told, wanted)
    settings = wanted_settings(told, wanted, reference)
    lines = difference(told, settings)
    if not lines:
        raise Refused(f"{visible(wanted.name)} already is as the plan wants it")
    for name in (kept_name(wanted), new_name(wanted)):
        if inspected(engine, name) is not None:
            raise Refused(f"there is a container {name} already", f"look at it, and remove it: docker rm {name}")
    staged = StagedContainer(
        path=wanted.path,
        real=wanted.path,
        before=ABSENT,
        wanted=wanted,
        image=raw(told, "Image"),
        reference=reference,
        restart=raw(told, "HostConfig", "RestartPolicy", "Name"),
        retries=number(told, "HostConfig", "RestartPolicy", "MaximumRetryCount"),
        state=state_of(told),
    )
    checked = raws(told, "Config", "Healthcheck", "Test")[:1] not in ((), ("NONE",))
    proof = "until its own health check passes" if checked else f"for {wanted.seconds} seconds whether it stays up"
    chosen = (
        ". Its engine chooses the port at which it is published, and chooses another one then"
        if ports_chosen(told)
        else ""
    )
    said = (
        f"make {wanted.name} anew, of the same image and with the same command, variables, volumes, ports and labels;"
        f" stop the old one and call it {kept_name(wanted)}, start the new one in its place, and watch {proof}."
        " Where it does not work, the old one is started again. Once it stands the old one stays, stopped, so that this"
        f" can be undone; to be rid of it: docker rm {kept_name(wanted)}{chosen}"
    )
    return staged, Change(visible(wanted.path), said, "\n".join(lines)), b""


def ready(operation: StagedContainer) -> None:
    """Refuse where the container is not what was shown."""
    engine = reach(operation.wanted.engine)
    if operation.comes:
        _as_shown(engine, operation)
        return
    _old(engine, operation.wanted)


def carry_out(number_of_it: int, operation: StagedContainer, note: Note, tell: Tell) -> None:
    """Put the new container in the place of the old one, or the old one back. Raises Refused where it does not work."""
    engine, wanted = reach(operation.wanted.engine), operation.wanted
    if not operation.comes:
        note(Intent(number_of_it, ""))
        old_in_place(engine, operation, tell)
        return
    told = _as_shown(engine, operation)
    secrets = secrets_of(told)
    places = answering(told)
    settings = wanted_settings(told, wanted, operation.reference)
    note(Intent(number_of_it, ""))
    new = _made(engine, told, settings, operation, secrets)
    tell(f"made the new container, as {new_name(wanted)}")
    stop(engine, told, tell)
    # What was written between the look and the stop would be lost as well.
    require_unwritten(told, asked(engine, f"/containers/{wanted.container}/changes"))
    rename(engine, wanted.container, kept_name(wanted))
    rename(engine, new, wanted.name)
    done(engine, f"/containers/{new}/start", "the new container cannot be started", secrets, seconds=60.0)
    tell(f"started the new container as {wanted.name}; the old one is {kept_name(wanted)}")
    require_up(engine, new, wanted.seconds, secrets, tell)
    require_answers(inspected(engine, new), places, tell)


def in_place(operation: StagedContainer) -> str:
    """Why the effect is not there now ("" when it is)."""
    wanted = operation.wanted
    engine = reach(wanted.engine)
    current = inspected(engine, wanted.name)
    if not operation.comes:
        is_back = raw(current, "Id") == wanted.container
        return "" if is_back else f"{wanted.name} is another container now"
    if current is None:
        return f"{wanted.name} is gone"
    if raw(current, "Config", "Labels", RECREATED) != wanted.container:
        return f"{wanted.name} is another container than the one that was made"
    # Of its own settings nothing may be missing any more.
    left = difference(current, wanted_settings(current, wanted, raw(current, "Config", "Image")))
    named = ", ".join(dict.fromkeys(line[1:].partition(":")[0] for line in left))
    return f"{wanted.name} was given other settings meanwhile: {named}" if left else ""


def put_back(number_of_it: int, operation: StagedContainer, note: Note, tell: Tell) -> bool:
    """Bring back what was before; False where nothing was to be done. Raises Refused where it cannot be."""
    engine, wanted = reach(operation.wanted.engine), operation.wanted
    new = new_of(engine, operation)
    if not operation.comes:
        if new is None:
            # It was taken away last of all, or was gone before: then the old one is in its place, or goes back.
            return rest_again(engine, operation, lambda: note(Intent(number_of_it, "", back=True)), tell)
        note(Intent(number_of_it, "", back=True))
        new_in_place(engine, operation, raw(new, "Id"), tell)
        return True
    told = inspected(engine, wanted.container)
    if told is None:
        raise Refused(f"the container {wanted.name} that was there before is gone from the engine")
    name, runs = raw(told, "Name").removeprefix("/"), flag(told, "State", "Running")
    if new is None and name == wanted.name:
        if not runs:
            raise Refused(f"{wanted.name} does not run any more: docker start {wanted.name}")
        return False
    note(Intent(number_of_it, "", back=True))
    old_in_place(engine, operation, tell)
    return True


def putting_back(operation: StagedContainer) -> str:
    """What ``put_back`` does now, in words; "" for nothing. Raises Refused where it cannot be."""
    wanted = operation.wanted
    engine = reach(wanted.engine)
    new, told = new_of(engine, operation), inspected(engine, wanted.container)
    if not operation.comes:
        back = f"stop the old container again, call it {kept_name(wanted)}, and start the new one as {wanted.name}"
        return back if new is not None else ""
    if told is None:
        raise Refused(f"the container {wanted.name} that was there before is gone from the engine")
    if new is None and raw(told, "Name") == f"/{wanted.name}":
        return ""
    away = f"stop the new container of {wanted.name}, and remove it; " if new is not None else ""
    return f"{away}give the old one its name {wanted.name} back, and start it if it does not run"


def taken_back(operation: StagedContainer, gone: list[str]) -> tuple[StagedContainer, Change] | None:
    """What puts the old container back, or the new one in again; None where nothing is to be done. Raises Refused."""
    wanted = operation.wanted
    if not operation.comes:
        staged, change, _ = worked_out(wanted)
        return staged, change
    engine = reach(wanted.engine)
    told, current = inspected(engine, wanted.container), inspected(engine, wanted.name)
    if told is None:
        raise Refused(
            f"the old container, {kept_name(wanted)}, was removed, so there is nothing to go back to",
            "start it anew by hand with the options that you want",
        )
    new, is_back = new_of(engine, operation), raw(current, "Id") == wanted.container
    strayed = renamed_of(engine, operation) if new is None and current is None else ""
    if strayed:
        raise Refused(
            f"the new container is called {visible(strayed, 200)} now, and would run beside the old one",
            "give it its name back: docker rename; or remove it, if the old one is to take its place",
        )
    if is_back and new is None and flag(current, "State", "Running"):
        gone.append(f"{wanted.name} is the old container already")
        return None
    if current is not None and not is_back and (new is None or raw(new, "Id") != raw(current, "Id")):
        raise Refused(
            f"{wanted.name} is another container now than the one that was made; it was left as it is",
            "undo the later repair of it first; or give it another name: docker rename",
        )
    if new is not None:
        require_alone(engine, new)
        require_unwritten(new, asked(engine, f"/containers/{raw(new, 'Id')}/changes"))
    said = (
        f"stop the new container, give the old one its name {wanted.name} back and start it, as it was; when it runs,"
        " remove the new one. What the new one kept in memory is lost, its volumes stay"
    )
    lines = difference(new, {**told["Config"], "HostConfig": told["HostConfig"]}) if new is not None else []
    staged = StagedContainer(
        path=operation.path,
        real=operation.real,
        before=ABSENT,
        wanted=wanted,
        image=operation.image,
        reference=operation.reference,
        restart=operation.restart,
        retries=operation.retries,
        state="",
        comes=False,
    )
    return staged, Change(visible(wanted.path), said, "\n".join(lines))


def require_engine(operations: Sequence[object]) -> None:
    """Refuse where the engine of a container among them does not answer now: it may only not be up yet."""
    for operation in operations:
        if isinstance(operation, StagedContainer):
            reach(operation.wanted.engine)


def sound(operation: StagedContainer) -> bool:
    """Whether a journal that says this can be ours."""
    wanted = operation.wanted
    return (
        not _wrong(wanted)
        and (operation.path, operation.real) == (wanted.path, wanted.path)
        and _IMAGE.fullmatch(operation.image) is not None
        and _REFERENCE.fullmatch(operation.reference) is not None
        and operation.restart in _POLICIES
        and 0 <= operation.retries < 1 << 31
        and re.fullmatch(r"[0-9a-f]{64}" if operation.comes else "", operation.state) is not None
    )


def _wrong(wanted: RecreateContainer) -> str:
    """What a plan may not say; "" where it may."""
    if not wanted.engine.startswith("/") or os.path.normpath(wanted.engine) != wanted.engine or "\0" in wanted.engine:
        return "the plan names no socket of an engine"
    if not _ID.fullmatch(wanted.container) or not _NAME.fullmatch(wanted.name):
        return "the plan names no container"
    wrong = wrong_limits(wanted.user, wanted.memory, str(wanted.processes), wanted.writable)
    if wrong is not None:
        return wrong.reason
    return (
        "" if 0 < wanted.seconds <= _LONGEST_SECONDS else f"a container is watched for 1 to {_LONGEST_SECONDS} seconds"
    )


def _old(engine: Engine, wanted: RecreateContainer) -> Any:
    told = inspected(engine, wanted.container)
    if told is None:
        raise Refused(f"the container {wanted.name} is gone", "look again")
    return told


def _as_shown(engine: Engine, operation: StagedContainer) -> Any:
    told = _old(engine, operation.wanted)
    if raw(told, "Name") != f"/{operation.wanted.name}" or state_of(told) != operation.state:
        raise Refused(f"{operation.wanted.name} changed since it was shown", "look at the plan again")
    require_exact(told)
    require_alone(engine, told)
    require_unwritten(told, asked(engine, f"/containers/{operation.wanted.container}/changes"))
    image = image_of(engine, operation.reference)
    if raw(image, "Id") != operation.image:
        raise Refused("its image has another name since it was shown", "look at the plan again")
    return told


def _reference(engine: Engine, told: Any, wanted: RecreateContainer) -> str:
    """A name by which the engine finds the very image of the container, the one that it has now if that may be."""
    identity, name = raw(told, "Image"), raw(told, "Config", "Image")
    image = image_of(engine, identity)
    if not _IMAGE.fullmatch(identity) or image is None:
        raise Refused(
            "its image is gone from the engine, so nothing can be made of it", "fetch it, and start it by hand"
        )
    repository = normal_image(f"{parse_image(name).name}:x")
    digests = [
        f"{parse_image(name).name}@{each.partition('@')[2]}"
        for each in raws(image, "RepoDigests")
        if normal_image(f"{each.partition('@')[0]}:x") == repository
    ]
    tags = [each for each in raws(image, "RepoTags") if "<none>" not in each]
    if wanted.pin and not digests:
        raise Refused("the engine knows no digest of its image", "it was built here: accept the finding")
    for each in (*digests, name, *tags) if wanted.pin else (name, *digests, *tags):
        if _REFERENCE.fullmatch(each) and raw(image_of(engine, each), "Id") == identity:
            return each
    raise Refused(
        "its image has no name any more, for that is another image's by now",
        f"give it one, and look again: docker tag {identity[7:19]} NAME:old",
    )


def _made(engine: Engine, told: Any, settings: Any, operation: StagedContainer, secrets: Any) -> str:
    """Make the new container, and compare it with what it was to be. Gives its id. Raises Refused."""
    joined = networks(told, settings)
    first, others = in_turn(settings, joined)
    body = {**settings, "NetworkingConfig": {"EndpointsConfig": first}}
    name = new_name(operation.wanted)
    answer = done(
        engine, f"/containers/create?name={name}", "the new container cannot be made", secrets, body, seconds=60.0
    )
    new = raw(answer, "Id")
    for each, endpoint in others.items():
        join = {"Container": new, "EndpointConfig": endpoint}
        done(engine, f"/networks/{quote(each, safe='')}/connect", "a network cannot be joined", secrets, join)
    why = unlike(inspected(engine, new), told, settings)
    if why:
        raise Refused(f"the engine does not make it as it was to be: {why} would be different", "make it anew by hand")
    return new
