"""A server is started through sudo, and no rule permits it without a password: it cannot start.

What it looks at
----------------
Every enabled server whose command goes through `sudo`, against the sudo policy of this machine as sudo's own
`cvtsudoers` parses it. The configured program and arguments are compared as sudo compares them: the absolute path, the
arguments joined with blanks, wildcards, expressions, `""` for no arguments, aliases, exceptions, target account and
group, hosts, and of all entries that match the last one. It is a finding when for the account that reads this config

* no entry permits exactly this command as this account, or a later one takes it back;
* an entry permits it and asks for a password;
* sudo's `-E` is given and nothing (`SETENV`) lets the caller keep his environment.

What cannot be told is said to be not assessed: netgroups, digests, expressions that are not plain, values that the
client fills in, a program that has the same name in another folder.

Why it matters
--------------
With `-n` sudo refuses and the client shows a server that failed; without it sudo asks where nobody can answer, and the
client hangs. A wall that does not start is soon taken down: the server runs as you again.

How an attacker uses it
-----------------------
He need not: the quick repair is what serves him. A rule that does not match because of one changed argument is made to
match with `NOPASSWD: ALL`, and then every injected prompt is root.

How to fix it by hand
---------------------
1. Ask sudo itself, as the account, after `sudo -k`: `sudo -n -l -u ACCOUNT PROGRAM ARGUMENTS` prints the command when
   it is permitted without a password, and fails when not.
2. `sudo visudo -f /etc/sudoers.d/mcp-server` (no dot in the name) and write the exact line:
   `dev ALL=(mcp-server) NOPASSWD: /usr/local/bin/mcp-filesystem-server --root /var/mcp/workspace`.
3. Keep both in step: change the rule whenever you change the arguments in the config.
4. Where an entry for the same command stands further down (`%sudo ALL=(ALL) ALL`), put the rule below it.

References
----------
* sudoers(5), "SUDOERS FILE FORMAT": https://www.sudo.ws/docs/man/sudoers.man/
* sudo(8): `-n`, `-l`, `-U`
* CWE-636, Not Failing Securely: https://cwe.mitre.org/data/definitions/636.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.api import (
    ClientConfig,
    Evidence,
    Finding,
    Launch,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    ServerEntry,
    Severity,
    Snapshot,
    SudoCall,
    SudoDecision,
    SudoRequest,
    Verdict,
    called_through_sudo,
    check,
    server_subject,
    started_servers,
    sudo_caller,
    sudo_decides,
    sudo_target,
    through_sudo,
)

_FILLED_IN = re.compile(r"\$\{|<secret: |\$[A-Za-z_]|%[A-Za-z_]+%|\{[a-z]+:")
_ELSEWHERE = frozenset(
    [
        "docker",
        "podman",
        "nerdctl",
        "finch",
        "docker-compose",
        "podman-compose",
        "wsl",
        "chroot",
        "unshare",
        "bwrap",
        "firejail",
        "nsjail",
        "systemd-run",
    ]
)


@check(
    title="A server is started through sudo, and no rule permits it without a password: it cannot start",
    severities=(Severity.MEDIUM,),
    needs=("clients:content",),
)
def rule_missing(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each enabled server that sudo starts."""
    seen = False
    for config, entry, launch in started_servers(snapshot):
        if not through_sudo(launch):
            continue
        seen = True
        yield _judged(config, entry, launch, snapshot)
    if not seen:
        yield NotApplicable("no enabled server is started through sudo")


def _judged(config: ClientConfig, entry: ServerEntry, launch: Launch, snapshot: Snapshot) -> Verdict:
    subject = server_subject(config, entry)
    what = f"whether sudo permits {subject.label}"
    unlock = "ask sudo, as the account of the client: sudo -k; sudo -n -l -u ACCOUNT PROGRAM ARGUMENTS"
    call = called_through_sudo(entry.command)
    inside = _inside(launch)
    if inside:
        return NotAssessed(what, f"that sudo runs inside of {inside}, under another policy")
    if call is None:
        return NotAssessed(what, "how sudo is called could not be told", unlock)
    # Not among the needs: without a server behind sudo nobody has to read the policy.
    for state in (snapshot.sudoers.state, snapshot.accounts.state):
        if state.status in ("failed", "not applicable"):
            return NotAssessed(what, state.reason, state.unlock)
    gap = next((unread for unread in snapshot.sudoers.state.unread if unread.facet == "rules"), None)
    if gap is not None:
        return NotAssessed(what, f"{gap.what}: {gap.why}", gap.unlock)
    caller = sudo_caller(config, snapshot)
    if caller is None:
        return NotAssessed(what, "the account whose client reads this config is not known", unlock)
    if any(_FILLED_IN.search(word) for word in call.command):
        return NotAssessed(what, "its command holds a value that is hidden or filled in by the client", unlock)
    target = sudo_target(call, snapshot)
    request = SudoRequest(caller, target, call.command, call.group)
    decision = sudo_decides(snapshot.sudoers, snapshot.accounts, request)
    why = _why(decision, call)
    if why is None:
        return NotAssessed(what, "the sudo policy names what this host alone cannot tell", unlock)
    if not why:
        return Passed(subject)
    spoken = target or caller.name
    command = " ".join(call.command)
    return Finding(
        subject=subject,
        severity=Severity.MEDIUM,
        summary=f"{entry.name} cannot start: sudo {why} {caller.name} to run it as {spoken}",
        evidence=(
            Evidence(
                expected=f"a rule that permits {caller.name}, as {spoken} and without a password: {command}",
                actual=f"sudo {why} it",
                command=("sudo", "-l", "-U", caller.name),
            ),
        ),
        location=Location(config.path.asked, entry.line, pointer=entry.pointer),
    )


def _why(decision: SudoDecision, call: SudoCall) -> str | None:
    """Why sudo does not start it, "" when it does, None where that cannot be told."""
    if decision.permitted is False:
        return "does not permit"
    if decision.passwordless is False:
        return "asks for a password before it permits"
    if decision.permitted is None or decision.passwordless is None:
        return None
    if call.keeps_all and decision.set_environment is False:
        return "does not keep the environment (-E) and so does not permit"
    if call.keeps_some and decision.set_environment is not True:
        return None
    return ""


def _inside(launch: Launch) -> str:
    """The wrapper around sudo that leaves this host or its file system, "" for none."""
    before = launch.wrappers[: launch.wrappers.index("sudo")] if "sudo" in launch.wrappers else launch.wrappers
    return next((name for name in before if name.split(" ")[0] in _ELSEWHERE), "")
