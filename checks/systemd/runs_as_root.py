"""A systemd unit runs an MCP server as root.

What it looks at
----------------
Every systemd service that starts an MCP server: `User=` and `DynamicUser=` over the unit and its drop-ins, and what
stands before the program in `ExecStart=`. No `User=` means root, and so do `User=root`, `DynamicUser=yes` with
`User=root` (an account that exists is used as it is), and `ExecStart=+…` or `ExecStart=!…`, which run as root whatever
`User=` says. `User=$USER` is no account: systemd expands no variable there, and the unit fails. Root that has lost what
makes it root is high, everything else critical. A service whose account is in a group that is as good as root (docker,
lxd, disk) is high too. A command that gives root away itself (`sudo -u mcp`, `runuser`) is judged by the account it
gives it to.

Why it matters
--------------
A server does what the model asks of it, and the model reads text that strangers wrote. A system service without `User=`
has every right on the machine from the moment it starts, also where nobody meant it to: it is the default.

How an attacker uses it
-----------------------
The injected prompt asks for one file: `/etc/shadow`, `/root/.ssh/id_ed25519`, or writes one: `/etc/cron.d/x`. With
`ProtectSystem=strict` and no capability root still owns every socket of the system: one message to systemd's own
starts a second unit that nothing confines.

How to fix it by hand
---------------------
1. Give it an account that owns nothing but its workspace: `sudo useradd --system --no-create-home --shell
   /usr/sbin/nologin mcp-server`, and give it the workspace: `sudo chown -R mcp-server: /srv/mcp`.
2. `sudo systemctl edit UNIT`, and write `[Service]`, `User=mcp-server`, `Group=mcp-server`. Where it keeps nothing
   between two starts, `DynamicUser=yes` alone does it.
3. Take `+` and `!` off `ExecStart=`. Take the account out of docker, lxd and disk: `sudo gpasswd -d mcp-server docker`.
4. `sudo systemctl daemon-reload`, restart it, and see who it is: `ps -o user,cmd -C node`.

References
----------
* systemd.exec(5), "User/Group identity": https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
* systemd.service(5), "Command lines": https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html
* Docker, "Docker daemon attack surface": https://docs.docker.com/engine/security/#docker-daemon-attack-surface
* CWE-250, Execution with Unnecessary Privileges: https://cwe.mitre.org/data/definitions/250.html
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    Location,
    NotApplicable,
    Passed,
    Severity,
    Snapshot,
    UnitFact,
    Verdict,
    check,
    judge_units,
    read_in_part,
    unit_subject,
)

_ROOT = frozenset(("root", "0", "#0"))
_AS_GOOD_AS_ROOT = frozenset(("docker", "lxd", "incus-admin", "disk"))
_HOMES = ("/.config/systemd/", "/.local/share/systemd/")
# With any of these root takes the rest back: it reads and writes every file, loads modules, or becomes another process.
_NAMES = (
    "CAP_SYS_ADMIN CAP_SYS_MODULE CAP_SYS_PTRACE CAP_SYS_RAWIO CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER"
    " CAP_CHOWN CAP_SETUID CAP_SETGID CAP_SETPCAP CAP_SETFCAP CAP_MKNOD CAP_SYS_CHROOT CAP_SYS_BOOT CAP_MAC_ADMIN"
    " CAP_MAC_OVERRIDE CAP_BPF CAP_NET_ADMIN"
)
_DANGEROUS = frozenset(_NAMES.split())


@check(
    title="A systemd unit runs an MCP server as root",
    severities=(Severity.CRITICAL, Severity.HIGH),
    needs=("units:content", "accounts"),
)
def runs_as_root(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the account of each unit."""
    return judge_units(snapshot, lambda unit: _judged(unit, snapshot))


