"""A container's own syscall filter does not do what it is for.

What it looks at
----------------
The seccomp profile that a container with an MCP server was given (``--security-opt seccomp=FILE``), worked out for the
calls that matter as the engine and the kernel do. High: a call that one rule denies by name and another allows;
``fork`` denied while ``clone`` makes processes; a mask on ``clone`` that ``clone3`` passes by; a profile that denies
nothing at all. Medium: a call that is denied by name while its twin is allowed (``chmod`` and ``fchmodat``, ``ptrace``
and ``process_vm_writev``); a list of denials that forgets what the engine's own filter denies; and a profile with which
no container can start, because it denies what the engine or the C library needs before the server's first line. The
last is said of stopped containers alone: one that runs has shown that it can.

Why it matters
--------------
A filter that seems to hold is worse than none: the rest is arranged around it. And one that stops the server from
starting is soon replaced by ``seccomp=unconfined``. Both happen because libraries do not make the calls that people
think of: a new process is ``clone`` or ``clone3``, never ``fork``, and a file is ``openat`` and ``newfstatat``. A
widely copied profile for MCP servers denies ``execve`` to prevent shells, and the engine needs just that to start the
server. What cannot start here was tried call by call against a real engine.

How an attacker uses it
-----------------------
With ``fork`` denied and ``clone`` allowed an injected prompt starts a shell as if there were no profile. With
``ptrace`` denied and ``process_vm_writev`` allowed one process of the container writes into another's memory all the
same.

How to fix it by hand
---------------------
Deny by default and allow what the server uses. To forbid new processes allow ``execve`` (once, for the start), allow
``clone`` for threads only and answer ``clone3`` with ENOSYS, so that libraries fall back to ``clone``::

    {"names": ["clone"], "action": "SCMP_ACT_ALLOW",
     "args": [{"index": 0, "value": 65536, "valueTwo": 65536, "op": "SCMP_CMP_MASKED_EQ"}]},
    {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}

Always give ``--security-opt no-new-privileges`` with it: the engine then loads the filter last, and the filter need not
allow ``capset``, ``setuid`` and ``prctl``. With ``"defaultAction": "SCMP_ACT_LOG"`` the kernel's log names what a
server uses.

References
----------
- seccomp(2), clone(2), clone3(2); Docker documentation: Seccomp security profiles for Docker
- CWE-693: Protection Mechanism Failure
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workbench.api import (
    ContainerFact,
    EngineFact,
    Evidence,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    SeccompProfile,
    Severity,
    Snapshot,
    Verdict,
    check,
    container_subject,
    inspect_command,
    judge_containers,
)

_ALLOWED = ("allowed", "logged")
_REFUSED = ("denied", "killed")
# Tried one by one with runc: what it needs itself once the filter is loaded, and what a C library needs.
_TO_START = ("execve", "write", "openat", "close", "fstatfs", "getdents64", "futex", "mprotect")
_OF_LIBRARIES = ("read", "mmap", "newfstatat")
# Without no-new-privileges the filter is loaded earlier, before the engine gives its own rights away.
_TO_START_EARLY = (
    *("read", "fstat", "newfstatat", "getcwd", "getppid", "setuid", "setgid", "setgroups"),
    *("capget", "capset", "prctl"),
)
_TWINS = (
    ("chmod", "fchmod", "fchmodat", "fchmodat2"),
    ("chown", "fchown", "lchown", "fchownat"),
    ("mknod", "mknodat"),
    ("init_module", "finit_module"),
    ("kexec_load", "kexec_file_load"),
    ("ptrace", "process_vm_writev"),
    ("setuid", "setreuid", "setresuid"),
    ("setgid", "setregid", "setresgid"),
    ("mount", "move_mount"),
    ("unshare", "clone (namespace)"),
    ("accept", "accept4"),
)
# The engines' own filters deny these whatever a container is given, and those below to all without SYS_ADMIN.
_NEVER = ("add_key", "keyctl", "request_key", "kexec_load")
_NOT_WITHOUT_ADMIN = ("bpf", "clone (namespace)", "mount", "open_by_handle_at", "setns", "unshare")
_NOT_TOLD = ("tells the path", "more than")


@check(
    title="A container's own syscall filter does not do what it is for",
    severities=(Severity.HIGH, Severity.MEDIUM),
    needs=("containers:engines", "containers:details"),
)
def seccomp_profile(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every profile; one profile given to several containers is a single cause."""
    return judge_containers(snapshot, _judge, _of_profile)


def _of_profile(container: ContainerFact) -> str:
    return f"{container.seccomp_profile} {container.no_new_privileges} {container.running}"


def _judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
    profile = container.seccomp_profile
    if container.seccomp != "profile" or profile is None:
        return NotApplicable("no container here was given a profile of its own")
    if profile.problem:
        if container.running or any(words in profile.problem for words in _NOT_TOLD):
            return NotAssessed(f"the syscall filter of {container.name}", profile.problem)
        why = f"its profile is none: {profile.problem}"
        return _finding(container, engine, Severity.MEDIUM, [(why, profile.problem)])
    flaws = _pretended(profile)
    weak = [*_twins(profile), *_forgotten(profile, container)]
    stuck = [] if container.running else _cannot_start(profile, container, engine)
    if not flaws and not weak and not stuck:
        return Passed(container_subject(container))
    # A container that cannot start lets nothing through: what its profile would allow comes after that.
    severity = Severity.HIGH if flaws and not stuck else Severity.MEDIUM
    return _finding(container, engine, severity, [*stuck, *flaws, *weak])


