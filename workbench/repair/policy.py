"""Prove on sudo's own reading of the whole policy what an edit of one of its files comes to, before it is made."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping

from workbench.host.command import find_program
from workbench.host.files import CannotLook
from workbench.host.sudoers import CONVERTED, OF_TARGETS, compared, names
from workbench.host.sudoers.access import unpacked
from workbench.model.facts import FileFact
from workbench.model.operations import EditRootFile
from workbench.model.sudoers import SudoersFacts
from workbench.repair import root_commands as commands
from workbench.repair.paths import Refused
from workbench.sudo_tightening import difference, policy_lines
from workbench.text import visible

_INCLUDE = re.compile(r'[ \t]*[#@]include(dir)?[ \t]+(?:"([^"\n]+)"|((?:\\.|[^\s\\"#])+))[ \t]*(?:#.*)?')
_ESCAPE = re.compile(r"\\(.)")
_DEEPEST = 16
_DEADLINE = 20.0
Files = Mapping[str, tuple[FileFact, bytes]]


def files_of_policy() -> Files:
    """The files of the policy by path, read as root. Raises Refused."""
    answer = commands.run(commands.archive())
    found = unpacked(answer.out.encode("utf-8", "surrogateescape"))
    if not any(fact.path == commands.POLICY for fact, _ in found):
        raise Refused(f"{commands.POLICY} could not be read as root")
    return {fact.path: (fact, content) for fact, content in found}


def require_promised(files: Files, after: bytes, edit: EditRootFile) -> bool:
    """Refuse an edit that changes the policy in any other way than it promises. Whether the parser may be strict.

    The policy with the new file in place is one that does not exist yet. It is put together here, into one text; that
    this is done right shows in the policy as it is now, which must come out as sudo's own tools read it.
    """
    before, changed = (whole(each) for each in (files, {**files, edit.path: (files[edit.path][0], after)}))
    now = live()
    if policy_lines(read_text(before)) != policy_lines(now):
        raise Refused(
            "the sudo policy is put together in a way that cannot be followed, so nothing could be proven of the edit",
            f"change it by hand: sudo visudo -f {visible(edit.path)}",
        )
    require_difference(now, read_text(changed), edit)
    own = before if edit.path == commands.POLICY else files[edit.path][1]
    return _accepts_strictly(own)


def require_difference(before: SudoersFacts, after: SudoersFacts, edit: EditRootFile) -> None:
    """Refuse any other difference of two policies than the one that is promised."""
    if difference(before, after) != (edit.loses, edit.gains):
        raise Refused(
            f"the edit of {visible(edit.path)} would change more, or something else, in who may do what than the plan"
            " says; nothing was changed",
            f"change it by hand: sudo visudo -f {visible(edit.path)}",
        )


def live() -> SudoersFacts:
    """The policy as it is now, as sudo's own tool reads it. Raises Refused."""
    first, second = (commands.run(vector) for vector in commands.reading())
    if first.status != 0 or not first.out.strip():
        raise Refused("sudo's own parser does not accept the policy as it is", "repair it first: sudo visudo")
    return _compared(first.out, second.out)


def read_text(text: bytes) -> SudoersFacts:
    """A whole policy in one text, as sudo's own tool reads it. No root is needed for that. Raises Refused."""
    status, first = _converted((*CONVERTED, "-"), text)
    if status != 0:
        raise Refused("sudo's own parser does not accept the policy with the edit; nothing was changed")
    return _compared(first, _converted((*CONVERTED, *OF_TARGETS, "-"), text)[1])


def _compared(first: str, second: str) -> SudoersFacts:
    try:
        return compared(first, second)
    except CannotLook as why:
        raise Refused(f"nothing could be proven of the edit: {why.why}", "change it by hand: sudo visudo") from why


def whole(files: Files) -> bytes:
    """The policy in one text, every file that it includes in its place. Raises Refused where it cannot be followed."""
    return "".join(_inlined(files, commands.POLICY, names.host_name().partition(".")[0], _DEEPEST)).encode(
        "utf-8", "surrogateescape"
    )


def _inlined(files: Files, path: str, host: str, deepest: int) -> list[str]:
    """The lines of a file of the policy, with those of the files that it includes in their place."""
    found = files.get(path)
    if found is None or not found[0].exact or found[0].kind != "file" or deepest == 0:
        raise Refused(
            f"the policy includes {visible(path)}, which is no plain file beside {commands.POLICY}, so nothing could be"
            " proven of the edit",
            "change it by hand: sudo visudo",
        )
    lines: list[str] = []
    continued = False
    for line in found[1].decode("utf-8", "surrogateescape").removesuffix("\n").split("\n"):
        include = None if continued else _INCLUDE.fullmatch(line)
        continued = line.endswith("\\")
        if include is None:
            lines.append(f"{line}\n")
            continue
        named = (include[2] or _ESCAPE.sub(r"\1", include[3])).replace("%h", host)
        named = os.path.normpath(os.path.join(os.path.dirname(path), named))
        for each in _in_folder(files, named) if include[1] else [named]:
            lines += _inlined(files, each, host, deepest - 1)
    return lines


def _in_folder(files: Files, folder: str) -> list[str]:
    """The files of an included folder that sudo reads, in its order."""
    if folder not in files:
        raise Refused(f"the policy includes {visible(folder)}, which was not read", "change it by hand: sudo visudo")
    inside = [path for path, (fact, _) in files.items() if os.path.dirname(path) == folder and fact.kind != "directory"]
    read = [path for path in inside if "." not in os.path.basename(path) and not path.endswith("~")]
    return sorted(read, key=os.fsencode)


def _converted(arguments: tuple[str, ...], text: bytes) -> tuple[int, str]:
    done = _unprivileged(arguments, text)
    return done.returncode, done.stdout.decode("utf-8", "surrogateescape")


def _accepts_strictly(content: bytes) -> bool:
    """Whether the parser finds nothing to say of a text even when it is strict; the file as it is has to bear that."""
    if any(_INCLUDE.fullmatch(line) for line in content.decode("utf-8", "surrogateescape").split("\n")):
        return False
    return _unprivileged(("visudo", "-c", "-s", "-f", "-"), content).returncode == 0


def _unprivileged(arguments: tuple[str, ...], text: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        program = find_program(arguments[0])
    except CannotLook as why:
        raise Refused(why.why, why.unlock) from why
    try:
        return subprocess.run(
            (program, *arguments[1:]),
            input=text,
            capture_output=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
            cwd="/",
            timeout=_DEADLINE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused(f"{program} could not be asked what the edit comes to") from error
