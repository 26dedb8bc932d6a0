"""Take a secret out of a startup file.

What it looks at
----------------
The lines that the finding names. Each one that sets the variable and does nothing else is taken out, and every other
byte stays. It is not commented out: a comment can be read as well. The plan, the preview and the journal know the name
of the variable and the number of the line, never the value. The backup, which undo needs, has the mode 0600 and holds
the value: remove it once the secret is replaced.

A line that does more than that is refused, and nothing is changed: a value over several lines, a condition before it,
two variables on one line. Take that out in an editor. The shell's own parser must accept the rest of the file before it
is put in place. What fish keeps in its universal variables is refused too, for fish writes that file itself.

Why it matters
--------------
An exported secret is in every program of every session, each client and each server among them. None asked for it.

How an attacker uses it
-----------------------
An injected prompt asks a file server for ``~/.bashrc``, or a shell server for ``env``.

How to fix it by hand
---------------------
1. Replace the secret at the service that gave it, if the file was ever in a repository, a backup or a shared folder.
2. Keep the new one in a keychain: ``pass insert NAME``, ``secret-tool store --label=NAME service NAME``.
3. Hand it to the one program that needs it: ``GITHUB_TOKEN=$(pass show github) gh "$@"`` in a function or a script.
4. Log out and in: what runs already keeps its environment.

References
----------
- bash(1), zshall(1), fish(1), environment.d(5), pam_env(8); pass(1), secret-tool(1)
- CWE-526: Cleartext Storage of Sensitive Information in an Environment Variable
"""

import re
from posixpath import basename

from workbench.api import (
    EditLine,
    Finding,
    Plan,
    Refusal,
    Reversal,
    Safety,
    Snapshot,
    StartupFile,
    StartupFormat,
    fix,
    listed,
)

_NAME = re.compile(r"[A-Za-z_]\w*")
_MOST = 100  # secrets that a fact holds; of a file with more some would stay
_NEXT = (
    "programs that took it from the environment no longer get it. Now replace the secret at the service that gave it,"
    " put the new one into a keychain (pass insert NAME), and hand it to the one program that needs it:"
    " NAME=$(pass show NAME) PROGRAM. Log out and in: what runs already keeps it. The backup of this run holds the old"
    " one, and so may the history of your dotfiles"
)


@fix(
    title="Take the secret out of the startup file",
    repairs=("secrets/in-shell-startup",),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
)
def plan(finding: Finding, snapshot: Snapshot, answers: None) -> Plan | Refusal:
    """One line taken out for each secret of the file."""
    file = next((each for each in snapshot.session.startup if each.path == finding.subject.key and each.secrets), None)
    if file is None:
        return Refusal("the startup file holds no secret any more, or is not in the snapshot", "scan again")
    if file.dialect == "fish-variables":
        return Refusal(
            f"{file.path} is written by fish itself, which would put the line back",
            f"in fish run: set -eU {file.secrets[0].name}",
        )
    unnamed = next((secret for secret in file.secrets if not _NAME.fullmatch(secret.name)), None)
    if unnamed is not None:
        return Refusal(
            f"the name of the variable in line {unnamed.line} of {file.path} is not plain",
            "take the line out in an editor",
        )
    if len(file.secrets) >= _MOST:
        return Refusal(f"{file.path} holds so many secrets that not all are known", "take them out in an editor")
    form = _format(file)
    operations = tuple(
        EditLine(file.path, form, line, variable=name)
        for line, name in dict.fromkeys((secret.line, secret.name) for secret in file.secrets)
    )
    lines = [each.line for each in operations]
    twice = next((line for line in lines if lines.count(line) > 1), 0)
    if twice:
        return Refusal(
            f"line {twice} of {file.path} sets more than one variable to a secret", "take them out in an editor"
        )
    names = list(dict.fromkeys(each.variable for each in operations))
    return Plan(
        fix="secrets/shell-startup",
        check=finding.check,
        finding=finding.identity,
        title=f"Take {listed(names)} out of {file.path}",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=operations,
        consequences=_NEXT,
    )


def _format(file: StartupFile) -> StartupFormat:
    if file.dialect == "lines":
        return "environment"
    if file.dialect != "sh":
        return "fish"
    name = basename(file.path)
    if name.startswith((".z", "z")) and name.lstrip(".") in ("zshenv", "zprofile", "zshrc", "zlogin"):
        return "zsh"
    return "bash" if name.startswith((".bash", "bash")) or name == ".envrc" else "sh"
