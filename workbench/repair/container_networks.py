"""The networks and the published ports of a container that is made anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.host.containers.values import at, flag, items, pairs, raw, raws

_DEFAULT_NETWORK = ("default", "bridge", "")


def networks(told: Any, settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """How the new one is put into each network of its own, in the order of their names, the one of its mode first."""
    mode = raw(settings, "HostConfig", "NetworkMode")
    if mode in ("none", "host"):
        return {}
    found = dict(pairs(told, "NetworkSettings", "Networks"))
    own = "bridge" if mode in _DEFAULT_NETWORK else mode
    first = [name for name, each in found.items() if own in (name, raw(each, "NetworkID"))]
    names = [*first, *(name for name in found if name not in (*first, "host", "none"))]
    identity = raw(told, "Id")
    return {
        name: {
            "Aliases": [each for each in raws(found[name], "Aliases") if each != identity[:12]],
            "IPAMConfig": at(found[name], "IPAMConfig"),
            "DriverOpts": at(found[name], "DriverOpts"),
        }
        for name in names
    }


def in_turn(settings: Mapping[str, Any], joined: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The networks that the new one is made with, and those that it joins afterwards."""
    # The one of every container is not named: an engine joins it by itself where no other is.
    if raw(settings, "HostConfig", "NetworkMode") in _DEFAULT_NETWORK and "bridge" in joined:
        return {}, {name: each for name, each in joined.items() if name != "bridge"}
    each = list(joined.items())
    return dict(each[:1]), dict(each[1:])


def ports_chosen(told: Any) -> bool:
    """Whether it is published at a port that nobody named, so that its engine chooses one at each start."""
    bindings = [each for _, ports in pairs(told, "HostConfig", "PortBindings") for each in items({"all": ports}, "all")]
    return flag(told, "HostConfig", "PublishAllPorts") or any(raw(each, "HostPort") in ("", "0") for each in bindings)


def in_networks(made: Any, told: Any, settings: Mapping[str, Any]) -> bool:
    """Whether a new container is in the networks that it was to be in, at the addresses that were asked for."""
    wanted = {name: _address(each) for name, each in networks(told, settings).items()}
    return (_mode(made), _joined(made)) == (_mode({"HostConfig": settings.get("HostConfig")}), wanted)


def _mode(told: Any) -> str:
    """The mode of its network; the one of every container has several names."""
    mode = raw(told, "HostConfig", "NetworkMode")
    return "bridge" if mode in _DEFAULT_NETWORK else mode


def _joined(made: Any) -> dict[str, Any]:
    """The networks that a new container is in, and the addresses that were asked for there."""
    if raw(made, "HostConfig", "NetworkMode") in ("none", "host"):
        return {}
    return {name: _address(each) for name, each in pairs(made, "NetworkSettings", "Networks")}


def _address(network: Any) -> Any:
    return at(network, "IPAMConfig") or None
