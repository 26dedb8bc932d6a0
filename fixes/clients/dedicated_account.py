r"""Give the server an account of its own, a workspace of its own, and one exact way to be started.

What it looks at
----------------
The configuration entry that starts the server, its program and every folder on the way to it, and the sudo policy. As
one plan it makes

1. a system account with nothing to log in with: no password, no shell, no home;
2. a workspace such as ``/var/mcp/files`` or ``/srv/files`` that belongs to it, mode 0750;
3. a file in ``/etc/sudoers.d`` with one rule: you may start exactly this command as that account, without a password
   (its name begins with ``zz-``, for of all rules that match the last one counts);
4. a trial: the server is started as that account and has to answer the first request of MCP;
5. and only then the entry of the configuration::

    "command": "sudo",
    "args": ["-n", "-u", "mcp-files", "/usr/local/bin/mcp-filesystem-server", "/var/mcp/files"]

A folder that the server was given as its root becomes the workspace: the account has no way into your home.

The rule is proven by sudo's own parser on the whole policy before it is in force and after: it gains this one line and
nothing else changes, so nobody is shut out. Where any step fails, the earlier ones are taken back, last first. Undo
takes back the entry, the rule, the workspace where it is empty, and the account.

Refused, with what to do instead: a program that you, or anybody but root, could change, for then the rule would start
whatever is put there; one below a home that the account cannot enter, and package runners such as ``npx``, which fetch
into yours: install it as root instead, ``sudo npm install --prefix /opt/mcp PACKAGE``, and name
``/usr/bin/node /opt/mcp/node_modules/…``; entries with an ``env`` block, for sudo starts the server with a clean
environment (``env_reset``) and it would miss what stands there; arguments that a rule cannot hold exactly; servers in a
container, in a sandbox, or behind sudo already; more than one folder.

Why it matters
--------------
A server that runs as you reads what you read. As another account it is the kernel that says no, to everything that is
not world-readable or in its workspace, whatever flaw it has. Its denied attempts can be recorded: audit/install-rules.

How an attacker uses it
-----------------------
An injected prompt asks the server for ``~/.ssh/id_ed25519``. As you it is read; as ``mcp-files`` it is refused.

How to fix it by hand
---------------------
``sudo useradd --system --no-create-home --shell /usr/sbin/nologin mcp-files``, ``sudo install -d -o mcp-files -g
mcp-files -m 0750 /var/mcp/files``, and with ``sudo visudo -f /etc/sudoers.d/zz-mcp-files`` ``you ALL=(mcp-files)
NOPASSWD: /usr/local/bin/mcp-filesystem-server /var/mcp/files``. Try it: ``sudo -k; sudo -n -u mcp-files`` and the
command. The arguments must be the same to the last character in the rule and in the configuration. The official file
server takes its folder as an argument of its own: it has no option ``--root``, which some guides name.

References
----------
- useradd(8), sudoers(5), sudo(8)
- CWE-250: Execution with Unnecessary Privileges; CWE-653: Improper Isolation or Compartmentalization
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from workbench.api import (
    SUDO_RULES,
    Account,
    ClientConfig,
    CreateAccount,
    CreateRootFile,
    EditValue,
    Finding,
    Kept,
    MakeRootDirectory,
    Operation,
    PackageSpec,
    Plan,
    Refusal,
    Reversal,
    Safety,
    ServerEntry,
    Snapshot,
    TrialAsAccount,
    configured,
    fix,
    is_account_rule,
    listed,
    no_wall,
    not_reached,
    rule_for,
    started_as,
    sudo_caller,
)

_CHECK = "clients/no-isolation"
_BY_HAND = "do it by hand: workbench explain clients/dedicated-account"
_NAME = re.compile(r"mcp[a-z0-9_-]{0,28}")
_CALLER = re.compile(r"[a-z_][a-z0-9_-]{0,60}")
_PLACE = re.compile(r"/(?:srv/|(?:var|var/lib|opt)/mcp)[A-Za-z0-9_./@%+~-]+")
_INSTALL = "install it as root below /opt or /usr/local, and name that path: sudo npm install --prefix /opt/mcp PACKAGE"
_START = 30
_MODES: dict[str, Literal[0o750, 0o770]] = {"read": 0o750, "nothing": 0o750, "read and write": 0o770}


@dataclass(frozen=True, slots=True)
class DedicatedAccount:
    """What the fix asks: the account, its workspace, and what the person may do there."""

    account: str = field(
        metadata={"label": "Name of the new account", "help": "It begins with mcp: small letters, digits, - and _."}
    )
    workspace: str = field(
        metadata={
            "label": "Its workspace",
            "help": "A new directory such as /var/mcp/files. The folder it was given becomes this. Empty: none.",
        }
    )
    yours: Literal["read", "read and write", "nothing"] = field(
        metadata={
            "label": "What you may do in its workspace",
            "help": "Through your own group, where nobody else is in that.",
        }
    )


def _suggest(finding: Finding, snapshot: Snapshot) -> DedicatedAccount | Refusal:
    """An account of the server's name, a workspace of that name, and reading there."""
    found = _found(finding, snapshot)
    if isinstance(found, Refusal):
        return found
    _, entry, caller = found
    name = re.sub(r"[^a-z0-9]+", "-", entry.name.lower()).strip("-").removeprefix("mcp-")[:20].strip("-") or "server"
    taken = {account.name for account in snapshot.accounts.accounts} | {name for _, name in snapshot.accounts.groups}
    names = (f"mcp-{name}", *(f"mcp-{name}-{count}" for count in range(2, 100)))
    account = next((each for each in names if each not in taken), names[0])
    given = entry.launch is not None and (entry.launch.roots or any(a.kind == "files" for a in entry.launch.abilities))
    workspace = f"/var/mcp/{account.removeprefix('mcp-')}" if given else ""
    return DedicatedAccount(account, workspace, "read" if _own_group(caller, snapshot) else "nothing")


