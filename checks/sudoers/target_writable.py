"""What a sudo rule permits can be changed by somebody who is not root.

What it looks at
----------------
Every rule that runs without a password as another account, and the files that its commands then run: the program, the
script that an interpreter is given (`node /opt/x/server.js`), the program behind `env`, and what a script names in its
first line, with every directory and link on the way. Modes, ACLs and owners are judged as the kernel judges them. It is
a finding when a caller of the rule, or any account that is neither root nor the rule's target,

* may write one of these files, or owns it: an owner can always give himself the right;
* can put something else in the place of the file or of a directory above it;
* may make files beside a script, where interpreters look for modules first;
* may make the program, where it does not exist yet, or where the rule permits a whole directory or a wildcard.

Commands that permit everything (`ALL`) have nothing to replace; sudoers/passwordless-too-broad tells them.

Why it matters
--------------
sudo compares the name of a program, not its content. Who can write the file behind an exact and narrow rule may run
anything as the target account, and without a password nobody is asked.

How an attacker uses it
-----------------------
A server was installed with `npm install` into a home folder and permitted with
`NOPASSWD: /home/dev/mcp/bin/server`. An injected prompt has the developer's own agent write two lines into that file
and call `sudo -n`. The next thing that runs, runs as root.

How to fix it by hand
---------------------
1. Look at every directory on the way: `namei -l PATH`.
2. Install what a rule permits where only root writes: `sudo install -o root -g root -m 0755 FILE /usr/local/bin/`, a
   package with its modules as root below `/opt`, and name that path in the rule.
3. Where it lies well, take the rights away: `sudo chown root: PATH`, `sudo chmod go-w PATH`, `setfacl -b PATH`.
4. Remove rules for programs that do not exist any more (`sudo visudo -f FILE`).
5. Check it: as the account, `test -w PATH` must fail for the file and each directory.

References
----------
* sudoers(5), "Security notes": https://www.sudo.ws/docs/man/sudoers.man/
* path_resolution(7), acl(5), namei(1)
* CWE-732, Incorrect Permission Assignment for Critical Resource: https://cwe.mitre.org/data/definitions/732.html
* CWE-426, Untrusted Search Path: https://cwe.mitre.org/data/definitions/426.html
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    WRITE,
    Account,
    Evidence,
    Finding,
    NotAssessed,
    Passed,
    PathFact,
    Severity,
    Snapshot,
    SudoCommand,
    SudoRule,
    Verdict,
    can,
    check,
    judge_permitted_programs,
    listed,
    others,
    permits,
    reaches,
    replaceable_at,
    rule_callers,
    rule_location,
    rule_subject,
    spoken_callers,
    spoken_targets,
)

_ANYONE = "any other account"
_OVERFLOW = 65534
_SHOWN = 6


@check(
    title="What a sudo rule permits can be changed by somebody who is not root",
    severities=(Severity.CRITICAL,),
    needs=("sudoers:rules", "accounts"),
)
def target_writable(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the files behind every rule without a password."""
    return judge_permitted_programs(snapshot, _judged)


def _judged(
    rule: SudoRule, commands: list[SudoCommand], targets: tuple[str, ...], snapshot: Snapshot
) -> Iterator[Verdict]:
    audience = _audience(rule, commands, targets, snapshot)
    doors: dict[str, tuple[str, list[str]]] = {}
    unclear = False
    for command in commands:
        for what, why in _unseen(command):
            unclear = True
            yield NotAssessed(what, why, "run the scan as root")
        for account in audience:
            for path, how in _opened(account, command):
                who = doors.setdefault(path, (how, []))[1]
                if account.name not in who:
                    who.append(account.name)
    if not doors:
        if not unclear:
            yield Passed(rule_subject(rule))
        return
    exact = {path.asked for command in commands for path in _paths(command) if path.file.exact}
    evidence = tuple(
        Evidence(
            expected="only root can change what the rule runs",
            actual=f"{_spoken(who)} {how} {path}",
            command=("namei", "-l", path) if path in exact else (),
        )
        for path, (how, who) in list(doors.items())[:_SHOWN]
    )
    path, (how, who) = next(iter(doors.items()))
    yield Finding(
        subject=rule_subject(rule),
        severity=Severity.CRITICAL,
        summary=(
            f"{spoken_callers(rule)} may run as {spoken_targets(targets)} without a password what "
            f"{_spoken(who)} can change: {_spoken(who)} {how} {path}"
        ),
        evidence=evidence,
        location=rule_location(rule),
    )


