"""processes/program-replaceable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.confined import host, in_bubblewrap, in_docker, running
from tests.plugins.loading import run_check, status
from workbench.model.clients import ClientFacts
from workbench.model.facts import Acl, AclEntry, HostFacts, PathFact
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.launch import Launch
from workbench.model.processes import ServerProcess
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.sources import SourceFact

CHECK = "processes/program-replaceable"
NODE = builders.path("/usr/bin/node", 0o755, uid=0, gid=0)
SCRIPT = "/home/dev/mcp/index.js"


def of(*program: PathFact, **more: Any) -> ServerProcess:
    return running(executable="/usr/bin/node", program=(NODE, *program), **more)


def test_vulnerable_a_script_that_everyone_may_write_is_one_finding_for_all_that_run_it() -> None:
    script = builders.path(SCRIPT, 0o666)
    (finding,) = builders.findings(run_check(CHECK, host(of(script), of(script, key="1000:b", label="b"))))
    assert finding.severity is Severity.HIGH
    assert (finding.subject.kind, finding.subject.key) == ("file", SCRIPT)
    assert f"any account on this machine can write {SCRIPT}, and with it the code of files and b" in finding.summary
    assert len(finding.also) == 2
    assert finding.evidence[0].command == ("stat", "-c", "%A %U:%G %n", SCRIPT)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (builders.path("/opt/mcp/x.js", 0o664, uid=0, gid=2000), "colleague can write"),
        (builders.path("/opt/mcp/x.js", 0o644, uid=1001, gid=1001), "colleague can write"),
        (builders.path("/opt/mcp/x.js", 0o444, uid=1001, gid=1001), "colleague can write"),
        (builders.path("/opt/mcp", 0o777, kind="directory"), "can make entries in /opt/mcp"),
        (
            builders.path("/opt/mcp/x.js", 0o644, uid=0, directories={"/opt/mcp": (0o777, 0, 0)}),
            "can replace entries in /opt/mcp",
        ),
        (
            builders.path("/opt/mcp/x.js", 0o644, uid=0, directories={"/opt": (0o755, 1001, 1001)}),
            "colleague can replace entries in /opt",
        ),
        (builders.path("/tmp/x.py", 0o644), "can put modules beside the script into /tmp"),
        (
            builders.path("/opt/x.js", 0o664, acl=Acl(0, (AclEntry("user", 1001, 6),))),
            "colleague can write",
        ),
    ],
)
def test_vulnerable(path: PathFact, words: str) -> None:
    (finding,) = builders.findings(run_check(CHECK, host(of(path))))
    assert words in finding.summary
    if path.file.acl:
        assert finding.evidence[0].command[0] == "getfacl"


def test_vulnerable_a_program_that_is_not_there_any_more_is_low() -> None:
    gone = running(executable="/usr/bin/node (deleted)", program=(NODE,))
    (finding,) = builders.findings(run_check(CHECK, host(gone, replace(gone, key="1000:b", label="b"))))
    assert finding.severity is Severity.LOW
    assert (finding.subject.key, len(finding.also)) == ("/usr/bin/node", 2)
    assert "while it runs as files and b: restart" in finding.summary
    source = of(source=SourceFact("npx cache", "/home/dev/.npm/_npx/a", deleted=True))
    assert builders.findings(run_check(CHECK, host(source)))


@pytest.mark.parametrize(
    "server",
    [
        of(builders.path(SCRIPT, 0o644)),
        of(builders.path(SCRIPT, 0o664)),  # the group dev holds nobody else
        of(builders.path("/opt/mcp/x.js", 0o644, uid=4711, gid=4711)),  # no account has this number
        of(builders.path("/home/dev/x/x.js", 0o644, uid=1001, directories={"/home/dev": (0o700, 1000, 1000)})),
        of(builders.path("/usr/lib/node_modules/mcp", 0o755, kind="directory", uid=0)),
        of(builders.path("/home/dev/mcp/x.js", 0o666, directories={"/home/dev": (0o700, 1000, 1000)})),
        running(uid=990, account="mcp", program=(builders.path(SCRIPT, 0o644),)),
        in_docker(program=()),
        in_bubblewrap(program=(builders.path(SCRIPT, 0o600),)),
    ],
)
def test_hardened(server: ServerProcess) -> None:
    assert builders.kinds(run_check(CHECK, host(server))) == {Passed}


def test_vulnerable_to_another_developer_of_the_same_machine() -> None:
    theirs = builders.config((), path=builders.path("/home/colleague/.cursor/mcp.json", 0o600, uid=1001))
    clients = ClientFacts(builders.COMPLETE, configs=(theirs,))
    script = builders.path("/opt/x.js", 0o644, uid=1001)
    assert builders.findings(run_check(CHECK, host(of(script), clients=clients)))
    served = of(script, uid=990, account="mcp")
    assert builders.kinds(run_check(CHECK, host(served, clients=clients))) == {Passed}


def test_the_program_itself_beside_which_others_make_files_is_no_script() -> None:
    program = builders.path("/tmp/mcp-server", 0o755)
    server = running(executable="/tmp/mcp-server", program=(program,))
    assert builders.kinds(run_check(CHECK, host(server))) == {Passed}


def test_not_assessed_where_it_is_not_known_what_runs() -> None:
    unknown = running(executable="", program=())
    assert builders.kinds(run_check(CHECK, host(unknown))) == {NotAssessed}
    said = host(unknown, state=builders.unread("executable", "the program file of files"))
    assert run_check(CHECK, said) == []
    assert status(CHECK, said) is Status.NOT_ASSESSED
    tool = running(launch=Launch("docker", image=builders.image("mcp/git")))
    assert builders.kinds(run_check(CHECK, host(tool))) == {NotAssessed}


def test_not_applicable() -> None:
    assert builders.kinds(run_check(CHECK, builders.snapshot())) == {NotApplicable}
    windows = HostFacts("win32", "10", -1, "dev", "C:\\Users\\dev")
    assert builders.kinds(run_check(CHECK, host(running(), host=windows))) == {NotApplicable}
