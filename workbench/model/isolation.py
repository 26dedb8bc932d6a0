"""What stands between a running server and the rest of the host, as far as it can be seen from outside."""

from __future__ import annotations

from typing import Literal

from workbench.model.record import record

RootView = Literal["host", "host read-only", "own", "unknown"]
"""How the host's root file system is mounted for a server: writable, read-only, or not at all (it has its own)."""


@record
class IsolationFact:
    """How one running server is confined. What a program does to itself with Landlock cannot be seen from outside.

    ``homes_writable`` and ``homes_readable`` are the inspected home folders that its mounts and its account let it
    change and list; ``homes_hidden`` those that its mounts do not show. ``uids`` are the real, the effective and the
    saved user. The capabilities are names (``CAP_SYS_ADMIN``), those of a process in a user namespace of its own count
    there alone. ``label`` is that of AppArmor or SELinux, "" without one. ``filters_added`` counts the system call
    filters that what started it does not have, None where the kernel does not tell. ``syscalls`` says what all its
    filters together answer to some calls, as (call, ``allowed`` or how it is refused); empty where that was not looked
    at. A call that only the 32-bit or the x32 interface lets through has it in its name. ``limits`` are soft limits
    (``open files``, ``processes``, ``core size`` in bytes) and those of its control group (``group processes``,
    ``group memory`` in bytes), -1 for unlimited; one that is not known is left out. ``dumpable`` is None where it
    cannot be told. ``hidepid`` is how its /proc hides the processes of other accounts, "" for not at all.
    """

    root: RootView = "unknown"
    homes_readable: tuple[str, ...] = ()
    homes_writable: tuple[str, ...] = ()
    homes_hidden: tuple[str, ...] = ()
    private_tmp: bool | None = None
    host_proc: bool | None = None
    host_sys: bool | None = None
    network: Literal["host", "own", "unknown"] = "unknown"
    uids: tuple[int, ...] = ()
    capabilities_effective: tuple[str, ...] = ()
    capabilities_permitted: tuple[str, ...] = ()
    capabilities_ambient: tuple[str, ...] = ()
    capabilities_bounding: tuple[str, ...] = ()
    label: str = ""
    label_confines: bool = False
    inherited_no_new_privileges: bool | None = None
    filters_added: int | None = None
    syscalls: tuple[tuple[str, str], ...] = ()
    limits: tuple[tuple[str, int], ...] = ()
    dumpable: bool | None = None
    hidepid: str = ""

    @property
    def file_barriers(self) -> tuple[str, ...]:
        """What keeps it from the files of the account it runs as, in words; empty for nothing that can be seen."""
        found = []
        if not self.homes_writable:
            if self.root == "own":
                found.append("a file system of its own")
            elif self.root == "host read-only":
                found.append("a read-only system")
            if self.homes_hidden and self.root != "own":
                found.append("hidden home folders")
        if self.label_confines:
            found.append(f"the security profile {self.label}")
        return tuple(found)

    @property
    def barriers(self) -> tuple[str, ...]:
        """Everything around it that can be seen, in words; empty for nothing."""
        found = [*self.file_barriers]
        if self.network == "own":
            found.append("a network of its own")
        if self.filters_added:
            found.append(
                "a system call filter" if self.filters_added == 1 else f"{self.filters_added} system call filters"
            )
        return tuple(found)
