"""sudoers/keeps-environment."""

from __future__ import annotations

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.facts import SectionState
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.sudoers import DefaultScope, SudoCommand, SudoDefault, SudoersFacts, SudoRule

CHECK = "sudoers/keeps-environment"
PROGRAM = "/usr/local/bin/mcp-server"
HIGH, MEDIUM = Severity.HIGH, Severity.MEDIUM
NODE, ELF, UNKNOWN = "/usr/bin/env node", "", None


def rule(
    text: str = f"{PROGRAM} --root /srv",
    *,
    interpreter: str | None = NODE,
    tag: bool | None = None,
    users: tuple[str, ...] = ("dev",),
    runas: tuple[str, ...] = ("mcp-server",),
    passwordless: bool = True,
) -> SudoRule:
    commands = (SudoCommand(text, interpreter=interpreter),)
    return SudoRule(users, ("ALL",), runas, (), commands, passwordless, tag, file="/etc/sudoers.d/mcp", line=1)


def keep(*names: str, scope: DefaultScope = "everyone", bound: str = "ALL", how: str = "add") -> SudoDefault:
    return SudoDefault(scope, (bound,), "env_keep", how, names)  # type: ignore[arg-type]


def switch(name: str, how: str, scope: DefaultScope = "everyone", bound: str = "ALL") -> SudoDefault:
    return SudoDefault(scope, (bound,), name, how)  # type: ignore[arg-type]


def said(judged: SudoRule, *defaults: SudoDefault) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(sudoers=SudoersFacts(builders.COMPLETE, (judged,), defaults=defaults)))


def severity(judged: SudoRule, *defaults: SudoDefault) -> Severity | None:
    (verdict,) = said(judged, *defaults)
    found = builders.findings([verdict])
    assert found or isinstance(verdict, Passed)
    return found[0].severity if found else None


def test_vulnerable_the_caller_sets_any_variable() -> None:
    assert severity(rule(tag=True)) is HIGH
    assert severity(rule(tag=True, interpreter=ELF)) is HIGH
    assert severity(rule(), switch("setenv", "on")) is HIGH
    assert severity(rule(), switch("setenv", "on", "user", "dev")) is HIGH
    assert severity(rule(users=("%team",)), switch("setenv", "on", "user", "colleague")) is HIGH
    assert severity(rule(users=("%absent",)), switch("setenv", "on")) is HIGH
    assert severity(rule(), switch("setenv", "on", "runas", "mcp-server")) is HIGH
    assert severity(rule(), switch("setenv", "on", "command", PROGRAM)) is HIGH


def test_hardened_settings_that_do_not_hold_here() -> None:
    assert severity(rule(tag=False), switch("setenv", "on")) is None
    assert severity(rule(), switch("setenv", "on", "user", "colleague")) is None
    assert severity(rule(), switch("setenv", "on", "runas", "root")) is None
    assert severity(rule(), switch("setenv", "on", "command", "/bin/other")) is None
    assert severity(rule(), switch("setenv", "on"), switch("setenv", "off")) is None
    assert severity(rule(), SudoDefault("host", ("other",), "setenv", "on", here=False)) is None


def test_vulnerable_without_env_reset() -> None:
    off = switch("env_reset", "off")
    assert severity(rule(), off) is HIGH
    assert severity(rule(interpreter="/usr/bin/python3"), off) is MEDIUM
    assert severity(rule(interpreter=ELF), off, switch("env_delete", "off")) is HIGH
    assert severity(rule(), switch("env_reset", "off", "user", "dev")) is HIGH
    assert severity(rule(), off, switch("env_reset", "on")) is None


