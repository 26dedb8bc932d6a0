"""Work a seccomp profile out, as the engine and libseccomp do, for the calls that later checks ask about.

How rules of one call combine was tried against a real engine: a rule that says what the default says is dropped; of
those without conditions the first holds; and one without conditions holds over all with, wherever it stands.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any

from workbench.host.containers.values import at, items, number, raw, raws
from workbench.model.containers import SeccompProfile, SyscallVerdict
from workbench.model.record import record

_ENOSYS = 38
# Docker's own profile has some twenty, a learned one some hundred.
_MOST_RULES = 5000
_EPERM = 1
_ACTIONS: dict[str, SyscallVerdict] = {
    "SCMP_ACT_ALLOW": "allowed",
    "SCMP_ACT_ERRNO": "denied",
    "SCMP_ACT_KILL": "killed",
    "SCMP_ACT_KILL_THREAD": "killed",
    "SCMP_ACT_KILL_PROCESS": "killed",
    "SCMP_ACT_TRAP": "killed",
    "SCMP_ACT_LOG": "logged",
    # Without a tracer, and a container has none, the kernel answers ENOSYS.
    "SCMP_ACT_TRACE": "no such call",
    "SCMP_ACT_NOTIFY": "asked",
}
# What glibc passes to clone for a thread and for fork, and the least that makes a namespace.
_CLONE_THREAD, _CLONE_PROCESS, _CLONE_NAMESPACE = 0x3D0F00, 0x1200011, 0x10000011
_UNIX, _INET, _NETLINK = 1, 2, 16
_STREAM = 1
_USES: dict[str, tuple[tuple[str, dict[int, int]], ...]] = {
    "clone": (
        ("clone (thread)", {0: _CLONE_THREAD}),
        ("clone (process)", {0: _CLONE_PROCESS}),
        ("clone (namespace)", {0: _CLONE_NAMESPACE}),
    ),
    "socket": (
        ("socket (unix)", {0: _UNIX, 1: _STREAM, 2: 0}),
        ("socket (inet)", {0: _INET, 1: _STREAM, 2: 0}),
        ("socket (netlink)", {0: _NETLINK, 1: 3, 2: 0}),
    ),
    # What programs ask of themselves at their start.
    "personality": (("personality", {0: 0xFFFFFFFF}),),
    "arch_prctl": (("arch_prctl", {0: 0x1002}),),
}
_CALLS = (
    # starting programs, processes, threads
    "execve execveat fork vfork clone clone3"
    # what gives power over other processes and over the kernel
    " ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp bpf keyctl add_key request_key perf_event_open"
    " userfaultfd io_uring_setup io_uring_enter io_uring_register kexec_load kexec_file_load init_module"
    " finit_module delete_module reboot swapon acct syslog settimeofday clock_settime iopl ioperm"
    # file systems and namespaces
    " mount umount2 move_mount open_tree fsopen fsmount mount_setattr pivot_root chroot unshare setns"
    " open_by_handle_at name_to_handle_at mknod mknodat"
    # rights
    " chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat setuid setgid setreuid setregid setresuid"
    " setresgid setfsuid setfsgid setgroups capget capset prctl seccomp personality"
    # the network
    " socket socketpair connect bind listen accept accept4 sendto recvfrom sendmsg recvmsg"
    # what every program needs to come up at all
    " read write open openat close fstat newfstatat statx fstatfs statfs lseek mmap mprotect munmap brk futex"
    " arch_prctl set_tid_address set_robust_list rseq rt_sigaction rt_sigprocmask rt_sigreturn exit exit_group"
    " getdents64 getcwd readlink access fcntl ioctl dup pipe2 epoll_create1 epoll_ctl epoll_wait epoll_pwait"
    " eventfd2 poll ppoll wait4 kill tgkill getrandom prlimit64 sched_getaffinity sched_yield pkey_alloc"
    " clock_gettime clock_nanosleep uname sysinfo getpid gettid getppid getuid geteuid getgid getegid sigaltstack"
)
_CONDITIONS: dict[str, Callable[[int, int, int], bool]] = {
    "SCMP_CMP_NE": lambda given, value, _: given != value,
    "SCMP_CMP_LT": lambda given, value, _: given < value,
    "SCMP_CMP_LE": lambda given, value, _: given <= value,
    "SCMP_CMP_EQ": lambda given, value, _: given == value,
    "SCMP_CMP_GE": lambda given, value, _: given >= value,
    "SCMP_CMP_GT": lambda given, value, _: given > value,
    "SCMP_CMP_MASKED_EQ": lambda given, value, second: given & value == second,
}


@record
class Machine:
    """What a profile's rules may be made to depend on: the container's capabilities, the architecture, the kernel.

    ``capabilities`` with ``CAP_``; ``architecture`` as Go names it (``amd64``); ``kernel`` a release, "" for unknown.
    """

    capabilities: Collection[str]
    architecture: str = ""
    kernel: str = ""


def summarise(text: str, machine: Machine) -> SeccompProfile:
    """The verdicts of a profile's JSON. Never fails: what is no profile says so in ``problem``."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return SeccompProfile("denied", problem="it is not JSON")
    if not isinstance(document, dict):
        return SeccompProfile("denied", problem="it is not a JSON object")
    action = raw(document, "defaultAction")
    if action not in _ACTIONS:
        return SeccompProfile("denied", problem="it has no default action that an engine knows")
    default = _verdict(action, document, "defaultErrnoRet")
    told = _all(document, "syscalls")
    if len(told) > _MOST_RULES:
        return SeccompProfile(default, problem=f"it has more than {_MOST_RULES} rules")
    rules: defaultdict[str, list[_Rule]] = defaultdict(list)
    named = 0
    refused: set[str] = set()
    for each in told:
        action = raw(each, "action")
        if action not in _ACTIONS:
            return SeccompProfile(default, problem="one of its rules has an action that no engine knows")
        names = [name for name in _all(each, "names") if isinstance(name, str)]
        # The form of Docker before 1.13 names one call a rule.
        names += [raw(each, "name")] if raw(each, "name") else []
        named += len(names)
        if _refuses(each, action):
            refused.update(names)
        applies = _applies(each, machine)
        if applies is False or _same(each, action, document):
            continue
        rule = _Rule(_verdict(action, each, "errnoRet"), items(each, "args"), applies is True)
        for name in names:
            rules[name].append(rule)
    verdicts: list[tuple[str, SyscallVerdict]] = []
    for call in _CALLS.split():
        uses = _USES.get(call, ((call, {}),))
        verdicts += [(case, _decide(rules.get(call, []), given, default)) for case, given in uses]
    by_name = tuple(call for call in _CALLS.split() if call in refused)
    return SeccompProfile(default, tuple(verdicts), named, by_name)


