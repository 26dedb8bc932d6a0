"""The collectors together: concurrent, within deadlines, each failure a fact."""

from __future__ import annotations

import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from workbench.host.context import Context
from workbench.host.gather import COLLECTORS, Collector, gather
from workbench.model.clients import ClientFacts
from workbench.model.facts import AccountFacts, SectionState
from workbench.model.processes import ProcessFacts
from workbench.model.snapshot import SECTIONS
from workbench.model.sockets import SocketFacts

Register = Callable[[str, Callable[[Context], Any]], str]


@pytest.fixture
def register() -> Iterator[Register]:
    made: list[str] = []

    def add(name: str, function: Callable[[Context], Any]) -> str:
        module = types.ModuleType(f"fake_collector_{name}")
        module.gather = function  # type: ignore[attr-defined]
        sys.modules[module.__name__] = module
        made.append(module.__name__)
        return module.__name__

    yield add
    for name in made:
        del sys.modules[name]


def context() -> Context:
    return Context("linux", Path("/nonexistent"), 1000, {}, Path("/"))


def with_fakes(**fakes: Collector) -> tuple[Collector, ...]:
    module = "workbench.host.gather_nothing"
    quiet = types.ModuleType(module)
    empty = {collector.section: collector.facts for collector in COLLECTORS}
    sys.modules[module] = quiet
    made = []
    for collector in COLLECTORS:
        if collector.section in fakes:
            made.append(fakes[collector.section])
            continue
        name = f"{module}_{collector.section}"
        each = types.ModuleType(name)
        each.gather = lambda context, facts=empty[collector.section]: facts(SectionState("complete"))  # type: ignore[attr-defined]
        sys.modules[name] = each
        made.append(replace(collector, module=name))
    return tuple(made)


def test_every_section_has_its_collector() -> None:
    assert {collector.section for collector in COLLECTORS} == set(SECTIONS)


def test_collectors_run_at_the_same_time(register: Register) -> None:
    together = threading.Barrier(2, timeout=5)  # broken, and so an error, unless both are there at once

    def slow(context: Context) -> AccountFacts:
        together.wait()
        return AccountFacts(SectionState("complete"))

    def slow_too(context: Context) -> ClientFacts:
        together.wait()
        return ClientFacts(SectionState("complete"))

    made = gather(
        context(),
        collectors=with_fakes(
            accounts=Collector("accounts", register("a", slow), AccountFacts),
            clients=Collector("clients", register("b", slow_too), ClientFacts),
        ),
    )
    assert (made.accounts.state.status, made.clients.state.status) == ("complete", "complete")


def test_one_that_hangs_is_left_behind_and_says_so(register: Register) -> None:
    def stuck(context: Context) -> AccountFacts:
        time.sleep(60)
        raise AssertionError

    began = time.monotonic()
    hanging = Collector("accounts", register("stuck", stuck), AccountFacts, deadline=0.2)
    made = gather(context(), collectors=with_fakes(accounts=hanging))
    assert time.monotonic() - began < 5
    assert made.accounts.state.status == "failed"
    assert "not gathered within 0.2 s" in made.accounts.state.reason
    assert made.clients.state.status == "complete"


def test_one_that_fails_is_a_fact_without_the_message(register: Register) -> None:
    def broken(context: Context) -> AccountFacts:
        raise ValueError("ghp_secret")

    failing = Collector("accounts", register("broken", broken), AccountFacts)
    made = gather(context(), collectors=with_fakes(accounts=failing))
    assert made.accounts.state.status == "failed"
    assert "ValueError in test_gather.py:" in made.accounts.state.reason
    assert "ghp_secret" not in made.accounts.state.reason


def test_one_that_depends_sees_what_was_found(register: Register) -> None:
    seen: list[Any] = []

    def clients(context: Context) -> ClientFacts:
        time.sleep(0.1)
        return ClientFacts(SectionState("complete"), (builders.config(),))

    def processes(context: Context) -> ProcessFacts:
        seen.append(context.found["clients"])
        return ProcessFacts(SectionState("complete"))

    gather(
        context(),
        collectors=with_fakes(
            clients=Collector("clients", register("c", clients), ClientFacts),
            processes=Collector("processes", register("p", processes), ProcessFacts, ("clients",)),
        ),
    )
    assert len(seen[0].configs) == 1


def test_what_waits_for_one_that_hangs_still_runs(register: Register) -> None:
    def stuck(context: Context) -> ProcessFacts:
        time.sleep(60)
        raise AssertionError

    def sockets(context: Context) -> SocketFacts:
        assert context.found["processes"].state.status == "failed"
        return SocketFacts(SectionState("complete"))

    made = gather(
        context(),
        collectors=with_fakes(
            processes=Collector("processes", register("stuck", stuck), ProcessFacts, deadline=0.2),
            sockets=Collector("sockets", register("s", sockets), SocketFacts, ("processes",)),
        ),
    )
    assert (made.processes.state.status, made.sockets.state.status) == ("failed", "complete")


def test_progress_is_told_for_every_section() -> None:
    told: list[tuple[str, str]] = []
    gather(context(), lambda section, state: told.append((section, state)), with_fakes())
    assert {section for section, state in told if state == "started"} == set(SECTIONS)
    assert {section for section, state in told if state == "complete"} == set(SECTIONS)