def _judged(unit: UnitFact, snapshot: Snapshot) -> Verdict:
    why = _as_root(unit)
    groups = _strong_groups(unit, snapshot)
    if not unit.whole and why:
        # What could not be read may set User=; what was read and says root outright may be taken back there too.
        return read_in_part(unit)
    if unit.manager == "user" and unit.owner == 0 and not any(part in unit.path.asked for part in _HOMES):
        return NotApplicable("the units that every account's manager offers are not root's own")
    if why and unit.launch is not None and unit.launch.image is not None:
        return NotApplicable("what runs as root is a container engine's own command: the container is judged itself")
    if why:
        confined = _confined(unit)
        reach = "though it has lost what makes root strong" if confined else "it can do anything here"
        return Finding(
            subject=unit_subject(unit),
            severity=Severity.HIGH if confined else Severity.CRITICAL,
            summary=f"{unit.name} runs an MCP server as root: {reach}",
            evidence=(
                Evidence("User= with an account of its own, or DynamicUser=yes", why, _command(unit)),
                *([Evidence("no root at all", confined, _command(unit))] if confined else []),
            ),
            location=_location(unit),
        )
    if groups:
        return Finding(
            subject=unit_subject(unit),
            severity=Severity.HIGH,
            summary=f"{unit.name} runs as {unit.value('User')}, who is as good as root by the group {groups[0]}",
            evidence=(Evidence("no group that is as good as root", f"groups: {', '.join(groups)}", _command(unit)),),
            location=_location(unit),
        )
    return Passed(unit_subject(unit))


def _as_root(unit: UnitFact) -> str:
    """Why it is root, in words; "" where it is not."""
    switched = unit.launch.account if unit.launch is not None else ""
    if switched:
        return f"its command switches to {switched}" if switched in _ROOT else ""
    if unit.manager == "user":
        return "it is a unit of root's own manager" if unit.owner == 0 else ""
    # "!!" means "!" only where the kernel has no ambient capabilities, which is before Linux 4.3.
    if "+" in unit.prefix or unit.prefix.count("!") == 1:
        sign = "+" if "+" in unit.prefix else "!"
        return f"ExecStart={sign}… runs as root, whatever User= says"
    user = unit.value("User")
    if user in _ROOT:
        return f"User={user}"
    if not user and not unit.on("DynamicUser"):
        return "no User= and no DynamicUser="
    return ""


def _confined(unit: UnitFact) -> str:
    """What takes root's strength away, in words; "" where it is still root."""
    bounding = unit.setting("CapabilityBoundingSet")
    words = unit.words("CapabilityBoundingSet")
    if "+" in unit.prefix or bounding is None or any(word.startswith("~") for word in words):
        return ""
    if _DANGEROUS & {word.upper() for word in words} or unit.chosen("ProtectSystem", ("strict", "full")) != "strict":
        return ""
    if not unit.on("NoNewPrivileges") or "/" in unit.words("ReadWritePaths"):
        return ""
    # root is let in by every socket of the system, systemd's own among them, whatever its capabilities.
    families = unit.words("RestrictAddressFamilies")
    if not families or families[0].startswith("~") or "AF_UNIX" in families:
        return ""
    return "no dangerous capability, a read-only system, no new privileges and no unix sockets"


def _strong_groups(unit: UnitFact, snapshot: Snapshot) -> list[str]:
    if unit.manager == "user":
        return []  # it is in your own groups, as everything of yours is
    user = unit.value("User")
    names = dict(snapshot.accounts.groups)
    account = next((each for each in snapshot.accounts.accounts if user in (each.name, str(each.uid))), None)
    of_account = {names.get(gid, "") for gid in account.groups} if account is not None else set()
    listed = {unit.value("Group"), *unit.words("SupplementaryGroups")}
    return sorted((of_account | listed) & _AS_GOOD_AS_ROOT)


def _location(unit: UnitFact) -> Location:
    said = unit.setting("User") or unit.setting("ExecStart")
    return Location(said.path, said.line) if said is not None else Location(unit.path.asked)


def _command(unit: UnitFact) -> tuple[str, ...]:
    keys = r"^[[:space:]]*(User|Group|DynamicUser|SupplementaryGroups|CapabilityBoundingSet|ProtectSystem)[[:space:]]*="
    return ("grep", "-HnE", keys, unit.path.asked, *unit.drop_ins)