@fix(
    title="Give the server an account of its own",
    repairs=(_CHECK,),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
    answers=DedicatedAccount,
    suggest=_suggest,
)
def plan(finding: Finding, snapshot: Snapshot, answers: DedicatedAccount) -> Plan | Refusal:
    """Account, workspace, rule, trial, and last the configuration."""
    found = _found(finding, snapshot)
    if isinstance(found, Refusal):
        return found
    config, entry, caller = found
    wrong = _wrong_answer(answers, caller, snapshot)
    if wrong is not None:
        return wrong
    command = _command(entry, answers.workspace, snapshot)
    if isinstance(command, Refusal):
        return command
    kept = Kept(answers.account, command)
    if kept.refusal:
        return Refusal(kept.refusal, _BY_HAND)
    # The last entry that matches counts, so its file has to come after the others.
    file = f"{SUDO_RULES}/zz-{answers.account}"
    if any(each.path == file for each in snapshot.sudoers.listed):
        return Refusal(f"there is a file {file} already", "answer another name of the account")
    why = not_reached(answers.account, entry, snapshot) or no_wall(kept, file, caller, entry, snapshot)
    if why:
        return Refusal(why, _INSTALL)
    started = ("sudo", "-n", "-u", answers.account, *command)
    edits = started_as(config, entry, started)
    if isinstance(edits, Refusal):
        return edits
    content = f"# The one command by which {caller.name} starts the MCP server. Made by workbench.\n"
    content += f"{rule_for(caller.name, kept)}\n"
    if not is_account_rule(content):
        return Refusal("the command cannot be written into a rule exactly", _BY_HAND)
    group = answers.account if answers.yours == "nothing" else _group_name(caller, snapshot)
    operations: tuple[Operation, ...] = (
        CreateAccount(answers.account),
        *(
            (MakeRootDirectory(answers.workspace, answers.account, group, _MODES[answers.yours]),)
            if answers.workspace
            else ()
        ),
        CreateRootFile(file, content, "sudoers-file"),
        TrialAsAccount(file, started, caller.name, _START),
        *edits,
    )
    return Plan(
        fix="clients/dedicated-account",
        check=_CHECK,
        finding=finding.identity,
        title=f"Start {entry.name} as {answers.account}, an account of its own",
        safety=Safety.REVIEW,
        reversal=Reversal.PARTIAL if answers.workspace else Reversal.FULL,
        operations=operations,
        consequences=_consequences(config, entry, answers, edits),
        keeps=(
            f"{answers.workspace}, where anything is in it: remove it or give it to another account, for one that is"
            " made later may get the same number"
        )
        if answers.workspace
        else "",
    )


