"""sudo leaves out a file of its policy, or stumbles over a mistake in it.

What it looks at
----------------
The main file, every folder that it includes (`@includedir`), and every file in these, also those that sudo does not
read. It is a finding when

* the name of a file in an included folder holds a dot or ends in `~`: sudo skips it without a word. Empty files and
  leftovers of package managers (`.dpkg-old`, `.rpmsave`, …) do not count;
* a file or an included folder belongs to another account than root, is writable for everyone, or is writable for a
  group that is not root's: sudo refuses it and says so to nobody who is asked for no terminal. A main file like this
  stops sudo altogether;
* sudo's own parser finds a mistake: sudo leaves out that line and goes on, and older releases stop altogether.

A mode such as 0644 is not what `visudo` would set, but sudo reads the file, and so it passes.

Why it matters
--------------
Whoever wrote the file believes that it holds. The rule that lets the server start does not exist, or the line that
takes a right back is not in force: `!/usr/bin/su` in a file that is skipped forbids nothing.

How an attacker uses it
-----------------------
He uses the right that was meant to be taken away. And a file that others can write, which sudo refuses today, is
trusted tomorrow with its content of today, when somebody mends the mode and does not read it again.

How to fix it by hand
---------------------
1. Look at all of them: `sudo ls -la /etc/sudoers.d`, and let sudo check what it reads: `sudo visudo -c`.
2. Read the file first (`sudo cat FILE`): is it what you want to be in force?
3. Then rename it to a name without a dot (`sudo mv /etc/sudoers.d/mcp.conf /etc/sudoers.d/mcp`) or remove it, and
   set owner and mode: `sudo chown root:root FILE; sudo chmod 0440 FILE`.
4. Mend a mistake with `sudo visudo -f FILE`. Keep a root shell open until `sudo -l` works again.

References
----------
* sudoers(5), "Including other files from within sudoers" and "Sudoers file mode": https://www.sudo.ws/docs/man/sudoers.man/
* visudo(8)
* CWE-732, Incorrect Permission Assignment for Critical Resource: https://cwe.mitre.org/data/definitions/732.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.api import (
    Evidence,
    FileFact,
    Finding,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    Subject,
    Verdict,
    check,
)

_LEFTOVER = re.compile(r".*(?:\.dpkg-[a-z]+|\.rpm(?:new|save|orig)|\.ucf-[a-z]+|\.pac(?:new|save)|\.apk-new)")
_BY_GROUP, _BY_OTHERS = 0o020, 0o002


@check(
    title="sudo leaves out a file of its policy, or stumbles over a mistake in it",
    severities=(Severity.MEDIUM,),
    needs=("sudoers:files",),
)
def ignored_or_broken_file(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every file that is, or looks like, a part of the policy."""
    sudoers = snapshot.sudoers
    mistakes: dict[str, list[tuple[int | None, str]]] = {}
    for path, line, message in sudoers.errors:
        mistakes.setdefault(path, []).append((line, message))
    files = {file.path: file for file in (*sudoers.files, *sudoers.listed)}
    if not files and not mistakes:
        yield NotApplicable("no file of a sudo policy is known")
    for folder in sudoers.folders:
        refused = _refused(folder)
        yield _finding(folder, f"{refused}: sudo reads nothing in it") if refused else Passed(_subject(folder.path))
    listed = {file.path for file in sudoers.listed}
    for file in files.values():
        said = mistakes.pop(file.path, [])
        yield from _of_file(file, said, in_folder=file.path in listed)
    for path, said in mistakes.items():
        yield _mistaken(path, said)


def _of_file(file: FileFact, mistakes: list[tuple[int | None, str]], *, in_folder: bool) -> Iterator[Verdict]:
    name = file.path.rpartition("/")[2]
    if in_folder and ("." in name or name.endswith("~")):
        if file.size == 0 or file.kind not in ("file", "link") or _LEFTOVER.fullmatch(name):
            return
        why = "ends in ~" if name.endswith("~") else "holds a dot"
        yield _finding(file, f"its name {why}: sudo skips it, and nothing in it is in force")
        return
    if in_folder and file.kind == "link":
        yield NotAssessed(f"what {file.path} leads to", "it is a link", f"sudo ls -lL {file.path}")
        return
    if file.kind != "file":
        return  # sudo passes over folders and the like, and so does everyone who reads them
    refused = _refused(file)
    if refused:
        effect = "nothing in it is in force" if in_folder else "and sudo may not work at all"
        yield _finding(file, f"{refused}: sudo refuses it, {effect}")
    elif mistakes:
        yield _mistaken(file.path, mistakes)
    else:
        yield Passed(_subject(file.path))


def _refused(file: FileFact) -> str:
    """Why sudo refuses a file or folder, "" when it does not."""
    if file.uid != 0:
        return f"it belongs to uid {file.uid}"
    if file.mode & _BY_OTHERS:
        return f"everyone may write it (mode {file.mode:04o})"
    if file.mode & _BY_GROUP and file.gid != 0:
        return f"the group {file.gid} may write it (mode {file.mode:04o})"
    return ""


def _subject(path: str) -> Subject:
    return Subject("file", path, path)


def _finding(file: FileFact, why: str) -> Finding:
    return Finding(
        subject=_subject(file.path),
        severity=Severity.MEDIUM,
        summary=f"{file.path}: {why}",
        evidence=(
            Evidence(
                expected="a name without a dot, owner root, and nobody else may write it",
                actual=f"mode {file.mode:04o}, owner uid {file.uid}, group {file.gid}, {file.size} bytes: {why}",
                command=("sudo", "stat", "-c", "%A %U:%G %s %n", file.path) if file.exact else (),
            ),
        ),
        location=Location(file.path),
    )


def _mistaken(path: str, mistakes: list[tuple[int | None, str]]) -> Finding:
    line, message = mistakes[0]
    more = f" and {len(mistakes) - 1} more" if len(mistakes) > 1 else ""
    at = f"line {line}" if line is not None else "a line"
    return Finding(
        subject=_subject(path or "/etc/sudoers"),
        severity=Severity.MEDIUM,
        summary=f"{path or 'the sudo policy'}: sudo does not understand {at} ({message}){more}, and leaves it out",
        evidence=(
            Evidence(
                expected="visudo finds no mistake",
                actual="; ".join(f"line {number}: {text}" if number else text for number, text in mistakes[:5]),
                command=("sudo", "visudo", "-c"),
            ),
        ),
        location=Location(path, line) if path else None,
    )