def _pretended(profile: SeccompProfile) -> list[tuple[str, str]]:
    """What it lets through and seems to deny: in words, and the verdicts that show it."""
    verdicts = dict(profile.verdicts)
    if verdicts and all(verdict in _ALLOWED for verdict in verdicts.values()):
        what = "only writes down what it is asked" if profile.default == "logged" else "denies nothing"
        return [(f"its profile {what}", f"every call that matters is {profile.default}")]
    found = []
    both = [call for call in profile.refused if _is_allowed(call, verdicts)]
    if both:
        words = f"its profile denies {', '.join(both)} in one rule and allows it in another"
        found.append((words, _shown(both, verdicts)))
    makers = [case for case in ("clone (process)", "clone3") if verdicts.get(case) in _ALLOWED]
    forks = [call for call in ("fork", "vfork") if call in profile.refused and call not in both]
    if forks and makers:
        words = f"its profile denies {' and '.join(forks)}, but programs make processes with {makers[0]}"
        found.append((words, _shown([*forks, *makers], verdicts)))
    masked = [
        use
        for use in ("clone (process)", "clone (namespace)")
        if verdicts.get("clone (thread)") in _ALLOWED and verdicts.get(use) in _REFUSED
    ]
    if masked and verdicts.get("clone3") in _ALLOWED:
        words = "its profile limits what clone may make, and lets clone3 make anything"
        found.append((words, _shown([*masked, "clone3"], verdicts)))
    return found


def _twins(profile: SeccompProfile) -> Iterator[tuple[str, str]]:
    verdicts = dict(profile.verdicts)
    for twins in _TWINS:
        denied = [call for call in twins if call in profile.refused and not _is_allowed(call, verdicts)]
        left = [call for call in twins if call not in profile.refused and verdicts.get(call) in _ALLOWED]
        if denied and left:
            words = f"its profile denies {', '.join(denied)} and allows {left[0]}, which does the same"
            yield words, _shown([*denied, *left], verdicts)


def _forgotten(profile: SeccompProfile, container: ContainerFact) -> Iterator[tuple[str, str]]:
    """What a list of denials leaves out and the engine's own filter does not."""
    verdicts = dict(profile.verdicts)
    if profile.default not in _ALLOWED or all(verdict in _ALLOWED for verdict in verdicts.values()):
        return
    admin = {"SYS_ADMIN", "ALL"} & set(container.cap_add)
    left = [call for call in (*_NEVER, *(() if admin else _NOT_WITHOUT_ADMIN)) if verdicts.get(call) in _ALLOWED]
    if left:
        words = f"its profile allows {', '.join(left)}, which the engine's own denies"
        yield words, _shown(left, verdicts)


def _cannot_start(
    profile: SeccompProfile, container: ContainerFact, engine: EngineFact | None
) -> list[tuple[str, str]]:
    verdicts = dict(profile.verdicts)
    needed = [*_TO_START, *_OF_LIBRARIES]
    if engine is not None and engine.architecture == "amd64":
        needed.append("arch_prctl")
    if not container.no_new_privileges:
        needed += _TO_START_EARLY
    missing = [call for call in dict.fromkeys(needed) if verdicts.get(call) in _REFUSED]
    threads = verdicts.get("clone3") in _REFUSED
    if missing:
        calls = [*missing, *(["clone3"] if threads else [])]
        return [(f"no container can start with its profile: it denies {', '.join(missing)}", _shown(calls, verdicts))]
    if threads:
        words = "with its profile glibc cannot start a thread: it denies clone3 otherwise than with ENOSYS"
        return [(words, _shown(["clone3"], verdicts))]
    return []


def _is_allowed(call: str, verdicts: Mapping[str, str]) -> bool:
    """Whether a call, or any of its uses, is allowed."""
    return any(
        verdict in _ALLOWED for case, verdict in verdicts.items() if case == call or case.startswith(f"{call} (")
    )


def _shown(calls: list[str], verdicts: Mapping[str, str]) -> str:
    uses = [case for call in calls for case in verdicts if case == call or case.startswith(f"{call} (")]
    return ", ".join(f"{case}: {verdicts[case]}" for case in dict.fromkeys(uses))


def _finding(
    container: ContainerFact, engine: EngineFact | None, severity: Severity, flaws: list[tuple[str, str]]
) -> Finding:
    return Finding(
        subject=container_subject(container),
        severity=severity,
        summary=f"{container.name}: {flaws[0][0]}",
        evidence=tuple(
            Evidence(
                expected="a profile that starts the server and denies what it says",
                actual=f"{words} ({seen})",
                command=inspect_command(container, engine, "{{json .HostConfig.SecurityOpt}}"),
            )
            for words, seen in flaws
        ),
    )
