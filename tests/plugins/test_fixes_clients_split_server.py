"""clients/split-server: the steps, the entries to write, and that nothing is ever done by itself."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests import builders
from tests.plugins.loading import get_check, get_fix, plugins
from workbench.model.clients import ClientFacts
from workbench.model.launch import Ability, Launch
from workbench.model.plan import Plan, Refusal, Safety, Step
from workbench.model.run import RunState
from workbench.model.snapshot import Snapshot
from workbench.planning import plan
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply
from workbench.scan import run_check

FIX, CHECK = "clients/split-server", "clients/mixed-capabilities"


def host(*kinds: Any, **config: Any) -> Snapshot:
    """One server that has all of these."""
    launch = Launch("npx", abilities=tuple(Ability(kind, "its package is known for it") for kind in kinds))
    entry = builders.server("desktop", ("npx", "-y", "desktop-commander"), launch=launch)
    entry = replace(entry, pointer=config.pop("pointer", entry.pointer))
    return builders.snapshot(clients=ClientFacts(builders.COMPLETE, (builders.config([entry], **config),)))


def planned(snapshot: Snapshot) -> Plan:
    (finding,) = run_check(get_check(CHECK), snapshot, plugins().repairs_of(CHECK)).findings
    assert FIX in finding.repairs
    made = plan(get_fix(FIX), finding, snapshot, {})
    assert isinstance(made, Plan), made
    return made


def test_there_is_an_entry_for_each_capability_and_no_operation() -> None:
    made = planned(host("files", "commands", "browser"))
    assert made.safety is Safety.GUIDE and made.operations == () and "3 servers" in made.title
    texts = [step.text for step in made.steps if step.text]
    entries = json.loads(f"{{{', '.join(texts)}}}")
    assert list(entries) == ["desktop-files", "desktop-commands", "desktop-browser"]
    assert entries["desktop-files"]["args"][-1] == "/home/dev/mcp-workspace"
    assert entries["desktop-commands"]["env"] == {"ALLOW_COMMANDS": "ls,git"}


def test_the_old_server_goes_only_after_the_new_ones_answer() -> None:
    words = [step.words for step in planned(host("files", "commands", "network")).steps]
    added = max(place for place, text in enumerate(words) if "add this entry" in text)
    gone = next(place for place, text in enumerate(words) if "Take the old entry" in text)
    assert added < next(place for place, text in enumerate(words) if "answer" in text) < gone < len(words) - 1
    assert "clients/sandbox-launcher" in words[-1] and "clients/dedicated-account" in words[-1]


def test_the_entries_are_narrow_by_the_workbenchs_own_checks() -> None:
    made = planned(host("files", "commands", "network"))
    for step in made.steps:
        if step.text:
            assert "VERSION" in step.text, "which version it is has to be decided by the person"
            assert '"/"' not in step.text and "~" not in step.text and "docker.sock" not in step.text


def test_a_configuration_in_toml_is_told_in_toml() -> None:
    made = planned(host("files", "commands", "network", format="toml", pointer=("mcp_servers", "desktop")))
    text = "\n".join(step.text for step in made.steps if step.text)
    servers = tomllib.loads(text)["mcp_servers"]
    assert servers["desktop-network"]["command"] == "uvx" and servers["desktop-commands"]["env"]


def test_it_is_shown_and_never_applied(tmp_path: Path) -> None:
    prepared = prepare(planned(host("files", "commands", "network")))
    assert isinstance(prepared, Prepared) and prepared.operations == ()
    assert len(prepared.changes) == len(prepared.plan.steps)
    run = apply(prepared, tmp_path / "state", lambda: "")
    assert run.state is RunState.REFUSED and "steps for you" in run.message
    assert not (tmp_path / "state").exists()


def test_a_plan_cannot_be_both_a_guide_and_a_repair() -> None:
    made = planned(host("files", "commands", "network"))
    assert isinstance(prepare(replace(made, safety=Safety.REVIEW)), Refusal)
    secret = Step("/home/dev/x", "write this", "GITHUB_TOKEN=ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5")
    assert isinstance(prepare(replace(made, steps=(secret,))), Refusal)


def test_a_guide_changes_no_digest_of_a_plan_without_steps() -> None:
    made = planned(host("files", "commands", "network"))
    assert made.digest != replace(made, steps=made.steps[1:]).digest
    plain = replace(made, steps=())
    assert plain.digest == replace(plain, steps=()).digest


def test_what_is_gone_is_refused() -> None:
    snapshot = host("files", "commands", "network")
    (finding,) = run_check(get_check(CHECK), snapshot, plugins().repairs_of(CHECK)).findings
    empty = builders.snapshot(clients=ClientFacts(builders.COMPLETE, ()))
    assert isinstance(plan(get_fix(FIX), finding, empty, {}), Refusal)
