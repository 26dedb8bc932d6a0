"""What a container that does not run could open of this host, were it started as its launch says."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from workbench.access import EXECUTE, READ, WRITE, permits
from workbench.model.assets import AssetFact, Reach
from workbench.model.facts import Account
from workbench.model.launch import ContainerOptions
from workbench.model.servers import Server

_VOLUME = re.compile(r"[A-Za-z0-9][\w.-]*\Z")
_NO = ("false", "f", "0")


def started_in(server: Server) -> ContainerOptions | None:
    """What its launch tells the engine; None for a server in no container, one that runs, and one that is unclear."""
    launch = server.launch
    if server.presence not in ("not running", "unknown") or launch is None or launch.container is None or server.units:
        return None
    # What stands behind a variable, and what an option that is not known takes, is not known either.
    if not launch.understood or (launch.image is not None and re.search(r"[${}%]", launch.image.text)):
        return None
    places = [mount.host for mount in launch.container.mounts]
    return launch.container if all(place.startswith("/") or _VOLUME.match(place) for place in places) else None


def foretold(
    server: Server, options: ContainerOptions, starter: Account | None, assets: Sequence[AssetFact]
) -> list[Reach]:
    """Whether the container would be shown each asset, and as whom it would open it."""
    said = {option.name: option.value for option in options.options}
    user = _user(said.get("--user", ""), options.engine, starter)
    if user is None and said.get("--privileged", "false").lower() not in _NO:
        why = "its container is privileged and root: the disks are within its reach"
        return [_reach(server, asset, opens=True, why=why) for asset in assets]
    folders = [os.path.realpath(mount.host) for mount in options.mounts if mount.host.startswith("/")]
    of_host = said.get("--network") == "host"
    return [_of_asset(server, asset, folders, user, of_host=of_host) for asset in assets]


def _of_asset(
    server: Server, asset: AssetFact, folders: Sequence[str], user: Account | None, *, of_host: bool
) -> Reach:
    if asset.file is None:
        return _reach(
            server, asset, opens=of_host, why=f"its network is {'that of this host' if of_host else 'its own'}"
        )
    path = asset.file.file.path
    shown = next((folder for folder in folders if _is_below(path, folder)), None)
    if shown is None:
        return _reach(server, asset, opens=False, why="no mount of its container shows that place")
    # The folders above what is mounted are not on the way in the container.
    inside = [step for step in asset.file.directories if _is_below(step.path, shown)]
    right = WRITE if asset.file.file.kind == "socket" else READ
    if user is not None and not (
        all(permits(user, step, EXECUTE) for step in inside) and permits(user, asset.file.file, right)
    ):
        return _reach(server, asset, opens=False, why=f"its container would run as {user.name}, who may not open it")
    return _reach(server, asset, opens=True, why=f"its container is shown {shown}")


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _user(given: str, engine: str, starter: Account | None) -> Account | None:
    """As whom of this host it runs; None for root, or where the image says it, which is root in most."""
    uid, _, gid = given.partition(":")
    if engine == "podman" and starter is not None and starter.uid != 0:
        return starter  # without root's rights outside, nothing inside has more than the account that started it
    if not uid.isdecimal() or int(uid) == 0:
        return None
    group = int(gid) if gid.isdecimal() else 0
    return Account(int(uid), f"uid {uid}", group, (group,))


def _reach(server: Server, asset: AssetFact, *, opens: bool, why: str) -> Reach:
    return Reach((server.key,), asset.name, "yes" if opens else "no", why, "predicted")
