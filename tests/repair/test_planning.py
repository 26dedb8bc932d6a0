"""A plan is what its fix may plan, with answers of the right kind; and a repair helped only where that was seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest

from tests import builders
from tests.repair.support import SECRET
from workbench.model.check import Check, Fix
from workbench.model.clients import ClientFacts
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed, Subject, Verdict
from workbench.model.launch import Launch, RootArgument
from workbench.model.operations import EditValue, RemoveValue, RestoreValue, SetMode, SetValue
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.severity import Severity
from workbench.planning import plan, still_found, would_find
from workbench.plugins import Plugins

SUBJECT = Subject("config", "/home/dev/mcp.json", "mcp.json")
FOUND = Finding(SUBJECT, Severity.HIGH, "it is open", ()).of_check("area/check", ("area/fix",))
OPERATION = SetMode("/home/dev/mcp.json", 0o600, 0o644, 1, 2)
MADE = Plan("area/fix", "area/check", FOUND.identity, "Repair", Safety.SAFE, Reversal.FULL, (OPERATION,))


@dataclass(frozen=True, slots=True)
class Answers:
    version: str
    count: int = 3
    scope: Literal["user", "system"] = "user"


def _fix(make: Any = lambda *_: MADE, **more: Any) -> Fix:
    made = Fix("A fix", ("area/check",), Safety.SAFE, Reversal.FULL, make, id="area/fix")
    return replace(made, **more)


def _asked(given: dict[str, Any], **more: Any) -> Answers | Refusal:
    seen: list[Answers] = []

    def make(_: object, __: object, answers: Answers) -> Plan:
        seen.append(answers)
        return MADE

    made = plan(_fix(make, answers=Answers, **more), FOUND, builders.snapshot(), given)
    return made if isinstance(made, Refusal) else seen[0]


def test_a_fix_that_asks_nothing() -> None:
    assert plan(_fix(), FOUND, builders.snapshot(), {}) == MADE
    refused = plan(_fix(), FOUND, builders.snapshot(), {"a": "b"})
    assert isinstance(refused, Refusal) and "asks nothing" in refused.reason


def test_answers_are_given_their_types() -> None:
    assert _asked({"version": "1", "count": "7", "scope": "system"}) == Answers("1", 7, "system")
    assert _asked({"version": "1"}) == Answers("1")


def test_what_is_left_out_is_as_suggested() -> None:
    assert _asked({"count": "1"}, suggest=lambda *_: Answers("9", 8, "system")) == Answers("9", 1, "system")
    why = Refusal("none is installed", "install one")
    assert _asked({}, suggest=lambda *_: why) == why
    assert _asked({"version": "1", "count": "2", "scope": "user"}, suggest=lambda *_: why) == Answers("1", 2, "user")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "version"),
        ({"version": "1", "count": "many"}, "count"),
        ({"version": "1", "scope": "\x1b[2J"}, "scope"),
        ({"version": "1", "colour\x1b": "red"}, "does not ask for colour\\x1b"),
    ],
)
def test_a_wrong_answer_is_refused_in_words(given: dict[str, Any], said: str) -> None:
    made = _asked(given)
    assert isinstance(made, Refusal)
    assert said in made.reason and made.instead
    assert "\x1b" not in made.reason


def test_a_fix_that_fails_is_refused_without_its_message() -> None:
    def fail(*_: object) -> Plan:
        raise ValueError(SECRET)

    made = plan(_fix(fail), FOUND, builders.snapshot(), {})
    assert isinstance(made, Refusal) and "ValueError" in made.reason
    assert SECRET not in made.reason + made.instead


def test_the_fix_itself_may_refuse() -> None:
    why = Refusal("no", "instead")
    assert plan(_fix(lambda *_: why), FOUND, builders.snapshot(), {}) == why


@dataclass(frozen=True, slots=True)
class _Unknown:
    path: str = "/"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (None, "not a plan"),
        (replace(MADE, fix="area/other"), "says it is by area/other"),
        (replace(MADE, check="area/other"), "for another finding"),
        (replace(MADE, finding="0" * 16), "for another finding"),
        (replace(MADE, operations=(_Unknown(),)), "does not know"),  # type: ignore[arg-type]
        (
            replace(MADE, operations=(RestoreValue("/x", "json", ("a",), RemoveValue("/x", "json", ("a",))),)),
            "not know",
        ),
    ],
)
def test_a_plan_that_is_not_what_it_may_be_is_refused(made: Any, said: str) -> None:
    refused = plan(_fix(lambda *_: made), FOUND, builders.snapshot(), {})
    assert isinstance(refused, Refusal) and said in refused.reason


@pytest.mark.parametrize(
    "operation",
    [
        SetMode(Path("/home/me/a"), 0o600, 0o644, 1, 2),  # type: ignore[arg-type]
        SetMode("/home/me/a", "600", 0o644, 1, 2),  # type: ignore[arg-type]
        EditValue("/home/me/a", "json", ("a", None), "b", "c"),  # type: ignore[arg-type]
        EditValue("/home/me/a", "ini", ("a",), "b", "c"),  # type: ignore[arg-type]
        EditValue("/home/me/a", "json", ("a",), "b", 7),  # type: ignore[arg-type]
        RemoveValue("/home/me/a", "json", ("a",), items="b"),  # type: ignore[arg-type]
        RemoveValue("/home/me/a", "ini", ("a",)),  # type: ignore[arg-type]
        SetValue("/home/me/a", "json", ("a",), True),  # type: ignore[arg-type]
    ],
)
def test_an_operation_of_wrong_types_is_refused_before_it_is_used(operation: Any) -> None:
    made = plan(_fix(lambda *_: replace(MADE, operations=(operation,))), FOUND, builders.snapshot(), {})
    assert isinstance(made, Refusal) and "cannot be used" in made.reason


@pytest.mark.parametrize(
    "operation",
    [
        RemoveValue("/home/me/a", "yaml", ("a", 0), expect='{"name": "x"}'),
        RemoveValue("/home/me/a", "jsonc", ("a",), items=("b", "c")),
        SetValue("/home/me/a", "toml", ("a", "b"), "true", expect="false"),
    ],
)
def test_every_operation_of_the_set_may_be_planned(operation: Any) -> None:
    wanted = replace(MADE, operations=(operation,))
    assert plan(_fix(lambda *_: wanted), FOUND, builders.snapshot(), {}) == wanted


def test_a_plan_is_never_laxer_than_its_fix() -> None:
    refused = plan(_fix(safety=Safety.REVIEW), FOUND, builders.snapshot(), {})
    assert isinstance(refused, Refusal) and "calls itself safe" in refused.reason
    stricter = replace(MADE, safety=Safety.GUIDE)
    assert plan(_fix(lambda *_: stricter), FOUND, builders.snapshot(), {}) == stricter


def test_a_finding_of_another_check_is_refused() -> None:
    other = FOUND.of_check("area/other", ())
    assert isinstance(plan(_fix(), other, builders.snapshot(), {}), Refusal)


def _verdict(*said: Verdict, made: Plan = MADE, run: Any = None) -> str:
    check = Check("A check", (Severity.HIGH,), (), run or (lambda _: said), id="area/check")
    return still_found(made, Plugins({"area/check": check}, {}), builders.snapshot())


def test_a_finding_that_is_gone_is_verified() -> None:
    other = replace(FOUND, subject=replace(SUBJECT, key="/home/dev/other.json"))
    assert _verdict(Passed(SUBJECT)) == ""
    assert _verdict(NotApplicable("there is none any more")) == ""
    assert _verdict(other) == ""
    assert _verdict(Passed(SUBJECT), NotAssessed("the process 12", "permission denied")) == ""


def test_a_finding_that_is_still_there_is_not() -> None:
    assert "it is open" in _verdict(FOUND, Passed(SUBJECT))


def test_what_could_not_be_looked_at_is_not() -> None:
    for said in (
        (NotAssessed("everything", "permission denied"),),
        (Passed(SUBJECT), NotAssessed("/home/dev/mcp.json", "permission denied")),
        (),
    ):
        assert "it could not be verified" in _verdict(*said)

    def fail(_: object) -> list[Verdict]:
        raise RuntimeError(SECRET)

    answer = _verdict(run=fail)
    assert "it could not be verified" in answer and SECRET not in answer
    edit = EditValue("/x", "json", ("a",), "b", "c")
    assert "is not there to verify it" in _verdict(
        Passed(SUBJECT), made=replace(MADE, check="no/such", operations=(edit,))
    )


def test_what_a_check_would_find_is_told_without_the_machine() -> None:
    broad = builders.server(launch=Launch("files", (), roots=(RootArgument("/", "/", 1),)))
    clients = ClientFacts(builders.COMPLETE, configs=(builders.config([broad]),))
    (found,) = would_find("clients/broad-root", builders.snapshot(clients=clients))
    assert "the whole file system" in found.summary
    assert would_find("clients/broad-root", builders.snapshot()) == ()
    with pytest.raises(LookupError):
        would_find("clients/no-such-check", builders.snapshot())
