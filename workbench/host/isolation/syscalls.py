"""What the filters of a server answer to the calls that an attacker would make."""

from __future__ import annotations

import errno
from collections.abc import Sequence

from workbench.host.isolation.bpf import Program, answer
from workbench.model.record import record

_SIGCHLD = 17
_NEW_USER = 0x10000000
_ATTACH = 16
_NO_RANDOMISATION = 0x40000
_X32 = 0x40000000
_SOCKETCALL = 102


@record
class _Question:
    """One call with the arguments that tell what is meant, by number on each architecture; None where there is none."""

    call: str
    arguments: tuple[int, ...]
    x86_64: int | None
    aarch64: int | None
    i386: int | None


# The name of a thread's clone has CLONE_THREAD in its flags: these have not, so they make processes.
_QUESTIONS = (
    _Question("execve", (), 59, 221, 11),
    _Question("execveat", (), 322, 281, 358),
    _Question("fork", (), 57, None, 2),
    _Question("vfork", (), 58, None, 190),
    _Question("clone", (_SIGCHLD,), 56, 220, 120),
    _Question("clone3", (), 435, 435, 435),
    _Question("ptrace", (_ATTACH,), 101, 117, 26),
    _Question("process_vm_writev", (), 311, 271, 348),
    _Question("mount", (), 165, 40, 21),
    _Question("unshare", (_NEW_USER,), 272, 97, 310),
    _Question("setns", (), 308, 268, 346),
    _Question("bpf", (), 321, 280, 357),
    _Question("perf_event_open", (), 298, 241, 336),
    _Question("userfaultfd", (), 323, 282, 374),
    _Question("keyctl", (), 250, 219, 288),
    _Question("io_uring_setup", (), 425, 425, 425),
    _Question("init_module", (), 175, 105, 128),
    _Question("socket(AF_INET)", (2, 1), 41, 198, 359),
    _Question("socket(AF_UNIX)", (1, 1), 41, 198, 359),
    _Question("socket(AF_NETLINK)", (16, 3), 41, 198, 359),
    _Question("chmod", (0, 0o755), 90, None, 15),
    _Question("fchmod", (0, 0o755), 91, 52, 94),
    _Question("fchmodat", (0, 0, 0o755), 268, 53, 306),
    _Question("setuid", (), 105, 146, 213),
    _Question("personality", (_NO_RANDOMISATION,), 135, 92, 136),
)
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_I386 = 0x40000003
_ACTIONS = {
    0x80000000: "killed",
    0x00000000: "killed",
    0x00030000: "trap",
    0x7FC00000: "asked of a supervisor",
    0x7FF00000: "asked of a tracer",
    0x7FFC0000: "logged and allowed",
    0x7FFF0000: "allowed",
}
_LETS_THROUGH = ("allowed", "logged and allowed")


def is_known(machine: str) -> bool:
    """Whether the calls of this machine (``uname -m``) are known."""
    return machine in _ARCHITECTURES


def answers(
    programs: Sequence[Program], machine: str, *, i386: bool = False, x32: bool = False
) -> tuple[tuple[str, str], ...]:
    """What the filters answer to each question, as (call, answer). Raises NotAFilter.

    ``i386`` and ``x32`` say whether this kernel has those interfaces of x86_64 too: a call that is refused by its usual
    number and let through there is named with the interface that lets it through.
    """
    architecture = _ARCHITECTURES[machine]
    found: list[tuple[str, str]] = []
    for question in _QUESTIONS:
        number = question.x86_64 if machine == "x86_64" else question.aarch64
        if number is None:
            continue
        said = in_words(answer(programs, number, question.arguments, architecture))
        found.append((question.call, said))
        if machine != "x86_64" or said in _LETS_THROUGH:
            continue
        if i386 and any(_passes(programs, each, question.arguments, _I386) for each in _on_i386(question)):
            found.append((f"{question.call} (32-bit)", "allowed"))
        if x32 and _passes(programs, _of_x32(number), question.arguments, architecture):
            found.append((f"{question.call} (x32)", "allowed"))
    return tuple(found)


def _passes(programs: Sequence[Program], number: int, arguments: Sequence[int], architecture: int) -> bool:
    return in_words(answer(programs, number, arguments, architecture)) in _LETS_THROUGH


def _on_i386(question: _Question) -> tuple[int, ...]:
    numbers = (question.i386,) if question.i386 is not None else ()
    # socketcall(2) makes any socket, and its arguments are in memory, where no filter can look.
    return (*numbers, _SOCKETCALL) if question.call.startswith("socket") else numbers


def _of_x32(number: int) -> int:
    # A few calls have a number of their own there.
    return _X32 | {59: 520, 322: 545, 101: 521, 311: 540}.get(number, number)


def in_words(returned: int) -> str:
    """What a filter's return value means: ``allowed``, ``EPERM``, ``killed`` …; an unknown action kills."""
    action = returned & 0xFFFF0000
    if action == 0x00050000:
        number = returned & 0xFFFF
        return errno.errorcode.get(number, f"error {number}") if number else "skipped"
    return _ACTIONS.get(action, "killed")