@record
class _Rule:
    """One rule of one call. ``sure``: it surely applies on this machine."""

    verdict: SyscallVerdict
    conditions: list[Any]
    sure: bool


def _all(document: object, key: str) -> list[Any]:
    found = at(document, key)
    return found if isinstance(found, list) else []


def _verdict(action: str, rule: object, key: str) -> SyscallVerdict:
    if action == "SCMP_ACT_ERRNO" and number(rule, key) == _ENOSYS:
        return "no such call"
    return _ACTIONS[action]


def _refuses(rule: object, action: str) -> bool:
    """Whether a rule denies what it names, whatever the arguments and on every machine."""
    unconditional = not (at(rule, "args") or at(rule, "includes") or at(rule, "excludes"))
    return unconditional and _verdict(action, rule, "errnoRet") in ("denied", "killed")


def _same(rule: object, action: str, document: object) -> bool:
    if action != raw(document, "defaultAction"):
        return False
    if action != "SCMP_ACT_ERRNO":
        return True
    return _error(rule, "errnoRet") == _error(document, "defaultErrnoRet")


def _error(rule: object, key: str) -> int:
    return _EPERM if at(rule, key) is None else number(rule, key)


def _decide(rules: list[_Rule], given: dict[int, int], default: SyscallVerdict) -> SyscallVerdict:
    for rule in rules:
        if not rule.conditions:
            if rule.sure:
                return rule.verdict
            return rule.verdict if rule.verdict == default else "depends"
    said: set[SyscallVerdict] = set()
    for rule in rules:
        met = _met(rule.conditions, given)
        if met is None or (met and not rule.sure):
            said |= {rule.verdict, default}
        elif met:
            said.add(rule.verdict)
    if not said:
        return default
    return said.pop() if len(said) == 1 else "depends"


def _met(conditions: list[Any], given: dict[int, int]) -> bool | None:
    """Whether arguments meet the conditions of a rule; None where that depends on arguments that are not known."""
    answers: list[bool | None] = []
    for condition in conditions:
        test = _CONDITIONS.get(raw(condition, "op"))
        place = number(condition, "index")
        if test is None or place not in given:
            answers.append(None)
        else:
            answers.append(test(given[place], _unsigned(condition, "value"), _unsigned(condition, "valueTwo")))
    places = [number(condition, "index") for condition in conditions]
    # Two conditions on one argument are two rules to the engine; on different ones, both must hold.
    if len(set(places)) < len(places):
        return True if True in answers else None if None in answers else False
    return False if False in answers else None if None in answers else True


def _unsigned(condition: object, key: str) -> int:
    found = at(condition, key)
    return found if isinstance(found, int) and 0 <= found < 1 << 64 else 0


def _applies(rule: object, machine: Machine) -> bool | None:
    """Whether a rule's ``includes`` and ``excludes`` let it apply here; None where that is not known."""
    answers: list[bool | None] = []
    for kind in ("includes", "excludes"):
        wanted = at(rule, kind)
        found: list[bool | None] = []
        architectures = raws(wanted, "arches")
        if architectures:
            found.append(machine.architecture in architectures if machine.architecture else None)
        capabilities = raws(wanted, "caps")
        if capabilities:
            held = [capability.upper() in machine.capabilities for capability in capabilities]
            found.append(all(held) if kind == "includes" else any(held))
        if raw(wanted, "minKernel"):
            found.append(_at_least(machine.kernel, raw(wanted, "minKernel")))
        # All of what includes a rule must hold; any of what excludes it is enough.
        if kind == "includes":
            answers += found
        else:
            answers += [None if each is None else not each for each in found]
    return False if False in answers else None if None in answers else True


def _at_least(kernel: str, wanted: str) -> bool | None:
    numbers = [_version(kernel), _version(wanted)]
    return None if None in numbers else numbers[0] >= numbers[1]  # type: ignore[operator]


def _version(text: str) -> tuple[int, int] | None:
    parts = text.split("-")[0].split(".")
    if len(parts) < 2 or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts[:2]):
        return None
    return int(parts[0]), int(parts[1])
