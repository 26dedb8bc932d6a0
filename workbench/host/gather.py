"""Put the collectors together: all at once, each within its deadline, each failure a stated fact."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable, Container
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.host.context import Context
from workbench.model.assets import AssetFacts
from workbench.model.audit import AuditFacts
from workbench.model.clients import ClientFacts
from workbench.model.code import CodeFacts
from workbench.model.containers import ContainerFacts
from workbench.model.facts import AccountFacts, HostFacts, SectionState
from workbench.model.processes import ProcessFacts
from workbench.model.record import record
from workbench.model.servers import ServerFacts
from workbench.model.session import SessionFacts
from workbench.model.snapshot import SECTIONS, SNAPSHOT_VERSION, Snapshot
from workbench.model.sockets import SocketFacts
from workbench.model.sudoers import SudoersFacts
from workbench.model.units import UnitFacts
from workbench.text import visible


@record
class Collector:
    """One section's collector: the module whose ``gather(context)`` makes the facts, and what it waits for.

    ``deadline`` is seconds from the start of the collector, its waiting not counted.
    """

    section: str
    module: str
    facts: type[Any]
    after: tuple[str, ...] = ()
    deadline: float = 10.0


COLLECTORS = (
    Collector("accounts", "workbench.host.accounts", AccountFacts),
    Collector("clients", "workbench.host.clients", ClientFacts),
    Collector("session", "workbench.host.session", SessionFacts),
    Collector("sudoers", "workbench.host.sudoers", SudoersFacts),
    Collector("units", "workbench.host.units", UnitFacts, deadline=30.0),
    Collector("processes", "workbench.host.processes", ProcessFacts, ("clients",)),
    Collector("containers", "workbench.host.containers", ContainerFacts, ("clients", "processes")),
    Collector("sockets", "workbench.host.sockets", SocketFacts, ("processes",)),
    Collector(
        "servers",
        "workbench.host.servers",
        ServerFacts,
        ("clients", "processes", "sockets", "units", "containers"),
        deadline=5.0,
    ),
    Collector("assets", "workbench.host.assets", AssetFacts, ("accounts", "clients", "processes", "servers")),
    Collector("audit", "workbench.host.audit", AuditFacts, ("clients", "processes"), deadline=30.0),
    Collector("code", "workbench.host.code", CodeFacts, ("servers",), deadline=20.0),
)


def gather(
    context: Context,
    progress: Callable[[str, str], None] | None = None,
    collectors: tuple[Collector, ...] = COLLECTORS,
    only: Container[str] = SECTIONS,
) -> Snapshot:
    """Gather every section of the Snapshot; those that are not in ``only`` say that they were not asked for.

    ``progress`` is called with a section's name and ``started``, and again with the status it ended with; it is
    called from several threads. A collector that passes its deadline is left behind and its section says so.
    """
    tell = progress or (lambda section, state: None)
    taken_at = datetime.now(UTC).isoformat(timespec="seconds")
    runs = {collector.section: _Run(collector) for collector in collectors if collector.section in only}
    for run in runs.values():
        # A daemon, not a pool's thread: one stuck in the kernel must not keep the program from ending.
        threading.Thread(target=run.carry_out, args=(context, runs, tell), daemon=True).start()
    found = {section: run.outcome(runs) for section, run in runs.items()}
    for section, facts in found.items():
        tell(section, facts.state.status)
    for collector in collectors:
        if collector.section not in only:
            found[collector.section] = collector.facts(SectionState("not applicable", "it was not asked for"))
    return Snapshot(version=SNAPSHOT_VERSION, taken_at=taken_at, workbench=__version__, host=_host(context), **found)


class _Run:
    """One collector under way. ``begun`` is set once what it waits for is there; ``ended`` once it has its facts."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self.begun = threading.Event()
        self.ended = threading.Event()
        self.began_at = 0.0
        self._facts: Any = None
        self._lock = threading.Lock()

    def carry_out(self, context: Context, runs: dict[str, _Run], tell: Callable[[str, str], None]) -> None:
        found = {name: runs[name].outcome(runs) for name in self.collector.after}
        self.began_at = time.monotonic()
        self.begun.set()
        tell(self.collector.section, "started")
        try:
            module = importlib.import_module(self.collector.module)
            facts = module.gather(replace(context, found=found))
            facts = replace(facts, state=replace(facts.state, seconds=round(time.monotonic() - self.began_at, 4)))
        except Exception as error:  # noqa: BLE001, RUF100 - a broken collector is a fact, not the end of the scan
            facts = self._failed(f"its collector failed: {_where(error)}")
        self._settle(facts)

    def outcome(self, runs: dict[str, _Run]) -> Any:
        """The facts, waited for no longer than the deadline; what comes later is not used."""
        for name in self.collector.after:
            runs[name].outcome(runs)
        self.begun.wait(1.0)
        left = self.collector.deadline - (time.monotonic() - (self.began_at or time.monotonic()))
        if not self.ended.wait(max(left, 0.0)):
            self._settle(self._failed(f"it was not gathered within {self.collector.deadline:g} s"))
        return self._facts

    def _settle(self, facts: Any) -> None:
        with self._lock:
            if not self.ended.is_set():
                self._facts = facts
                self.ended.set()

    def _failed(self, reason: str) -> Any:
        seconds = round(time.monotonic() - self.began_at, 4) if self.began_at else 0.0
        return self.collector.facts(SectionState("failed", reason, "report it with: workbench snapshot", seconds))


def _where(error: BaseException) -> str:
    # The kind and the place, never the message: a message may quote what was read, and that may be a secret.
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _host(context: Context) -> HostFacts:
    return HostFacts(
        platform=context.platform,
        release=_release(),
        uid=context.uid,
        user=_user(context),
        home=visible(str(context.home)),
        init="systemd" if Path("/run/systemd/system").is_dir() else "",
    )


def _release() -> str:
    if sys.platform == "win32":
        version = sys.getwindowsversion()
        return f"{version.major}.{version.minor}.{version.build}"
    import os

    return visible(os.uname().release)


def _user(context: Context) -> str:
    try:
        import pwd

        return visible(pwd.getpwuid(context.uid).pw_name)
    except (ImportError, KeyError):
        return visible(context.environment.get("USERNAME", str(context.uid)))
