"""containers/no-new-privileges-off."""

from __future__ import annotations

from dataclasses import replace

from tests import builders
from tests.plugins import containers
from workbench.model.finding import NotAssessed
from workbench.model.severity import Severity

CHECK = "containers/no-new-privileges-off"


def test_vulnerable() -> None:
    finding = containers.only(CHECK, containers.container(no_new_privileges=False, cap_drop=()))
    assert finding.severity is Severity.MEDIUM and "setuid program" in finding.summary


def test_vulnerable_but_less_where_there_is_little_to_gain() -> None:
    for more in ({"user": "", "cap_drop": ()}, {"cap_drop": ("ALL",)}):
        container = containers.container(**{"no_new_privileges": False, **more})
        assert containers.only(CHECK, container).severity is Severity.LOW


def test_hardened() -> None:
    assert containers.passes(CHECK, containers.container())


def test_not_assessed_where_the_engine_does_not_tell_its_default() -> None:
    engine = replace(containers.ENGINE, settings_told=False)
    said = containers.said(CHECK, containers.container(no_new_privileges=False), engine=engine)
    assert builders.kinds(said) == {NotAssessed}


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
