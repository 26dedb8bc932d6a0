"""Audit rules as auditctl and the kernel take them. ``tests/live`` loads every case for real and compares."""

from __future__ import annotations

import sys

import pytest

from workbench.host.audit import joined
from workbench.host.audit.files import rules_on_disk
from workbench.host.audit.rule import parse_listed, same
from workbench.model.audit import AuditRule

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no audit system")

B64 = {
    "0": "read",
    "2": "open",
    "257": "openat",
    "437": "openat2",
    "59": "execve",
    "322": "execveat",
    "262": "newfstatat",
}
TABLES = {"b64": B64, "b32": {"5": "open", "295": "openat", "437": "openat2", "11": "execve"}}
OPENS = "-a always,exit -F arch=b64 -S open,openat,openat2"
LONG = "k" * 300

CASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    # What a file says, and what the kernel has after "auditctl -R", as "auditctl -l" prints it.
    (f"{OPENS} -F exit=-EACCES -F uid=61234 -k d", (f"{OPENS} -F exit=-EACCES -F uid=61234 -F key=d",)),
    (f"{OPENS} -F exit=-13 -F uid=root -k d", (f"{OPENS} -F exit=-EACCES -F uid=0 -F key=d",)),
    (
        "-a exit,always -F arch=x86_64 -S 257 -S 2 -F auid!=unset",
        ("-a always,exit -F arch=b64 -S open,openat -F auid!=-1",),
    ),
    ("-a always,exit -F arch=b64 -S openat -F auid!=4294967295", ("-a always,exit -F arch=b64 -S openat -F auid!=-1",)),
    ("-a always,exit -F arch=b64 -S openat -F loginuid>=1000", ("-a always,exit -F arch=b64 -S openat -F auid>=1000",)),
    ("-a always,exit -F path=/etc/passwd -F perm=aw -k w", ("-w /etc/passwd -p wa -k w",)),
    ("-w /etc/hosts", ("-w /etc/hosts -p rwxa",)),
    (
        "-w /etc/hosts -p wa -k a -F auid>=1000",
        ("-a always,exit -S all -F path=/etc/hosts -F perm=wa -F auid>=1000 -F key=a",),
    ),
    ("-a always,exit -F dir=/usr/ -F perm=w", ("-w /usr/ -p w",)),
    ("-a always,exit", ("-a always,exit -S all",)),
    (
        "-a always,exit -F arch=b64 -S openat -k x -k y -F uid=5",
        ("-a always,exit -F arch=b64 -S openat -F uid=5 -F key=x -F key=y",),
    ),
    ("-a always,exit -F arch=0xC000003E -Sall -Fuid=5x", ("-a always,exit -F arch=b64 -S all -F uid=5",)),
    ("-a always,exit -F arch=B64 -S open,all -F perm=AW", ("-a always,exit -F arch=b64 -S all -F perm=wa",)),
    ("-a always,exit -F arch=b64 -S open -F a0=-1", ("-a always,exit -F arch=b64 -S open -F a0=0xFFFFFFFF",)),
    ("-a always,exit -F perm=x -k y", (" -p x -k y",)),
    ("-a never,exclude -F msgtype=1307", ("-a never,exclude -F msgtype=CWD",)),
    ("-a never,task", ("-a never,task",)),
    ("-a never,exclude -F msgtype=CWD", ("-a never,exclude -F msgtype=CWD",)),
    (
        "-a always,exit -F arch=b64 -S openat -F uid=61234 -C auid!=uid",
        ("-a always,exit -F arch=b64 -S openat -F uid=61234 -C uid!=auid",),
    ),
    (
        '  -w /etc/hosts   -p  wa -k one  \n-w /etc/group -k "two"',
        ("-w /etc/hosts -p wa -k one", '-w /etc/group -p rwxa -k "two"'),
    ),
    ("#c\n\n   \n #d\n-w /etc/hosts", ("-w /etc/hosts -p rwxa",)),
    ("-D\n-b 8192\n-f 1\n--backlog_wait_time 60000\n-w /etc/hosts", ("-w /etc/hosts -p rwxa",)),
    ("-w /etc/hosts -k one\r\n-w /etc/group\r\n", ("-w /etc/hosts -p rwxa -k one\r", "-w /etc/group\r -p rwxa")),
    ("\r\n-w /etc/hosts", ()),
    ("-w /etc/hosts -k one  \r\n-w /etc/group", ()),
    (
        "-a always,exit -F arch=b64 -S openat -F uid=5\r\n-w /etc/group",
        ("-a always,exit -F arch=b64 -S openat -F uid=5", "-w /etc/group -p rwxa"),
    ),
    ("-w /nonexistent", ("-w /nonexistent -p rwxa",)),
    # What is refused, and keeps the line after it from loading.
    (
        "-w /etc/group\n-a always,exit -F arch=b64 -S openat -F dir!=/tmp -k t\n-w /etc/hosts",
        ("-w /etc/group -p rwxa",),
    ),
    *(
        (f"{line}\n-w /etc/hosts", ())
        for line in (
            "-a always,exit -F arch=b64 -S openat -F path!=/etc/hosts",
            "-a always,exit -F arch=b64 -S openat -F dir>=/tmp",
            "-a always,exit -F arch=b64 -S openat -F uid=<mcp-server-uid> -k t",
            "-a always,exit -F arch=b64 -S openat -F uid=$(id -u) -k t",
            "-a always,exit -F arch=b64 -S openat -F uid=nosuchaccount",
            "-a always,exit -F arch=b64 -S openat -F gid=nosuchgroup",
            "-a always,exit -F arch=b64 -S openat -F uid!=unset",
            "-a always,exit -F arch=b64 -S openat -F euid=-1",
            "-a always,exit -F arch=b64 -S nosuchcall -F uid=1",
            "-a always,exit -F arch=b32 -S newfstatat -F uid=1",
            "-a always,exit -F arch=b64 -S openat -F nosuchfield=1",
            "-a always,exit -F arch=b65 -S openat",
            "-a always,exit -F arch=b64 -S openat -F uid=+5",
            "-a always,exit -F arch=b64 -S openat -F uid&5",
            "-a always,exit -F arch=b64 -S openat -F gid=-1",
            "-a always,exit -F arch=b64 -S openat -F path=/",
            "-a always,exit -F arch=b64 -S openat -F exe=/usr/bin/",
            "-a always,exit -F arch=b64 -S openat -F perm!=w",
            "-a always,exit -F arch=b64 -S openat -F pers=x",
            "-a always,exit -F arch=b64 -S openat -F a0=abc",
            "-a always,exit -F arch=b64 -S openat -F success=-1",
            "-a always,exit -F arch=b64 -S openat -F filetype=8",
            "-a always,exit -F arch=b64 -S openat -F fstype=ext4",
            "-a always,exit -F arch=b64 -S openat -C uid!=uid",
            "-a always,exit -F arch=b64 -S 9999",
            "-a always,exit -F uid=5 -F key=y",
            "-a never,exclude -k x",
            "-w /etc/hosts/x",
            "-a always,exit -S openat -F arch=b64",
            "-a always,exit -F arch=b64 -S openat -F success=no",
            "-a always,exit -F arch=b64 -S openat -F pid=x",
            "-a always,exit -F arch=b64 -S openat -F exit=-EFOO",
            "-a always,exit -F arch=b64 -S openat -F exit=--13",
            "-a always,exit -F arch=b64 -S openat -F perm=q",
            "-a always,exit -F arch=b64 -S openat -F filetype=pipe",
            "-a always,exit -F arch=b64 -S openat -F dir=/nonexistent",
            "-a always,exit -F arch=b64 -S openat -F dir=tmp",
            "-a always,exit -F arch=b64 -S openat -F path=/tmp/",
            "-a always,exit -F arch=b64 -S openat -F exe=sh",
            "-a always,exit -F arch=b64 -S openat -F exe=/nonexistent/sh",
            "-a always,exit -F arch=b64 -S openat -F dir=/etc -F path=/etc/hosts",
            "-a always,exit -F arch=b64 -S openat -F msgtype=CWD",
            "-a always,exit -F arch=b64 -S openat -C uid!=gid",
            "-a always,exit -F arch=b64 -S openat -C foo!=uid",
            "-a always,exit -F arch=b64 -S openat -F uid = 1",
            "-a always,exit -F arch=b64 -S openat -F uid",
            "-a always,exit -F arch=b64 -S open, openat -F uid=1",
            "-a always,exit -F arch=b64 -F uid=1 -S",
            "-a always,exit -F uid=5 -k x",
            "-a always,entry -S open",
            "-a possible,exit -S open",
            "-a always exit -S open",
            "-a always,task -S open -F uid=1",
            "-a",
            "-A always,exit -w /etc/group",
            "-w /etc/group -w /etc/passwd",
            "-w relative",
            "-w /nonexistent/x/y",
            "-w /etc/group -p wz",
            "-w /etc/group -p",
            "-w /etc/group -k one # why",
            "-w /etc/group -p wa\t-k one",
            "\t-w /etc/group",
            f"-w /etc/group -k {LONG}",
            "-k one -w /etc/group",
            "-F uid=1",
            "garbage line",
            "--nosuch",
            "-b notanumber",
            "-f 5",
        )
    ),
    ("-w /etc/group\n-w /etc/group -p rwxa\n-w /etc/hosts", ("-w /etc/group -p rwxa",)),
    (
        f"{OPENS} -F uid=1\n-a always,exit -F arch=b64 -S openat2 -S openat -S open -F uid=1\n-w /etc/hosts",
        (f"{OPENS} -F uid=1",),
    ),
    (
        "-w /etc/group\n-w /etc/group -k a\n-w /etc/group -p r",
        ("-w /etc/group -p rwxa", "-w /etc/group -p rwxa -k a", "-w /etc/group -p r"),
    ),
    # -i and -c go on after an error that comes after them.
    ("-i\n-w /etc/group junk\n-w /etc/hosts", ("-w /etc/hosts -p rwxa",)),
    ("-c\n-w /nonexistent/x/y\n-w /etc/hosts", ("-w /etc/hosts -p rwxa",)),
    ("-w /nonexistent/x/y\n-i\n-w /etc/hosts", ()),
)


