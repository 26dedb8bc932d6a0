"""The commands that change a file of root's: exact arguments, each a system program that only root can change.

They are the same for the preview and for the repair. Nothing that the account of the person can write is run by root or
read by root: new bytes come through a pipe, old ones from a backup in a folder of root's alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from workbench.elevation import is_roots_own
from workbench.host.command import Output, find_program
from workbench.host.files import CannotLook
from workbench.host.privileged import Vector
from workbench.repair.fingerprint import Fingerprint
from workbench.repair.paths import Refused
from workbench.repair.publish import temporary_name
from workbench.repair.staged import StagedRoot, StagedRootFile
from workbench.text import visible

POLICY = "/etc/sudoers"
"""The policy of sudo. Of the files of root only it, and those in the folder beside it, are changed."""
BACKUPS = "/var/lib/workbench-backups"
"""Where backups lie that root may bring back: a folder of root's, which nobody else can enter."""

_DEADLINE = 60.0
_OF_MANAGER = 240.0  # a service that does not end when it is told to is killed by systemd after 90 s
_STATUS = "--format=%f %d %i %u %g %h %s %.9Y"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_DIGEST = re.compile(r"\\?([0-9a-f]{64})  (/.*)")
# Of what sudo says, only this: it also warns, of a name of the host that it cannot resolve, and runs the command.
_DENIED = re.compile(
    r"^sudo: (?:a password is|a terminal is|interactive authentication is|no tty|sorry|PAM|account validation|no valid)"
    r"|^Sorry, user |is not in the sudoers file|is not allowed to ",
    re.MULTILINE,
)
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_NOBODY = (
    "sudo asks for a password, and nobody could be asked for it here",
    "run it in a terminal, or let sudo remember the password first: sudo -v",
)
_ask: ContextVar[Callable[[], str] | None] = ContextVar("_ask", default=None)


def is_policy_file(path: str) -> bool:
    """Whether a path is that of the policy of sudo, or of a file beside it that sudo reads."""
    folder, _, name = path.rpartition("/")
    return path == POLICY or (folder == f"{POLICY}.d" and _NAME.fullmatch(name) is not None)


def require_policy_file(path: str) -> None:
    """Refuse every path that is not the policy of sudo or a file beside it that sudo reads."""
    if not is_policy_file(path):
        raise Refused(
            f"{visible(path)} is no file that is changed as root: that is {POLICY} and the files in {POLICY}.d",
            f"change it by hand: sudo visudo -f {visible(path)}",
        )


@contextmanager
def asking(ask: Callable[[], str]) -> Iterator[None]:
    """Let ``ask`` have sudo ask for the password where it does so again: it gives "" to go on, else why not."""
    token = _ask.set(ask)
    try:
        yield
    finally:
        _ask.reset(token)


def as_run(vector: Vector) -> Vector:
    """The command with all that it is started with: through sudo, where the workbench is not root itself."""
    return vector if os.geteuid() == 0 else (program("sudo"), "-n", "--", *vector)


def run(vector: Vector, content: bytes = b"") -> Output:
    """Run a command as root with ``content`` as its input, and nothing of the person's environment.

    Raises Refused where it cannot be started, sudo does not agree, or it takes too long.
    """
    answer = _once(vector, content)
    if _is_denied(answer):
        # sudo refused before anything was run, so that it can be asked for once more.
        asked_again()
        answer = _once(vector, content)
    if _is_denied(answer):
        raise Refused(f"sudo does not let this account run {vector[0]} as root", "ask who administers this host")
    return answer


def asked_again() -> None:
    """Let sudo ask for the password, where that is possible here. Raises Refused where it does not agree."""
    ask = _ask.get()
    if ask is None:
        raise Refused(*_NOBODY)
    refusal = ask()
    if refusal:
        raise Refused(f"nothing more could be done as root: {refusal}", _NOBODY[1])


