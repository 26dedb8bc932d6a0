"""Running servers as hosts have them: open as a client starts them, and their hardened twins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests import builders
from workbench.model.clients import ClientFacts, EntryReference
from workbench.model.facts import SectionState
from workbench.model.isolation import IsolationFact
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.snapshot import Snapshot

CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"
OPEN = IsolationFact(
    root="host",
    homes_readable=("/home/dev",),
    homes_writable=("/home/dev",),
    private_tmp=False,
    host_proc=True,
    host_sys=True,
    network="host",
    uids=(1000, 1000, 1000),
    capabilities_bounding=("CAP_CHOWN", "CAP_SYS_ADMIN"),
    inherited_no_new_privileges=False,
    filters_added=0,
)
BOXED = IsolationFact(
    root="own",
    homes_hidden=("/home/dev",),
    private_tmp=True,
    host_proc=False,
    host_sys=False,
    network="own",
    uids=(1000, 1000, 1000),
    inherited_no_new_privileges=False,
    filters_added=1,
)
REFUSES = (
    ("execve", "allowed"),
    ("ptrace", "EPERM"),
    ("mount", "EPERM"),
    ("bpf", "EPERM"),
    ("socket(AF_INET)", "EPERM"),
)


def running(name: str = "files", **more: Any) -> ServerProcess:
    """A server that Claude Desktop started, with nothing around it."""
    given = {"key": f"1000:{name}", "label": name, "isolation": OPEN, "entry": entry(name), **more}
    return builders.process(**given)


def entry(name: str = "files", path: str = CONFIG) -> EntryReference:
    return EntryReference(path, ("mcpServers", name), name)


def in_bubblewrap(name: str = "files", **more: Any) -> ServerProcess:
    """The same behind bubblewrap with a filter."""
    given: dict[str, Any] = {
        "no_new_privileges": True,
        "seccomp": 2,
        "seccomp_filters": 1,
        "umask": 0o077,
        "own_namespaces": ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"),
        "capabilities_bounding": 0,
        "isolation": replace(BOXED, syscalls=REFUSES),
        **more,
    }
    return running(name, **given)


def in_docker(name: str = "files", **more: Any) -> ServerProcess:
    """The same in a container with every flag that hardens it, as an account of its own."""
    given: dict[str, Any] = {
        "uid": 61000,
        "gid": 61000,
        "groups": (61000,),
        "account": "",
        "container": "ab" * 32,
        "executable": "/usr/local/bin/node",
        "own_namespaces": ("cgroup", "ipc", "mnt", "net", "pid", "uts"),
        "isolation": replace(BOXED, uids=(61000,) * 3, syscalls=REFUSES),
        **more,
    }
    return in_bubblewrap(name, **given)


def host(*servers: ServerProcess, state: SectionState = builders.COMPLETE, **sections: Any) -> Snapshot:
    """A host on which these run; a config of Claude Desktop names those that have an entry."""
    names = sorted({each.entry.name for each in servers if each.entry is not None})
    config = builders.config([builders.server(name) for name in names])
    given = {"clients": ClientFacts(builders.COMPLETE, configs=(config,)), **sections}
    return builders.snapshot(processes=ProcessFacts(state, servers), **given)
