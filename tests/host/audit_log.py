"""Raw audit records as auditd 3.0 writes them, for tests to put together."""

from __future__ import annotations

from workbench.host.command import Output

UID = 990
START = 1767323045.0
_SUBJECT = "auid=4294967295 uid={uid} gid={uid} euid={uid} suid={uid} fsuid={uid} egid={uid} sgid={uid} fsgid={uid}"


def spelled(name: str) -> str:
    """A name as the kernel writes it: quoted, or in hexadecimal digits where it holds what could mislead."""
    raw = name.encode("utf-8", "surrogateescape")
    return f'"{name}"' if all(0x21 <= byte <= 0x7E and byte != 0x22 for byte in raw) else raw.hex().upper()


def event(
    serial: int,
    *,
    call: int = 257,
    exit_value: int = -13,
    uid: int = UID,
    moment: float = START,
    paths: tuple[tuple[str, str], ...] = (("/home/dev/.ssh/id_rsa", "NORMAL"),),
    cwd: str = "/srv/ws",
    arguments: tuple[str, ...] = (),
    executable: str = "/usr/bin/cat",
    registers: str = "a0=ffffff9c a1=7ffe9f28692a a2=0 a3=0",
    arch: str = "c000003e",
    whole: bool = True,
) -> str:
    """The records of one system call."""
    head = f"msg=audit({moment:.3f}:{serial}):"
    success = "yes" if exit_value >= 0 else "no"
    lines = [
        f"type=SYSCALL {head} arch={arch} syscall={call} success={success} exit={exit_value} {registers}"
        f" items={len(paths)} ppid=32030 pid=32032 {_SUBJECT.format(uid=uid)} tty=(none) ses=1"
        f' comm="cat" exe={spelled(executable)} key="mcp"\x1dARCH=x86_64 SYSCALL=openat AUID="unset" UID="mcp-server"'
    ]
    if arguments:
        words = " ".join(f"a{place}={spelled(word)}" for place, word in enumerate(arguments))
        lines.append(f"type=EXECVE {head} argc={len(arguments)} {words}")
    if paths:
        lines.append(f"type=CWD {head} cwd={spelled(cwd)}")
    for item, (name, kind) in enumerate(paths):
        lines.append(
            f"type=PATH {head} item={item} name={spelled(name)} inode=4005 dev=fe:00 mode=0100600 ouid=0 ogid=0"
            f' rdev=00:00 nametype={kind} cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\x1dOUID="root"'
        )
    if whole:
        lines.append(f"type=PROCTITLE {head} proctitle=636174002E2E")
    return "\n".join(lines) + "\n"


def started(serial: int, program: str, *arguments: str, uid: int = UID, moment: float = START) -> str:
    """A program that was started, with its loader as the kernel records it."""
    return event(
        serial,
        call=59,
        exit_value=0,
        uid=uid,
        moment=moment,
        paths=((program, "NORMAL"), ("/lib64/ld-linux-x86-64.so.2", "NORMAL")),
        arguments=arguments or (program.rpartition("/")[2],),
        executable=program,
    )


class Fake:
    """Answers as the audit system's tools do: what they print by their name and first argument, and the files."""

    def __init__(self, answers: dict[str, Output | str | Exception | None], files: dict[str, bytes] | Exception | None):
        self.answers = answers
        self.contents = files
        self.asked: list[tuple[str, ...]] = []

    def run(self, program: str, *arguments: str) -> Output | None:
        self.asked.append((program, *arguments))
        answer = self.answers.get(" ".join((program, *arguments)), self.answers.get(program, ""))
        if program == "auditctl":
            answer = self.answers[f"auditctl {arguments[0]}"]
        if isinstance(answer, Exception):
            raise answer
        return Output(0, answer, "") if isinstance(answer, str) else answer

    def files(self, folder: str) -> dict[str, bytes] | None:
        if isinstance(self.contents, Exception):
            raise self.contents
        return self.contents