@pytest.mark.parametrize(
    ("name", "interpreter", "expected"),
    [
        ("LD_PRELOAD", ELF, HIGH),
        ("LD_*", NODE, HIGH),
        ("*", ELF, HIGH),
        ("LD_LIBRARY_PATH", UNKNOWN, HIGH),
        ("NODE_OPTIONS", NODE, HIGH),
        ("NODE_*", NODE, HIGH),
        ("NODE_OPTIONS", UNKNOWN, MEDIUM),
        ("NODE_OPTIONS", ELF, None),
        ("NODE_OPTIONS", "/usr/bin/python3", None),
        ("NODE_OPTIONS=*", NODE, HIGH),
        ("NODE_OPTIONS=--no-warnings", NODE, None),
        ("PYTHONPATH", "/usr/bin/python3.11 -I", HIGH),
        ("PYTHON*", "/usr/bin/env -S python3", HIGH),
        ("PERL5OPT", "/usr/bin/perl -w", HIGH),
        ("RUBYLIB", "/usr/bin/ruby", HIGH),
        ("BASH_ENV", "/bin/bash", HIGH),
        ("BASH_ENV", "/bin/sh", None),
        ("ENV", "/bin/sh", HIGH),
        ("HOME", NODE, MEDIUM),
        ("HOME", ELF, None),
        ("XDG_*", NODE, MEDIUM),
        ("PATH", NODE, HIGH),
        ("PATH", ELF, MEDIUM),
        ("LANG", NODE, None),
        ("API_KEY", NODE, None),
        ("DISPLAY", NODE, None),
    ],
)
def test_vulnerable_only_what_has_an_effect(name: str, interpreter: str | None, expected: Severity | None) -> None:
    assert severity(rule(interpreter=interpreter), keep(name)) is expected


def test_vulnerable_the_program_may_be_the_interpreter() -> None:
    script = rule("/usr/bin/node /opt/x/server.js", interpreter=ELF)
    assert severity(script, keep("NODE_OPTIONS")) is HIGH
    assert severity(rule("/usr/bin/env FOO=1 /opt/x", interpreter=ELF), keep("PYTHONPATH")) is MEDIUM


def test_hardened_what_is_taken_out_again_or_pinned() -> None:
    assert severity(rule(), keep("NODE_OPTIONS"), keep("NODE_OPTIONS", how="remove")) is None
    assert severity(rule(), keep("NODE_OPTIONS"), switch("env_keep", "off")) is None
    assert severity(rule(), keep("NODE_OPTIONS"), keep("LANG", how="set")) is None
    path = SudoDefault("everyone", ("ALL",), "secure_path", "set", ("/usr/bin",))
    assert severity(rule(), keep("PATH"), path) is None
    assert severity(rule(), keep("NODE_OPTIONS", scope="user", bound="colleague")) is None


def test_hardened_a_plain_policy() -> None:
    assert severity(rule(), switch("env_reset", "on"), keep("LANG", "LC_*")) is None


def test_vulnerable_the_finding_names_what_and_how_to_see_it() -> None:
    (finding,) = builders.findings(said(rule(), keep("NODE_OPTIONS", "PYTHONPATH")))
    assert "env_keep of NODE_OPTIONS" in finding.summary
    assert "PYTHONPATH" not in finding.evidence[0].actual
    assert finding.evidence[0].command == ("sudo", "-l", "-U", "dev")


def test_not_applicable() -> None:
    for judged in (
        rule(tag=True, passwordless=False),
        rule("ALL", tag=True),
        rule(tag=True, users=("mcp-server",)),
        rule("sudoedit /etc/hosts", tag=True),
    ):
        assert builders.kinds(said(judged)) == {NotApplicable}
    absent = SudoersFacts(SectionState("not applicable", "sudo is not installed"))
    assert status(CHECK, builders.snapshot(sudoers=absent)) is Status.NOT_APPLICABLE


def test_not_assessed_settings_of_a_netgroup() -> None:
    of_netgroup = SudoDefault("host", ("+hosts",), "setenv", "on", here=None)
    assert builders.kinds(said(rule(), of_netgroup)) == {NotAssessed}
    assert len(builders.findings(said(rule(tag=True), of_netgroup))) == 1


def test_not_assessed_when_the_policy_could_not_be_read() -> None:
    closed = SudoersFacts(SectionState("failed", "permission denied", "run the scan as root"))
    assert status(CHECK, builders.snapshot(sudoers=closed)) is Status.NOT_ASSESSED