def on_disk(text: str, name: str = "/etc/audit/rules.d/50-mcp.rules") -> tuple[AuditRule, ...]:
    return rules_on_disk({name: text.encode()}, TABLES)


@pytest.mark.parametrize(("text", "listed"), CASES)
def test_what_the_kernel_takes(text: str, listed: tuple[str, ...]) -> None:
    taken = [rule for rule in on_disk(text) if not rule.problem and not rule.stopped]
    assert [same(rule) for rule in taken] == [same(parse_listed(line, TABLES)) for line in listed]


def test_a_refused_line_says_why_and_what_it_stops() -> None:
    text = "# rules\n-w /etc/group\n-a always,exit -F arch=b64 -S openat -F dir!=/srv -k v\n-w /etc/hosts\n"
    first, broken, last = on_disk(text)
    assert (first.problem, first.stopped, first.line) == ("", False, 2)
    assert "compares dir with = alone" in broken.problem and broken.line == 3 and not broken.stopped
    assert last.stopped and not last.problem
    assert not first.loaded


def test_with_i_the_loading_goes_on() -> None:
    broken, last = on_disk("-i\n-w /etc/hosts junk\n-w /etc/group\n")
    assert broken.ignored and broken.problem and not last.stopped


def test_the_files_are_joined_as_augenrules_does() -> None:
    contents = {
        "/etc/audit/rules.d/100-last.rules": b"-w /etc/hosts -k last\n",
        "/etc/audit/rules.d/20-first.rules": b"-e 2\n-w /etc/hosts -k first\n",
        "/etc/audit/rules.d/30-delete.rules": b"-D\n-w relative\n",
        "/etc/audit/audit.rules": b"-w /etc/hosts -k generated\n",
    }
    found = rules_on_disk(contents, TABLES)
    assert [(rule.file.rpartition("/")[2], rule.stopped) for rule in found] == [
        ("20-first.rules", False),
        ("30-delete.rules", False),
        ("100-last.rules", True),
    ]


