"""A server runs as you, with nothing around it.

What it looks at
----------------
Every enabled server that a client starts as a program (stdio). It passes when the command puts something around the
server: a container, bubblewrap, firejail, ``systemd-run`` with a sandbox, another account (``sudo -u``), or when the
client itself confines it (VS Code's ``sandboxEnabled`` on macOS and Linux). What gives the host away is no sandbox: a
container that is ``--privileged``, or has ``/`` or the engine's socket mounted; bubblewrap with ``--bind / /`` alone.
Remote servers run elsewhere and are not judged. A server that is switched off is not started and not judged. A
sandbox that the program builds for itself (Landlock, Seatbelt) cannot be seen in a configuration; the area
``processes`` looks at the running server.

Why it matters
--------------
A program started by a client has all of your rights: it reads every file you can read, uses your keys and your login
sessions, and reaches every host you reach. What the server *offers* as tools is only what it promises. One flaw in it,
one poisoned dependency, or one prompt that talks it into the wrong call, and those rights are used for somebody else.
This is the default of nearly every client, and the reason why most other findings matter.

How an attacker uses it
-----------------------
Text in a web page, an issue or a mail makes the model call a tool with arguments that the server handles badly (a path
that leaves the workspace, a command that is not quoted). The server then reads ``~/.ssh/id_ed25519`` or the cookies of
your browser and sends them away. Nothing on the system stands in its way, because it is you.

How to fix it by hand
---------------------
Give the server only what it needs. On Linux with bubblewrap, for a server that lies in ``/opt/mcp/server``::

    "command": "bwrap",
    "args": ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv",
             "--setenv", "PATH", "/usr/bin", "--ro-bind", "/usr", "/usr",
             "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
             "--ro-bind", "/opt/mcp/server", "/srv", "--bind", "/home/you/workspace", "/workspace",
             "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/workspace",
             "/usr/bin/node", "/srv/index.js", "/workspace"]

``--clearenv`` takes the variables of your session from the server, yet inside ``/proc/1/environ`` still shows them, as
``bwrap`` was given them; the launcher that ``clients/sandbox-launcher`` writes takes them away before. It starts the
server in it once before the configuration names it.

Or run it in a container (``docker run -i --rm --network none --cap-drop ALL --read-only --user 1000:1000 …``), or under
an account of its own (``sudo -n -u mcp-server …`` with an exact sudoers rule). In VS Code set
``"sandboxEnabled": true``.

References
----------
* bwrap(1), systemd.exec(5), sudoers(5), docker-run(1)
* VS Code documentation: MCP configuration reference, sandboxing
* CWE-250: Execution with Unnecessary Privileges
* CWE-653: Improper Isolation or Compartmentalization
* Model Context Protocol, Security Best Practices: Local MCP Server Compromise
"""

from collections.abc import Iterator

from workbench.api import (
    ClientConfig,
    Evidence,
    Finding,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    ServerEntry,
    Severity,
    Snapshot,
    Verdict,
    check,
    entry_command,
    server_subject,
)


@check(
    title="A server runs as you, with nothing around it",
    severities=(Severity.HIGH,),
    needs=("clients:content",),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each enabled stdio server."""
    seen = False
    for config in snapshot.clients.configs:
        for entry in config.servers:
            launch = entry.launch
            if launch is None or not launch.program or entry.transport != "stdio" or entry.disabled:
                continue
            seen = True
            subject = server_subject(config, entry)
            if launch.sandbox or entry.client_sandbox or not _is_own(launch.account, config, snapshot):
                yield Passed(subject)
            elif not launch.understood:
                yield NotAssessed(subject.label, "an option of its launcher is not known, nor what it puts around it")
            else:
                yield _finding(config, entry, snapshot)
    if not seen:
        yield NotApplicable("no client starts an enabled server on this host")


def _is_own(account: str, config: ClientConfig, snapshot: Snapshot) -> bool:
    """Whether it stays the developer's account, or becomes root, which is less isolated still."""
    own = (_user(config, snapshot), str(_starter(config, snapshot)), snapshot.host.user, str(snapshot.host.uid))
    return account.lstrip("#") in ("", "root", "0", *own)


def _user(config: ClientConfig, snapshot: Snapshot) -> str:
    """Whom the client runs as, by name."""
    uid = _starter(config, snapshot)
    if uid == snapshot.host.uid:
        return snapshot.host.user
    return next((known.name for known in snapshot.accounts.accounts if known.uid == uid), f"uid {uid}")


def _starter(config: ClientConfig, snapshot: Snapshot) -> int:
    """The account whose client reads the config, which need not be the one that looks, nor the same for all homes."""
    uid = config.path.file.uid
    owners = {known.uid for known in snapshot.accounts.accounts if known.home and known.home == snapshot.host.home}
    if config.scope == "user" and uid in owners:
        return uid
    return config.owner if config.owner is not None else snapshot.host.uid


def _finding(config: ClientConfig, entry: ServerEntry, snapshot: Snapshot) -> Finding:
    launch = entry.launch
    who = "root" if launch and launch.account.lstrip("#") in ("root", "0") else _user(config, snapshot)
    wrappers = f" through {', '.join(launch.wrappers)}" if launch and launch.wrappers else ""
    return Finding(
        subject=server_subject(config, entry),
        severity=Severity.HIGH,
        summary=f"{config.client_name} starts {entry.name} as {who}, with nothing around it",
        evidence=(
            Evidence(
                expected="a sandbox, a container or an account of its own around the server",
                actual=f"{launch.program if launch else ''} is started{wrappers} as {who}",
                command=entry_command(config, entry),
            ),
        ),
        location=Location(config.path.asked, entry.line, pointer=entry.pointer),
    )
