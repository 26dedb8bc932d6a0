"""A profile for a container with a server that starts no programs: what such a server calls, and no new processes.

It was tried against a real engine with servers of Node and Python: ``execve`` must be allowed, for the engine itself
starts the server by it; ``clone`` is allowed for threads alone; ``clone3`` is answered with ENOSYS, so that the C
library falls back to ``clone``. It needs ``no-new-privileges``: without, the engine loads it too early.
"""

from __future__ import annotations

import json

FOLDER = ".config/workbench/seccomp"
"""Where profiles lie, below the home of their account."""
_CLONE_THREAD = 0x10000
_ENOSYS = 38
_ALLOWED = {
    "files and folders": (
        "access chdir chmod close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64"
        " fallocate fchdir fchmod fchmodat fcntl fdatasync fgetxattr flock fstat fstatfs fsync ftruncate futimesat"
        " getcwd getdents getdents64 getxattr inotify_add_watch inotify_init1 inotify_rm_watch ioctl lgetxattr link"
        " linkat listxattr llistxattr lseek lstat mkdir mkdirat newfstatat open openat openat2 pipe pipe2 pread64"
        " preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv rename renameat renameat2"
        " rmdir sendfile stat statfs statx symlink symlinkat sync_file_range truncate umask unlink unlinkat utime"
        " utimensat utimes write writev"
    ),
    "memory": (
        "brk madvise membarrier memfd_create mincore mlock mlock2 mmap mmap2 mprotect mremap msync munlock munmap"
    ),
    "itself, its threads, and the engine that starts it": (
        "arch_prctl capget execve exit exit_group futex get_robust_list getegid geteuid getgid getgroups getpgrp getpid"
        " getppid getpriority getresgid getresuid getrlimit getrusage getsid gettid getuid kill pause prlimit64"
        " restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait"
        " sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getparam sched_getscheduler sched_yield"
        " set_robust_list set_tid_address setrlimit sigaltstack tgkill times tkill wait4 waitid"
    ),
    "waiting and talking": (
        "accept accept4 bind connect epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd"
        " eventfd2 getpeername getsockname getsockopt listen poll ppoll pselect6 recvfrom recvmmsg recvmsg select"
        " sendmmsg sendmsg sendto setsockopt shutdown socket socketpair timerfd_create timerfd_gettime timerfd_settime"
    ),
    "time and chance": (
        "clock_getres clock_gettime clock_nanosleep getcpu getrandom gettimeofday nanosleep sysinfo time uname"
    ),
}


def profile_text() -> str:
    """The profile as JSON, the same on every machine. It ends with a newline."""
    rules = [_rule(comment, names.split(), "") for comment, names in _ALLOWED.items()]
    thread = {"index": 0, "value": _CLONE_THREAD, "valueTwo": _CLONE_THREAD, "op": "SCMP_CMP_MASKED_EQ"}
    rules.append(_rule("threads", ["clone"], f', "args": [{json.dumps(thread)}]'))
    rules.append(_rule("libraries then make threads with clone", ["clone3"], f', "errnoRet": {_ENOSYS}', "ERRNO"))
    machines = (("X86_64", ("X86", "X32")), ("AARCH64", ("ARM",)))
    known = [
        {"architecture": f"SCMP_ARCH_{one}", "subArchitectures": [f"SCMP_ARCH_{each}" for each in others]}
        for one, others in machines
    ]
    listed = ",\n".join(rules)
    return (
        '{\n "defaultAction": "SCMP_ACT_ERRNO",\n "defaultErrnoRet": 1,\n'
        f' "archMap": {json.dumps(known)},\n "syscalls": [\n{listed}\n ]\n}}\n'
    )


def _rule(comment: str, names: list[str], more: str, action: str = "ALLOW") -> str:
    import textwrap

    listed = textwrap.fill(", ".join(map(json.dumps, names)), 110, initial_indent="   ", subsequent_indent="   ")
    return f'  {{"comment": {json.dumps(comment)}, "action": "SCMP_ACT_{action}"{more}, "names": [\n{listed}]}}'
