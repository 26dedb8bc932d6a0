"""The systemd units that run MCP servers."""

from __future__ import annotations

from typing import Literal

from workbench.model.facts import PathFact, SecretFact, SectionState
from workbench.model.launch import Launch
from workbench.model.record import record

_YES = frozenset(("1", "yes", "y", "true", "t", "on"))
_NO = frozenset(("0", "no", "n", "false", "f", "off"))


@record
class ExposureItem:
    """One line of systemd's assessment. ``exposure`` is its rounded share; the shares do not add up to the total."""

    name: str
    description: str
    exposure: float


@record
class IgnoredLine:
    """A unit line that systemd drops. ``reason`` is systemd's own message."""

    path: str
    line: int
    reason: str
    text: str = ""


@record
class UnitSetting:
    """One assignment that counts, over a unit, its drop-ins and its socket. An empty value clears those before it.

    ``value`` is "…" where it could hold anything (``Environment=``, ``ExecStart=``).
    """

    section: str
    key: str
    value: str
    path: str
    line: int


@record
class UnitSecret:
    """A secret that stands in a unit, or in a file of variables (``EnvironmentFile``) that it names."""

    key: str
    secret: SecretFact
    path: str
    line: int


@record
class UnitPlace:
    """A path that a setting names. ``exists`` is None where it is not known; ``optional`` with a ``-`` before it."""

    key: str
    path: str
    exists: bool | None
    optional: bool = False


@record
class UnitRun:
    """What the running manager says of a unit, or of an instance of a template.

    ``started`` is Unix seconds, cut to the second; 0.0 where nothing was started yet. ``code`` says how its main
    process last ended: ``exited``, ``killed``, ``dumped`` or ""; ``status`` is the exit status or the signal. The
    limits are systemd's words, ``infinity`` for none.
    """

    name: str
    state: str
    main_pid: int = 0
    started: float = 0.0
    needs_reload: bool = False
    result: str = ""
    code: str = ""
    status: int = 0
    tasks_max: str = ""
    memory_max: str = ""
    memory_high: str = ""
    cpu_quota: str = ""
    standard_error: str = ""


@record
class UnitFolder:
    """A folder that a manager loads units and drop-ins from."""

    manager: Literal["system", "user"]
    path: PathFact


@record
class UnitFact:
    """A systemd unit that runs an MCP server. ``exposure`` is 0.0 to 10.0, None where it could not be measured.

    ``owner`` is the uid of its manager's account. ``files`` are its own file, its drop-ins, its socket, its files of
    variables and its folders of drop-ins. ``settings`` are those of the sections Service, Socket and Slice that count.
    ``socket`` is the name of the socket unit that starts it. ``variables`` are names. ``prefix`` stands before the
    program in ``ExecStart=``. ``runtime`` is what runs the program: ``node``, ``python`` or "". ``syscalls`` says what
    its filter answers to some calls: ``allowed``, ``refused`` or ``killed``. ``missing_accounts`` are the settings
    (``User``, ``Group``) whose account does not exist. ``refused`` when systemd does not load it at all. ``whole`` is
    false where a part of it could not be read: what is not in ``settings`` may still be set.
    """

    name: str
    path: PathFact
    manager: Literal["system", "user"]
    drop_ins: tuple[str, ...] = ()
    exposure: float | None = None
    measured: Literal["live", "offline", ""] = ""
    items: tuple[ExposureItem, ...] = ()
    ignored: tuple[IgnoredLine, ...] | None = None
    recognised_by: str = ""
    command: tuple[str, ...] = ()
    launch: Launch | None = None
    owner: int = 0
    files: tuple[PathFact, ...] = ()
    settings: tuple[UnitSetting, ...] = ()
    socket: str = ""
    secrets: tuple[UnitSecret, ...] = ()
    variables: tuple[str, ...] = ()
    places: tuple[UnitPlace, ...] = ()
    prefix: str = ""
    runtime: str = ""
    syscalls: tuple[tuple[str, str], ...] = ()
    missing_accounts: tuple[str, ...] = ()
    refused: bool = False
    whole: bool = True
    runs: tuple[UnitRun, ...] = ()

    def setting(self, key: str, section: str = "Service") -> UnitSetting | None:
        """The last assignment of a setting, or None."""
        found = [each for each in self.settings if each.key == key and each.section == section]
        return found[-1] if found else None

    def values(self, key: str, section: str = "Service") -> tuple[str, ...]:
        """Every value of a list, in order."""
        return tuple(each.value for each in self.settings if each.key == key and each.section == section and each.value)

    def words(self, key: str, section: str = "Service") -> tuple[str, ...]:
        """Every word of a list of words."""
        return tuple(word for value in self.values(key, section) for word in value.split())

    def value(self, key: str, section: str = "Service") -> str:
        """The last value of a setting, "" without one."""
        return next(iter(self.values(key, section)[-1:]), "")

    def chosen(self, key: str, among: tuple[str, ...] = (), section: str = "Service") -> str:
        """The last value that is one of ``among`` or a truth value, as ``yes`` and ``no``: systemd drops the others."""
        found = ""
        for value in self.values(key, section):
            lowered = value.lower()
            if value in among:
                found = value
            elif lowered in _YES or lowered in _NO:
                found = "yes" if lowered in _YES else "no"
        return found

    def on(self, key: str, section: str = "Service") -> bool:
        """Whether a setting that is yes or no is yes."""
        return self.chosen(key, section=section) == "yes"


@record
class UnitFacts:
    """The systemd units that run MCP servers. ``seen`` counts the unit files looked through.

    ``version`` is systemd's (252), 0 where it is not known. ``folders`` are those that exist.
    """

    state: SectionState
    units: tuple[UnitFact, ...] = ()
    seen: int = 0
    version: int = 0
    folders: tuple[UnitFolder, ...] = ()