def _found(finding: Finding, snapshot: Snapshot) -> tuple[ClientConfig, ServerEntry, Account] | Refusal:
    """The one server of the finding and who starts it, or why it cannot have an account of its own."""
    if snapshot.host.platform != "linux":
        return Refusal("accounts of servers are made on Linux only", "use the sandbox of the client, or a container")
    found = configured(finding, snapshot)
    if len(found) != 1:
        names = listed([entry.name for _, entry in found]) or "no configured server"
        return Refusal(f"it is about {names}, and one is repaired at a time", "repair each by itself")
    config, entry = found[0]
    caller = sudo_caller(config, snapshot)
    if config.scope != "user" or caller is None or not _CALLER.fullmatch(caller.name):
        return Refusal(
            "it is not known which one account starts the server, and only that may be permitted to", _BY_HAND
        )
    if caller.uid == 0:
        return Refusal("the client runs as root, which may start anything as anybody", "run the client as yourself")
    why = _out_of_reach(config, entry)
    return why if why is not None else (config, entry, caller)


def _out_of_reach(config: ClientConfig, entry: ServerEntry) -> Refusal | None:
    launch, name = entry.launch, entry.name
    if launch is None or entry.transport != "stdio" or entry.disabled or not entry.command:
        return Refusal(f"{name} is not started by {config.client_name}", "give it an account where it is started")
    if launch.sandbox or entry.client_sandbox or launch.image is not None or launch.container is not None:
        return Refusal(f"{name} is in a sandbox or a container already", "narrow that one")
    if launch.package is not None:
        return Refusal(f"{name} is fetched by a package runner, into a place of yours", _installed(launch.package))
    if launch.wrappers or launch.account:
        return Refusal(f"{name} is started through {listed(list(launch.wrappers)) or 'another account'}", _BY_HAND)
    if not launch.understood:
        return Refusal(f"how {name} is started is not understood, nor what it needs", _BY_HAND)
    if entry.environment or entry.environment_files:
        names = listed([each.name for each in entry.environment][:5]) or "those of a file"
        return Refusal(
            f"sudo starts it with a clean environment (env_reset), so that it would miss its variables: {names}",
            "take them out of the entry first where it needs none; clients/sandbox-launcher keeps them",
        )
    if any("<secret: " in word for word in entry.command):
        return Refusal(
            f"an argument of {name} is a secret, which everybody could read in the rule", "move it out first"
        )
    if len(launch.roots) > 1:
        return Refusal(
            f"{name} is given {len(launch.roots)} folders, and has one workspace", "give it one folder first"
        )
    return None


def _installed(package: PackageSpec) -> str:
    """How to install it where the account reaches it and nobody but root changes it."""
    exact = package.pin == "exact"
    if package.ecosystem == "npm":
        named = f"{package.name}@{package.version}" if exact else package.name
        return (
            f"install it as root: sudo npm install --prefix /opt/mcp {named}; then start it with /usr/bin/node and its"
            f" script below /opt/mcp/node_modules/{package.name}"
        )
    named = f"{package.name}=={package.version}" if exact else package.name
    return (
        f"install it as root: sudo python3 -m venv /opt/mcp/{package.name}; sudo /opt/mcp/{package.name}/bin/pip"
        f" install {named}; then start it with its program below /opt/mcp/{package.name}/bin"
    )