def test_without_the_folder_the_one_file_is_loaded() -> None:
    (rule,) = on_disk("-w /etc/hosts", "/etc/audit/audit.rules")
    assert rule.file == "/etc/audit/audit.rules"


def test_the_packaged_rules_that_look_like_much_hold_nothing() -> None:
    assert on_disk("##- Use of privileged commands\n#find /bin -type f -perm -04000\n\n## -e 2\n#-e 2\n") == ()


def test_each_rule_is_joined_with_its_place_on_disk() -> None:
    loaded = [parse_listed(line, TABLES) for line in ("-w /etc/hosts -p wa", "-w /etc/group -p rwxa -k typed")]
    disk = on_disk("-a always,exit -F path=/etc/hosts -F perm=wa\n-w /etc/passwd\n-w relative\n")
    found = joined(loaded, disk)
    assert [(rule.loaded, rule.line) for rule in found] == [(True, 1), (True, None), (False, 2), (False, 3)]


def test_a_line_that_is_not_understood_keeps_its_text() -> None:
    rule = parse_listed("-a sometimes,never-heard-of \x1b[31m", TABLES)
    assert rule.loaded and rule.filter == "" and "\x1b" not in rule.text


def test_a_key_with_a_space_and_a_folder_with_one() -> None:
    rule = parse_listed("-a always,exit -F arch=b64 -S open -F uid=5 -F key=a b", TABLES)
    assert rule.keys == ("a b",)
    assert parse_listed("-w /tmp/a b -p wa -k c d", TABLES).fields == (("path", "=", "/tmp/a b"), ("perm", "=", "wa"))
    assert parse_listed("-w /tmp/a b -p wa -k c d", TABLES).keys == ("c d",)


def test_an_unknown_machine_is_not_judged() -> None:
    (rule,) = rules_on_disk({"/etc/audit/audit.rules": b"-a always,exit -F arch=b64 -S nosuchcall"}, {})
    assert rule.problem == "" and rule.syscalls == ("nosuchcall",)


def test_hostile_text_is_made_visible() -> None:
    (rule,) = on_disk("-w /etc/hosts -k \x1b]0;owned\x07\u202e")
    assert rule.keys == (r"\x1b]0;owned\x07\u202e",)
    (broken,) = on_disk("-w /etc/hosts \x1b[2J")
    assert "\x1b" not in broken.problem + broken.text


def test_a_huge_line_is_cut_and_quick() -> None:
    found = on_disk("-w /etc/hosts\n" + "x" * 900_000 + "\n" + "-w /etc/group\n" * 10_000)
    assert len(found) == 10_002 and len(found[1].text) < 600
