"""The audit log's records: what is told of an event, however its names were made."""

from __future__ import annotations

import time

import pytest

from tests.host.audit_log import START, event, started
from workbench.host.audit.records import Occurrence, occurrences
from workbench.host.audit.searching import summary
from workbench.model.audit import ServerAccount

O_NOATIME = "a0=ffffff9c a1=7f00 a2=40000 a3=0"


def told(text: str) -> list[Occurrence]:
    return list(occurrences(text))


def one(text: str) -> Occurrence:
    (found,) = told(text)
    return found


def test_a_denied_open() -> None:
    found = one(event(39))
    assert (found.kind, found.outcome, found.uid, found.what) == ("open", "denied", 990, "/home/dev/.ssh/id_rsa")
    assert (found.by, found.moment, found.identity, found.whole) == ("/usr/bin/cat", START, f"{START:.3f}:39", True)


@pytest.mark.parametrize(
    ("paths", "shown"),
    [
        ((("../../home/dev/.ssh/id_rsa", "NORMAL"),), "/home/dev/.ssh/id_rsa"),
        ((("/tmp/my key", "NORMAL"),), "/tmp/my key"),
        ((("/tmp/\x1b]0;owned\x07", "NORMAL"),), r"/tmp/\x1b]0;owned\x07"),
        (
            (("/tmp/a\ntype=SYSCALL msg=audit(1.0:1): uid=0", "NORMAL"),),
            r"/tmp/a\x0atype=SYSCALL msg=audit(1.0:1): uid=0",
        ),
        ((('/tmp/"quoted" name="/etc/passwd"', "NORMAL"),), '/tmp/"quoted" name="/etc/passwd"'),
        ((("/tmp/caf\u00e9", "NORMAL"),), "/tmp/caf\u00e9"),
        ((("/tmp/\udcff\udcfe", "NORMAL"),), r"/tmp/\xff\xfe"),
        ((("/tmp/\u202etxt", "NORMAL"),), r"/tmp/\u202etxt"),
        ((("/home/dev/private/f", "UNKNOWN"),), "/home/dev/private/f"),
        ((("/etc/", "PARENT"),), "/etc (a new file in it)"),
        ((("/etc/", "PARENT"), ("/etc/shadow", "NORMAL")), "/etc/shadow"),
        ((("/tmp/d/", "PARENT"), ("/tmp/d/f", "CREATE")), "/tmp/d/f"),
        ((("/tmp/" + "x" * 4000, "NORMAL"),), None),
        ((), "a path that was not recorded"),
    ],
)
def test_the_path_is_told_as_it_was(paths: tuple[tuple[str, str], ...], shown: str | None) -> None:
    what = one(event(1, paths=paths)).what
    assert what.isprintable() and len(what) <= 300
    assert shown is None or what == shown


def test_a_name_below_an_open_folder_is_not_taken_for_one_in_the_working_folder() -> None:
    found = one(event(1, paths=(("shadow", "NORMAL"),), registers="a0=5 a1=7ffe a2=0 a3=0"))
    assert found.what == "…/shadow (below a folder that it had open)"


@pytest.mark.parametrize(
    "text",
    [
        event(1, exit_value=-2),  # what a program looks for at its start and does not find
        event(1, exit_value=3),
        event(1, call=21),  # access
        event(1, exit_value=-1, registers=O_NOATIME),
        event(1, call=2, exit_value=-1, registers="a0=7f00 a1=40800 a2=0 a3=0"),
        event(1, call=59, exit_value=-2, arguments=("ls",)),  # the search along PATH
        'type=CONFIG_CHANGE msg=audit(1767323045.000:5): auid=4294967295 op=add_rule key="x" list=4 res=1\n',
        "type=USER_CMD msg=audit(1767323045.000:5): pid=1 uid=990 msg='cmd=\"type=SYSCALL\" res=failed'\n",
    ],
)
def test_what_is_no_denial_is_not_told(text: str) -> None:
    assert told(text) == []


def test_not_permitted_is_denied_where_the_access_time_is_not_the_reason() -> None:
    assert one(event(1, exit_value=-1)).outcome == "denied"
    assert one(event(1, exit_value=-13, registers=O_NOATIME)).outcome == "denied"


@pytest.mark.parametrize(
    ("arch", "call"),
    [("c000003e", 2), ("c000003e", 437), ("40000003", 5), ("40000003", 295), ("c00000b7", 56), ("c00000f3", 56)],
)
def test_every_opening_call_of_every_architecture(arch: str, call: int) -> None:
    assert one(event(1, arch=arch, call=call)).kind == "open"


def test_an_unknown_architecture_is_told_by_the_name_that_auditd_adds() -> None:
    assert one(event(1, arch="80000016", call=288)).kind == "open"


def test_a_start() -> None:
    found = one(started(1, "/usr/bin/curl", "curl", "-s", "https://x.example/i"))
    assert (found.kind, found.outcome, found.what) == ("program", "started", "/usr/bin/curl")
    assert found.command == "curl -s https://x.example/i"


def test_a_denied_start() -> None:
    assert one(event(1, call=59, paths=(("./tool", "NORMAL"),))).what == "/srv/ws/tool"
    assert one(event(1, call=59)).outcome == "denied"