def _wrong_answer(answers: DedicatedAccount, caller: Account, snapshot: Snapshot) -> Refusal | None:
    if not _NAME.fullmatch(answers.account):
        return Refusal(f"{answers.account} is no name for the account of a server", "answer one that begins with mcp-")
    names = {account.name for account in snapshot.accounts.accounts} | {name for _, name in snapshot.accounts.groups}
    if answers.account in names:
        return Refusal(f"there is an account or a group {answers.account} already", "answer another name")
    place = answers.workspace
    if place and (not _PLACE.fullmatch(place) or {"", ".", ".."} & set(place.split("/")[1:])):
        return Refusal(
            "the workspace is no plain path below /srv, /var/mcp, /var/lib/mcp or /opt/mcp",
            "answer one such as /var/mcp/files",
        )
    if place and answers.yours != "nothing" and not _own_group(caller, snapshot):
        return Refusal(f"others are in the group of {caller.name} as well, and would read there too", "yours=nothing")
    return None


def _own_group(caller: Account, snapshot: Snapshot) -> bool:
    """Whether the account's group has a name and nobody else in it."""
    inside = [account for account in snapshot.accounts.accounts if caller.gid in account.groups]
    return bool(_group_name(caller, snapshot)) and caller.gid != 0 and [each.uid for each in inside] == [caller.uid]


def _group_name(caller: Account, snapshot: Snapshot) -> str:
    return next((name for gid, name in snapshot.accounts.groups if gid == caller.gid), "")


def _command(entry: ServerEntry, workspace: str, snapshot: Snapshot) -> tuple[str, ...] | Refusal:
    """The command as the account will run it: an absolute program, and the workspace in the place of the folder."""
    words, launch = list(entry.command), entry.launch
    if launch is None:
        return Refusal("nothing is started", _BY_HAND)
    if not words[0].startswith("/"):
        base = words[0].rpartition("/")[2]
        words[0] = next(
            (path for path in entry.runs if path.rpartition("/")[2] == base and "/" not in entry.command[0]), ""
        )
    if not words[0].startswith("/"):
        return Refusal(f"the program of {entry.name} was not found", "write its absolute path into the entry")
    if launch.script and not launch.script.startswith("/"):
        return Refusal(
            f"{launch.script} is looked for in whatever folder the client happens to be in, or in your own packages",
            _INSTALL,
        )
    for root in launch.roots:
        if not workspace:
            return Refusal(f"{entry.name} works in {root.path}, and needs a workspace", "answer workspace")
        stands = words[root.argument] if 0 <= root.argument < len(words) else ""
        before, found, after = stands.partition(root.text)
        if not found or after or (before and not before.endswith("=")):
            return Refusal("the argument with its folder is not written in a way that can be changed safely", _BY_HAND)
        words[root.argument] = f"{before}{workspace}"
    return tuple(words)


def _consequences(
    config: ClientConfig, entry: ServerEntry, answers: DedicatedAccount, edits: tuple[Operation, ...]
) -> str:
    reached = f"{answers.workspace} and " if answers.workspace else ""
    said = [
        f"applying starts {entry.name} once, to see that it answers",
        f"from the next start of {config.client_name} on it reaches {reached}what every account may read, and nothing"
        " else of yours: put into its workspace what it is to work on"
        if answers.workspace
        else f"from the next start of {config.client_name} on it reaches what every account may read, nothing else of"
        " yours",
        "it is given none of your session's variables (env_reset): no PATH of yours, no proxy, no token",
        "it has no home: what it keeps there it cannot keep any more",
        "each change of its arguments needs the same change in the rule, or it does not start",
        "the network is as open to it as before",
    ]
    roots = entry.launch.roots if entry.launch is not None else ()
    if roots and any(isinstance(each, EditValue) or answers.workspace for each in edits):
        said.insert(1, f"what is in {roots[0].path} stays there and is no longer reached: copy what it needs")
    return ". ".join(each[0].upper() + each[1:] for each in said)
