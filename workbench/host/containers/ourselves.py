"""The container that this program runs in, which is never one to report."""

from __future__ import annotations

import re

from workbench.host.context import Context
from workbench.host.files import CannotLook, read_bounded
from workbench.model.containers import ContainerFact

_ID = re.compile(r"[0-9a-f]{64}")
_SHORT = re.compile(r"[0-9a-f]{12}\Z")
# What an engine mounts from a folder that is named after the container. Other mounts name other containers too.
_OF_ENGINE = frozenset(("/etc/hostname", "/etc/hosts", "/etc/resolv.conf"))


def own_container(context: Context) -> frozenset[str]:
    """The ids, whole or their first 12 digits, that the container of this very process may have; empty outside."""
    found: set[str] = set()
    for line in _text(context, "self/cgroup").splitlines():
        # A path may lead through several: an engine in a container. The innermost is ours.
        found.update(_ID.findall(line)[-1:])
    for line in _text(context, "self/mountinfo").splitlines():
        fields = line.split(" ")
        if len(fields) > 4 and fields[4] in _OF_ENGINE:
            found.update(_ID.findall(fields[3])[-1:])
    name = _text(context, "sys/kernel/hostname").strip()
    if _SHORT.match(name):
        found.add(name)
    return frozenset(found)


def is_own(container: ContainerFact, own: frozenset[str]) -> bool:
    """Whether this is the container that this program runs in."""
    return container.id in own or container.id[:12] in own


def _text(context: Context, name: str) -> str:
    try:
        return read_bounded(context.proc / name).decode("utf-8", "replace")
    except CannotLook:
        return ""