@pytest.mark.parametrize(
    "arguments",
    [
        ("curl", "-H", "Authorization: Bearer ghp_a1B2c3D4e5a1B2c3D4e5a1B2c3D4e5f6G7h8"),
        ("server", "--token", "ghp_a1B2c3D4e5a1B2c3D4e5a1B2c3D4e5f6G7h8"),
        ("sh", "-c", "GITHUB_TOKEN=ghp_a1B2c3D4e5a1B2c3D4e5a1B2c3D4e5f6G7h8 git push"),
    ],
)
def test_a_secret_of_the_command_line_stays_there(arguments: tuple[str, ...]) -> None:
    found = one(started(1, "/usr/bin/curl", *arguments))
    assert "ghp_" not in repr(found) and arguments[0] in found.command


def test_a_secret_in_a_name_stays_there() -> None:
    token = "ghp_a1B2c3D4e5a1B2c3D4e5a1B2c3D4e5f6G7h8"
    assert token not in one(event(1, paths=((f"/tmp/{token}", "NORMAL"),))).what


def test_a_long_argument_in_pieces() -> None:
    text = event(1, call=59, exit_value=0, arguments=("cat",)).replace(
        'argc=1 a0="cat"', 'argc=2 a0="cat" a1_len=12 a1[0]="abcdef" a1[1]="ghijkl"'
    )
    assert one(text).command == "cat abcdefghijkl"


def test_a_filtered_system_call() -> None:
    record = (
        'type=SECCOMP msg=audit(1767323045.000:7): auid=1000 uid=990 gid=990 ses=1 pid=5 comm="node"'
        ' exe="/usr/bin/node" sig={sig} arch=c000003e syscall=59 compat=0 ip=0x7f code={code}\x1dARCH=x86_64\n'
    )
    killed = one(record.format(sig=31, code="0x80000000"))
    assert (killed.kind, killed.outcome, killed.what, killed.by) == ("system call", "killed", "execve", "/usr/bin/node")
    assert one(record.format(sig=0, code="0x7ffc0000")).outcome == "logged"


def test_an_event_that_is_still_being_written_says_so() -> None:
    assert not one(event(1, whole=False)).whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n----\n",
        "type=SYSCALL",
        "type=SYSCALL msg=audit(",
        "type=SYSCALL msg=audit(1767323045.000:1): arch=",
        "type=SYSCALL msg=audit(99999999999999999999.0:1): x",
        "type=SYSCALL msg=audit(1767323045.000:1): arch=c000003e syscall=257 success=no exit=-13 uid=x",
        "type=SYSCALL msg=audit(1767323045.000:1): arch=c000003e syscall=257 success=no exit=-1 a2=zz uid=",
        "type=EXECVE msg=audit(1767323045.000:1): a9999999=6 a[1]=5 a1[x]=3",
        "type=PATH msg=audit(1767323045.000:1): item=0 name=",
        "\x00" * 1000,
    ],
)
def test_what_is_no_record_is_left_out(text: str) -> None:
    assert told(text) == []


def test_a_cut_event_is_told_as_far_as_it_is_there() -> None:
    assert one(event(1).split("type=PATH")[0]).what == "a path that was not recorded"


def test_a_log_with_a_node_name() -> None:
    text = "".join(f"node=build.example {line}\n" for line in event(1).splitlines())
    assert one(text).what == "/home/dev/.ssh/id_rsa"


def test_fifty_megabytes_are_summed_up_in_seconds() -> None:
    part = "".join(event(serial, moment=START + serial) for serial in range(2000))
    many = part * (50_000_000 // len(part))
    began = time.monotonic()
    (counted,) = summary(occurrences(many), [ServerAccount(990, "mcp")])
    assert counted.count > 30_000 and counted.first == START
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    "hostile", ["A" * 200_000, "a" * 200_000, "=" * 200_000, '"' * 200_000, "a= " * 60_000, "a[" * 90_000]
)
def test_a_hostile_record_takes_no_time(hostile: str) -> None:
    began = time.monotonic()
    told(
        f"type=SYSCALL msg=audit(1767323045.000:1): {hostile}\ntype=PATH msg=audit(1767323045.000:1): name={hostile}\n"
    )
    assert time.monotonic() - began < 2


def test_equal_events_are_counted() -> None:
    text = (
        event(1) + event(2, moment=START + 60) + started(3, "/usr/bin/id", "id", "-u") + started(4, "/usr/bin/id", "id")
    )
    denied, program = summary(occurrences(text), [ServerAccount(990, "mcp")])
    assert (denied.count, denied.first, denied.last, denied.account) == (2, START, START + 60, "mcp")
    assert (program.what, program.count, program.examples) == ("/usr/bin/id", 2, ("id -u", "id"))


def test_the_summary_is_bounded_and_keeps_what_was_denied() -> None:
    text = "".join(started(serial, f"/tmp/{serial}") for serial in range(400)) + event(500, moment=START - 50)
    found = summary(occurrences(text), [])
    assert len(found) == 300 and found[0].outcome == "denied" and found[0].account == "uid 990"