def done(vector: Vector, content: bytes = b"") -> Output:
    """As ``run``, and Refused where the command failed. What it printed is not said: it may quote a secret."""
    answer = run(vector, content)
    if answer.status != 0:
        name = vector[0].rpartition("/")[2]
        raise Refused(f"{name} ended with status {answer.status} for {visible(vector[-1])}{_reason(name, answer)}")
    return answer


def start(vector: Vector) -> subprocess.Popen[bytes]:
    """Start a command as root that waits for the end of its input. Raises Refused."""
    return _started(vector, subprocess.DEVNULL)


def _started(vector: Vector, output: int) -> subprocess.Popen[bytes]:
    _require_roots_own(vector)
    try:
        return subprocess.Popen(
            as_run(vector),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd="/",
            env=_ENVIRONMENT,
            umask=0o077,
            process_group=0,
        )
    except OSError as error:
        raise Refused(f"{vector[0]} could not be started: {error.strerror}") from error


def token(operation: StagedRoot | StagedRootFile) -> str:
    """32 hexadecimal digits that only this change of this file has: its backup can be taken for no other's."""
    before = operation.before
    parts = [
        operation.real,
        before.sha256,
        str(before.device),
        str(before.inode),
        str(before.modified),
        operation.after,
    ]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def backup_of(operation: StagedRoot | StagedRootFile) -> str:
    """Where the file is kept as it was before the operation."""
    return f"{BACKUPS}/{token(operation)}"


def staged_name(operation: StagedRoot | StagedRootFile) -> str:
    """The name of the staged file, which sudo passes over because there is a dot in it."""
    return temporary_name(os.path.basename(operation.real), token(operation)[:16])


def staged_path(operation: StagedRoot | StagedRootFile) -> str:
    """The staged file, beside the one that it is to replace."""
    return f"{os.path.dirname(operation.real)}/{staged_name(operation)}"


def spare_path(operation: StagedRoot) -> str:
    """A copy of the file as it was, beside it: one rename away while nothing is proven yet."""
    name = temporary_name(os.path.basename(operation.real), token(operation)[16:])
    return f"{os.path.dirname(operation.real)}/{name}"


def status(path: str) -> Vector:
    """What the file is: mode, device, inode, owner, group, links, size, time."""
    return (program("stat"), _STATUS, "--", path)


def digests(*paths: str) -> Vector:
    """What the files hold, as digests."""
    return (program("sha256sum"), "--", *paths)


def copy(source: str, target: str) -> Vector:
    """One file as it is, with owner, mode, access control list and attributes, into a place of root's."""
    return (program("cp"), "--archive", "--no-target-directory", "--", source, target)


def fill(target: str) -> Vector:
    """The new bytes from our pipe into a file that is there already, and on the disk."""
    return (program("dd"), f"of={target}", "conv=fsync", "status=none")


def move(source: str, target: str) -> Vector:
    """One file into the place of another in the same folder, in one step."""
    return (program("mv"), "--force", "--no-target-directory", "--", source, target)


def flush(*paths: str) -> Vector:
    """Onto the disk."""
    return (program("sync"), "--", *paths)


def remove(*paths: str) -> Vector:
    """Away with what was staged, where it is still there."""
    return (program("rm"), "--force", "--", *paths)


def backup_folder() -> Vector:
    """A folder of root's alone."""
    return (program("install"), "-d", "-o", "root", "-g", "root", "-m", "0700", "--", BACKUPS)


def folder(path: str) -> Vector:
    """A folder of root's that every account may look into."""
    return (program("install"), "-d", "-o", "root", "-g", "root", "-m", "0755", "--", path)


def without_folder(path: str) -> Vector:
    """Away with a folder, where it is empty."""
    return (program("rmdir"), "--ignore-fail-on-non-empty", "--", path)


def empty(path: str, mode: int) -> Vector:
    """An empty file of root's, to be filled."""
    return (program("install"), "-o", "root", "-g", "root", "-m", f"{mode:04o}", "--", "/dev/null", path)


