"""Name what stands between a server and the rest of its account, as far as it can be seen."""

from __future__ import annotations

from workbench.model.launch import Launch
from workbench.model.processes import ServerProcess

# A private mount table or user table is what a sandbox makes first; the others alone keep no file away.
_CONFINING = ("mnt", "user", "pid", "net")


def isolation_of(
    launch: Launch | None, *, client_sandbox: str = "", process: ServerProcess | None = None
) -> tuple[str, ...]:
    """Words for each thing around it, outermost first. Empty: nothing that can be seen stands around it."""
    found: list[str] = []
    if client_sandbox:
        found.append(client_sandbox)
    if launch is not None and launch.account:
        found.append(f"account {launch.account}")
    if launch is not None and launch.sandbox:
        found.append(launch.sandbox)
    if process is not None and process.container:
        if not (launch is not None and launch.sandbox):
            found.append("container")
    elif process is not None and not (launch is not None and launch.sandbox):
        own = [kind for kind in _CONFINING if kind in process.own_namespaces]
        found += [f"namespaces of its own ({', '.join(own)})"] if own else []
    return tuple(found)
