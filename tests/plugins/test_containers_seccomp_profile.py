"""containers/seccomp-profile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.plugins import containers
from workbench.host.containers.seccomp import Machine, summarise
from workbench.model.containers import ContainerFact, SeccompProfile
from workbench.model.finding import NotApplicable, NotAssessed
from workbench.model.severity import Severity

CHECK = "containers/seccomp-profile"

DATA = Path(__file__).parents[1] / "data" / "containers"
ALLOW, DENY, LOG = "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_LOG"
WORKING: dict[str, Any] = json.loads((DATA / "nofork.json").read_text())


def _rule(action: str, *names: str, **more: Any) -> dict[str, Any]:
    return {"names": list(names), "action": action, **more}


def _with(profile: dict[str, Any] | str, **more: Any) -> ContainerFact:
    text = profile if isinstance(profile, str) else json.dumps(profile)
    summary = summarise(text, Machine((), "amd64", "6.1.0"))
    return containers.container(**{"seccomp": "profile", "seccomp_profile": summary, "running": False, **more})


def _denying(*names: str, default: str = ALLOW) -> dict[str, Any]:
    # What a list of denials should name besides, so that only what is asked for is found.
    usual = ("add_key", "keyctl", "request_key", "kexec_load", "kexec_file_load", "bpf", "open_by_handle_at", "setns")
    spaces = _rule(DENY, "clone", args=[{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_NE"}])
    masked = _rule(DENY, "mount", "move_mount", "unshare")
    return {"defaultAction": default, "syscalls": [_rule(DENY, *usual), masked, spaces, _rule(DENY, *names)]}


def test_vulnerable_as_published() -> None:
    finding = containers.only(CHECK, _with((DATA / "as-published.json").read_text()))
    assert finding.severity is Severity.MEDIUM
    assert finding.summary.startswith("files: no container can start with its profile: it denies execve")
    for call in ("fstatfs", "newfstatat", "arch_prctl", "clone3"):
        assert f"{call}: denied" in finding.evidence[0].actual


@pytest.mark.parametrize("call", ["execve", "openat", "fstatfs", "getdents64", "futex", "mprotect", "newfstatat"])
def test_vulnerable_when_it_denies_what_every_start_needs(call: str) -> None:
    profile = {**WORKING, "syscalls": [_rule(DENY, call, errnoRet=13), *WORKING["syscalls"]]}
    assert f"it denies {call}" in containers.only(CHECK, _with(profile)).summary


def test_vulnerable_only_without_what_loads_the_filter_last() -> None:
    finding = containers.only(CHECK, _with(WORKING, no_new_privileges=False))
    assert "setgroups" in finding.summary and "capset" in finding.summary
    assert containers.passes(CHECK, _with(WORKING))


def test_vulnerable_when_libraries_are_not_told_to_try_the_older_call() -> None:
    rules = [rule for rule in WORKING["syscalls"] if rule["names"] != ["clone3"]]
    finding = containers.only(CHECK, _with({**WORKING, "syscalls": rules}))
    assert finding.severity is Severity.MEDIUM and "glibc cannot start a thread" in finding.summary


def test_vulnerable_when_it_denies_fork_alone() -> None:
    finding = containers.only(CHECK, _with({"defaultAction": ALLOW, "syscalls": [_rule(DENY, "fork", "vfork")]}))
    assert finding.severity is Severity.HIGH
    assert "denies fork and vfork, but programs make processes with clone (process)" in finding.summary


def test_vulnerable_when_one_rule_takes_back_what_another_says() -> None:
    rules = [*WORKING["syscalls"], _rule(DENY, "ptrace"), _rule(ALLOW, "ptrace")]
    finding = containers.only(CHECK, _with({**WORKING, "syscalls": rules}))
    assert finding.severity is Severity.HIGH and "denies ptrace in one rule and allows it" in finding.summary


def test_vulnerable_when_clone3_passes_the_mask_by() -> None:
    rules = [rule for rule in WORKING["syscalls"] if rule["names"] != ["clone3"]]
    finding = containers.only(CHECK, _with({**WORKING, "syscalls": [*rules, _rule(ALLOW, "clone3")]}))
    assert finding.severity is Severity.HIGH and "lets clone3 make anything" in finding.summary


@pytest.mark.parametrize(("action", "words"), [(ALLOW, "denies nothing"), (LOG, "only writes down")])
def test_vulnerable_when_it_denies_nothing(action: str, words: str) -> None:
    finding = containers.only(CHECK, _with({"defaultAction": action, "syscalls": []}, running=True))
    assert finding.severity is Severity.HIGH and words in finding.summary


@pytest.mark.parametrize(
    ("denied", "left"), [("chmod", "fchmod"), ("ptrace", "process_vm_writev"), ("mknod", "mknodat")]
)
def test_vulnerable_when_the_twin_of_a_call_is_left(denied: str, left: str) -> None:
    rules = _denying(denied, "clone3", "fork")
    finding = containers.only(CHECK, _with(rules, running=True))
    assert f"denies {denied} and allows {left}" in finding.summary + finding.evidence[-1].actual


def test_vulnerable_when_a_list_of_denials_forgets_what_the_engine_denies() -> None:
    finding = containers.only(CHECK, _with({"defaultAction": ALLOW, "syscalls": [_rule(DENY, "swapon")]}, running=True))
    assert finding.severity is Severity.MEDIUM and "keyctl" in finding.summary


def test_vulnerable_in_two_containers_is_one_finding() -> None:
    one = _with((DATA / "as-published.json").read_text())
    two = containers.other("git", seccomp="profile", seccomp_profile=one.seccomp_profile, running=False)
    assert len(containers.only(CHECK, one, two).also) == 1


def test_vulnerable_when_it_is_no_profile() -> None:
    assert "it is not JSON" in containers.only(CHECK, _with("{not json")).summary


def test_hardened() -> None:
    assert containers.passes(CHECK, _with(WORKING))
    assert containers.passes(CHECK, _with(WORKING, running=True))


def test_hardened_when_it_runs_for_then_it_could_start() -> None:
    rules = [_rule(DENY, "newfstatat", errnoRet=13), *WORKING["syscalls"]]
    assert containers.passes(CHECK, _with({**WORKING, "syscalls": rules}, running=True))


def test_hardened_on_another_processor_without_calls_of_this_one() -> None:
    from dataclasses import replace

    rules = [_rule(DENY, "arch_prctl", errnoRet=13), *WORKING["syscalls"]]
    container = _with({**WORKING, "syscalls": rules})
    assert containers.passes(CHECK, container, engine=replace(containers.ENGINE, architecture="arm64"))
    assert containers.only(CHECK, container)


def test_hardened_when_an_unnamed_fork_is_not_allowed_and_nothing_was_claimed() -> None:
    # As a profile that was learned from a server that starts programs.
    rules = [rule for rule in WORKING["syscalls"] if rule["names"] != ["clone"]]
    namespaces = [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]
    assert containers.passes(CHECK, _with({**WORKING, "syscalls": [*rules, _rule(ALLOW, "clone", args=namespaces)]}))


def test_not_applicable_to_the_engines_own() -> None:
    assert builders.kinds(containers.said(CHECK, containers.container())) == {NotApplicable}


@pytest.mark.parametrize("problem", ["the engine tells the path of the profile only", "it has more than 5000 rules"])
def test_not_assessed_when_the_profile_could_not_be_worked_out(problem: str) -> None:
    container = containers.container(
        seccomp="profile", seccomp_profile=SeccompProfile("denied", problem=problem), running=False
    )
    assert builders.kinds(containers.said(CHECK, container)) == {NotAssessed}


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