def _audience(
    rule: SudoRule, commands: list[SudoCommand], targets: tuple[str, ...], snapshot: Snapshot
) -> tuple[Account, ...]:
    """Whoever gains something: every account but root and, where the rule has one target only, that one.

    The owner of a file counts also where no account of this machine has that id.
    """
    known = {account.uid: account for account in snapshot.accounts.accounts}
    spared = {0}
    if len(targets) == 1:
        spared |= {uid for uid, account in known.items() if targets[0] in (account.name, f"#{uid}")}
    owners: set[int] = set()
    for command in commands:
        for path in _paths(command):
            steps = (*path.directories, path.file)
            # In a user namespace the owner of "/" is the real root, seen as nobody.
            own = {_OVERFLOW} if steps[0].uid == _OVERFLOW else set()
            owners |= {step.uid for step in steps} - own
    strangers = [Account(uid, f"uid {uid}", -1, ()) for uid in sorted(owners - set(known) - spared)]
    everyone = (*rule_callers(rule, snapshot), *others(snapshot.accounts, frozenset(spared)), *strangers)
    return tuple(dict.fromkeys(account for account in everyone if account.uid not in spared))


def _paths(command: SudoCommand) -> tuple[PathFact, ...]:
    return tuple(path for path in (command.nearest, command.target, *command.runs) if path is not None)


def _unseen(command: SudoCommand) -> Iterator[tuple[str, str]]:
    for path in command.unseen:
        yield f"who can change {path}, which a sudo rule permits", "it could not be looked at"
    if command.text.startswith("^"):
        yield f"who can change what {command.text} permits", "it is an expression, not a path"


def _opened(account: Account, command: SudoCommand) -> Iterator[tuple[str, str]]:
    """Each place through which an account can change what the command runs, and how."""
    if command.nearest is not None:
        folder = command.nearest
        if replaceable_at(account, folder) is not None:
            yield folder.asked, "can replace"
        elif reaches(account, folder) and (permits(account, folder.file, WRITE) or account.uid == folder.file.uid):
            yield folder.asked, "may make files in"
    # A digest is compared with the content, so that another content is not run; a script beside it is.
    if command.target is not None and not command.digests:
        yield from _changed(account, command.target)
    for path in command.runs:
        yield from _changed(account, path)
        if _is_script(path) and replaceable_at(account, path) is None and _adds_beside(account, path):
            yield path.asked, "may make modules beside"


def _changed(account: Account, path: PathFact) -> Iterator[tuple[str, str]]:
    place = replaceable_at(account, path)
    if place is not None:
        yield path.asked, "can replace" if place.path == _folder(path) else f"can, by way of {place.path}, replace"
    elif account.uid == path.file.uid and reaches(account, path):
        yield path.asked, "owns"
    elif can(account, path, WRITE):
        yield path.asked, "may write"


def _folder(path: PathFact) -> str:
    return path.directories[-1].path if path.directories else ""


def _adds_beside(account: Account, path: PathFact) -> bool:
    return bool(path.directories) and reaches(account, path) and permits(account, path.directories[-1], WRITE)


def _is_script(path: PathFact) -> bool:
    return "." in path.asked.rpartition("/")[2]


def _spoken(names: list[str]) -> str:
    return _ANYONE if _ANYONE in names else listed(names)