def name_new(source: str, target: str) -> Vector:
    """A second name for a file in its folder, in one step: it fails where anything has that name."""
    return (program("ln"), "--no-target-directory", "--", source, target)


def accepted(path: str, *, strict: bool) -> Vector:
    """Whether sudo's own parser accepts a file."""
    return (program("visudo"), "-c", *(("-s",) if strict else ()), "-f", path)


def waiting(operation: StagedRoot) -> Vector:
    """What brings the old file back when our pipe to it closes without a word, whatever has become of us by then.

    It gets the word when all is proven: then ``mv`` is given one name too many, and does nothing.
    """
    return (program("xargs"), *move(spare_path(operation), operation.real))


def reading() -> tuple[Vector, Vector]:
    """The whole policy as sudo reads it, and its settings of target accounts."""
    from workbench.host.sudoers import CONVERTED, OF_TARGETS

    convert = (program(CONVERTED[0]), *CONVERTED[1:])
    return (*convert, POLICY), (*convert, *OF_TARGETS, POLICY)


def archive() -> Vector:
    """The files of the policy, as the look with sudo reads them."""
    return (program("tar"), "-c", "-P", "-f", "-", "--", POLICY, f"{POLICY}.d")


def read_status(answer: Output) -> Fingerprint:
    """The answer to ``status``. Raises Refused."""
    import stat

    words = answer.out.split()
    try:
        mode = int(words[0], 16)
        numbers = [int(word) for word in words[1:7]]
        seconds, _, rest = words[7].partition(".")
        modified = int(seconds) * 10**9 + int(rest.ljust(9, "0")[:9] or "0")
    except (ValueError, IndexError) as error:
        raise Refused("what stat said of the file could not be understood") from error
    device, inode, uid, gid, links, size = numbers
    kind = "file" if stat.S_ISREG(mode) else "directory" if stat.S_ISDIR(mode) else "other"
    return Fingerprint(kind, device, inode, stat.S_IMODE(mode), uid, gid, links, size, modified)


def read_digests(answer: Output) -> dict[str, str]:
    """The digests by path, of the files that are there."""
    found = (_DIGEST.fullmatch(line) for line in answer.out.splitlines())
    return {match[2]: match[1] for match in found if match}


def _once(vector: Vector, content: bytes) -> Output:
    process = _started(vector, subprocess.PIPE)
    try:
        deadline = _OF_MANAGER if vector[0].endswith("/systemctl") else _DEADLINE
        out, err = process.communicate(content, deadline)
    except subprocess.TimeoutExpired as error:
        # It is root's, so that it cannot be ended from here. What it has done shows when it is put back.
        raise Refused(f"{vector[0]} did not end within {deadline:g} s") from error
    except BaseException:
        # Ctrl+C: what was begun as root must have ended before anything is put back.
        process.wait(_DEADLINE)
        raise
    said = (each.decode("utf-8", "surrogateescape") for each in (out, err))
    return Output(process.returncode, *said)


def _is_denied(answer: Output) -> bool:
    return os.geteuid() != 0 and answer.status == 1 and _DENIED.search(answer.err) is not None


def _reason(name: str, answer: Output) -> str:
    if "No space left" in answer.err:
        return ": the disk is full"
    if "Read-only file system" in answer.err:
        return ": the file system is read-only"
    if "Operation not permitted" in answer.err:
        return ": the system does not permit it (the file may be marked immutable: see lsattr)"
    return ": sudo's parser does not accept the file" if name == "visudo" else ""


def _require_roots_own(vector: Vector) -> None:
    if not is_roots_own(vector[0]):
        raise Refused(f"{vector[0]} is not root's alone, so it is not run as root")


def program(name: str) -> str:
    """The absolute path of a system program. Raises Refused where it is missing."""
    try:
        return find_program(name)
    except CannotLook as why:
        raise Refused(why.why, why.unlock) from why
