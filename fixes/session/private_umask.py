"""Set ``umask 077`` where your shell reads it.

What it looks at
----------------
The login shell of your account, the startup files of your home that it reads, and each umask that they set. Every
``umask NNN`` that is too open, alone on its line, becomes ``umask 077``. Where none does, ``umask 077`` is added as the
last line of the one file that counts: the first of ``.bash_profile``, ``.bash_login``, ``.profile`` and ``.bashrc`` for
bash, the first of ``.zshenv``, ``.zprofile`` and ``.zshrc`` for zsh, ``config.fish`` for fish, ``.profile`` for others
that are like sh. Every other byte stays, and the shell's own parser must accept the new file before it is put in place.
Where none of them is there, ``.profile``, ``.zshenv`` or ``config.fish`` is made, with this one line and the mode 0600.

It takes effect at your next login, in what starts from then on: no program can change the umask of one that runs. The
check looks at the session that runs, so it goes on finding what it found until you have logged in again. What is
verified at once is that the line stands in the file, as a command of its own that the shell's parser accepts. The file
is not run for that: a startup file may do anything, and would do it as root where the workbench runs as root.

Why it matters
--------------
With 077 what a client or a server writes is yours alone, also where the program takes no care: configurations with
tokens, their backups, logs of conversations.

How an attacker uses it
-----------------------
Another account, or a service that was broken into, reads the backup that an editor left beside your configuration.

How to fix it by hand
---------------------
Write ``umask 077`` as the last line of ``~/.profile`` (``~/.zshenv`` for zsh, ``~/.config/fish/config.fish`` for fish),
log out and in, and ask: ``umask``. Services of your login need ``UMask=0077`` in ``systemctl --user edit NAME``. Files
that exist already keep their mode. For folders that a group is to share, make files with ``umask 007`` there only.

References
----------
- umask(2); bash(1): INVOCATION; zshall(1): STARTUP/SHUTDOWN FILES; fish(1); pam_umask(8)
- CWE-276: Incorrect Default Permissions
"""

import re
from posixpath import basename, dirname

from workbench.api import (
    CreateFile,
    EditLine,
    Finding,
    Operation,
    Plan,
    Refusal,
    Reversal,
    Safety,
    Snapshot,
    StartupFile,
    StartupFormat,
    fix,
)

_WANTED = "umask 077"
_LITERAL = re.compile(r"umask ([0-7]{1,4})")
_NEXT = "at your next login"
_BASH = (".bash_profile", ".bash_login", ".profile", ".bashrc")
# Of each shell the files that it reads, those before others that the line is added to, and the parser of them.
_READ: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "bash": (_BASH, _BASH),
    "zsh": ((".zshenv", ".zprofile", ".zshrc", ".zlogin"), (".zshenv", ".zprofile", ".zshrc")),
    "fish": (("config.fish",), ("config.fish",)),
    "sh": ((".profile",), (".profile",)),
}
_LIKE_SH = ("sh", "dash", "ksh", "mksh", "ash", "busybox")


@fix(
    title="Set umask 077 where your shell reads it",
    repairs=("session/umask",),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
)
def plan(finding: Finding, snapshot: Snapshot, answers: None) -> Plan | Refusal:
    """One line for each umask that is too open, or one new line."""
    account = next((each for each in snapshot.accounts.accounts if each.uid == snapshot.host.uid), None)
    program = basename(account.shell) if account is not None else ""
    shell = "sh" if program in _LIKE_SH else program
    if shell not in _READ:
        return Refusal(
            f"your login shell ({program or 'unknown'}) is none whose startup files the workbench knows",
            f"write {_WANTED} into the file that it reads first",
        )
    own = _read_by(shell, snapshot)
    home = snapshot.host.home.rstrip("/")
    if not own:
        place = {"zsh": f"{home}/.zshenv", "fish": f"{home}/.config/fish/config.fish"}.get(shell, f"{home}/.profile")
        return _plan(finding, (CreateFile(place, f"{_WANTED}\n"),))
    unclear = next((each for each in own for _, words in each.umasks if not _LITERAL.fullmatch(words)), None)
    if unclear is not None:
        line = next(line for line, words in unclear.umasks if not _LITERAL.fullmatch(words))
        return Refusal(
            f"line {line} of {unclear.path} sets the umask in a way that is not a number",
            f"change that line in an editor to: {_WANTED}",
        )
    replaced = tuple(
        EditLine(file.path, _format(file, shell), line, words, _WANTED)
        for file in own
        for line, words in file.umasks
        if _is_open(words)
    )
    closed = next((file for file in own if file.umasks), None)
    operations: tuple[Operation, ...]
    if replaced:
        operations = replaced
    elif closed is not None:
        return Refusal(
            f"{closed.path} sets {closed.umasks[-1][1]} already, and this session began without it",
            "log out and in, then look again; if it is still found, see pam_umask and the settings of your terminal",
        )
    else:
        names = _READ[shell][1]
        target = next((file for name in names for file in own if basename(file.path) == name), own[0])
        operations = (EditLine(target.path, _format(target, shell), value=_WANTED),)
    return _plan(finding, operations)


def _plan(finding: Finding, operations: tuple[Operation, ...]) -> Plan:
    return Plan(
        fix="session/private-umask",
        check=finding.check,
        finding=finding.identity,
        title=f"Set {_WANTED} in {' and '.join(dict.fromkeys(each.path for each in operations))}",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=operations,
        consequences=(
            "what your programs make from then on is yours alone: other accounts, your group too, cannot read it until"
            " you let them; what runs already keeps its umask, so log out and in"
        ),
        later=_NEXT,
    )


def _read_by(shell: str, snapshot: Snapshot) -> list[StartupFile]:
    """The files of this account that the shell reads by itself, and those that these source."""
    names = _READ[shell][0]
    own = [file for file in snapshot.session.startup if file.owner == snapshot.host.uid]
    alone = {basename(file.path) for file in own if not file.read_by}
    # A login shell of bash reads the first of these and no other.
    unread = [name for name in _BASH[:3] if name in alone][1:] if shell == "bash" else []
    known: dict[str, StartupFile] = {}
    for file in own:
        name = basename(file.path)
        of_fish = shell == "fish" and basename(dirname(file.path)) == "conf.d" and name.endswith(".fish")
        by_itself = not file.read_by and name not in unread and (name in names or of_fish)
        if by_itself or file.read_by in known:
            known[file.path] = file
    return list(known.values())


def _is_open(words: str) -> bool:
    match = _LITERAL.fullmatch(words)
    mask = int(match[1], 8) if match else 0
    return mask & 0o007 != 0o007 or not mask & 0o020


def _format(file: StartupFile, shell: str) -> StartupFormat:
    if shell == "zsh":
        return "zsh"
    if shell == "fish":
        return "fish"
    return "bash" if basename(file.path).startswith(".bash") else "sh"
