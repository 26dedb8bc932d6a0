"""containers/unconfined-seccomp."""

from __future__ import annotations

from dataclasses import replace

from tests import builders
from tests.plugins import containers
from workbench.model.containers import SeccompProfile
from workbench.model.finding import NotApplicable, NotAssessed
from workbench.model.severity import Severity

CHECK = "containers/unconfined-seccomp"


def test_vulnerable() -> None:
    finding = containers.only(CHECK, containers.container(seccomp="unconfined"))
    assert finding.severity is Severity.HIGH and "switched off" in finding.summary


def test_vulnerable_where_the_engine_gives_none_to_all() -> None:
    for profile in ("", "unconfined"):
        engine = replace(containers.ENGINE, seccomp=profile)
        finding = containers.only(CHECK, containers.container(), containers.other("git"), engine=engine)
        assert "its engine gives none" in finding.summary
        assert [subject.label for subject in finding.also] == ["git (mcp/filesystem)"]
        assert finding.evidence[0].command == ("docker", "info", "--format", "{{json .SecurityOptions}}")


def test_vulnerable_each_for_itself() -> None:
    pair = (containers.container(seccomp="unconfined"), containers.other("git", seccomp="unconfined"))
    assert len(builders.findings(containers.said(CHECK, *pair))) == 2


def test_hardened() -> None:
    assert containers.passes(CHECK, containers.container())
    own = containers.container(seccomp="profile", seccomp_profile=SeccompProfile("denied"))
    assert containers.passes(CHECK, own, engine=replace(containers.ENGINE, seccomp="unconfined"))


def test_not_applicable_to_a_privileged_one_which_has_none() -> None:
    container = containers.container(privileged=True, seccomp="unconfined")
    assert builders.kinds(containers.said(CHECK, container)) == {NotApplicable}


def test_not_assessed_where_the_engine_does_not_tell_its_default() -> None:
    engine = replace(containers.ENGINE, seccomp="", settings_told=False)
    assert builders.kinds(containers.said(CHECK, containers.container(), engine=engine)) == {NotAssessed}


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
