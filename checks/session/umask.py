"""The session's umask opens the files of everything it starts to other accounts.

What it looks at
----------------
The umask of the session that started the workbench (its own, which it inherited from your shell), and the groups of
your account. A client that you start from the same session has the same umask, and so has each MCP server that the
client starts, unless one of them sets another.

In order is a umask that leaves others nothing and the group no more than reading: 077, 027, 037. One that lets the
group write (007) is in order only while no other account is in your primary group.

Why it matters
--------------
With the usual 022 every file that a client or a server makes can be read by every account on this machine, unless the
program takes care itself: configurations with tokens in them, their backups, logs of conversations, exports, caches.
With 002 your group can change them, with 000 everyone can.

How an attacker uses it
-----------------------
An account that should see nothing of yours, a service that was broken into for example, reads the backup that an editor
left beside the configuration, with the API keys that stand in it. A home directory of mode 0755 does not stop it.

How to fix it by hand
---------------------
Write "umask 077" into ~/.profile (and ~/.zprofile for zsh), for all accounts "UMASK 077" in /etc/login.defs with
pam_umask, for the services of your login "UMask=0077" in "systemctl --user edit NAME". Log in again: a client that runs
already keeps the old one. Close what exists: chmod -R go= ~/.config/Claude ~/.claude ~/.cursor. Look again: umask.

References
----------
- umask(2), proc_pid_status(5), pam_umask(8), login.defs(5)
- CIS Benchmarks for Linux: "Ensure default user umask is configured" (027 or more restrictive)
- CWE-276: Incorrect Default Permissions
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    Subject,
    Verdict,
    check,
)

_OTHERS_WRITE, _OTHERS_READ, _GROUP_WRITE = 0o002, 0o004, 0o020


@check(
    title="The session's umask opens new files to other accounts",
    severities=(Severity.MEDIUM,),
    needs=("session:umask", "accounts"),
)
def umask(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the umask that everything started from this session inherits."""
    mask = snapshot.session.umask
    if snapshot.host.platform == "win32":
        yield NotApplicable("Windows has no umask: a new file gets the access list of its folder")
        return
    if mask is None:
        yield NotAssessed("the umask of this session", "it could not be read")
        return
    subject = Subject("session", "umask", "the umask of this session")
    who = _who(mask, snapshot)
    if not who:
        yield Passed(subject)
        return
    yield Finding(
        subject=subject,
        severity=Severity.MEDIUM,
        summary=f"umask {mask:03o} lets {who} what clients and servers of this session make",
        evidence=(
            Evidence(
                expected="umask 077 (or 027)",
                actual=f"umask {mask:03o}: new files {0o666 & ~mask:04o}, directories and sockets {0o777 & ~mask:04o}",
                command=("sh", "-c", "umask"),
            ),
        ),
    )


def _who(mask: int, snapshot: Snapshot) -> str:
    if not mask & _OTHERS_WRITE:
        return "every account change"
    if not mask & _GROUP_WRITE and _group_is_shared(snapshot):
        return "your group change"
    return "every account read" if not mask & _OTHERS_READ else ""


def _group_is_shared(snapshot: Snapshot) -> bool:
    own = {account.gid for account in snapshot.accounts.accounts if account.uid == snapshot.host.uid}
    return any(
        account.uid not in (0, snapshot.host.uid) and own & set(account.groups)
        for account in snapshot.accounts.accounts
    )
