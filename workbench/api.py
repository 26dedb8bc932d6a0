"""All that the author of a check or a fix needs. A plugin imports this module and nothing else of the workbench."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from workbench.access import (
    EXECUTE,
    READ,
    WRITE,
    Audience,
    can,
    is_replaced_socket,
    others,
    permits,
    reaches,
    replaceable_at,
    who_can,
    who_can_replace,
)
from workbench.account_rules import FOLDER as SUDO_RULES
from workbench.account_rules import is_account_rule, rule_for
from workbench.account_walls import no_wall, not_reached
from workbench.audit_rules import FOLDER as AUDIT_RULES
from workbench.audit_rules import as_loaded as audit_rule_as_loaded
from workbench.audit_rules import denied_opens, started_programs, watch
from workbench.code_patches import PYTHON as PYTHON_PATCHES
from workbench.code_patches import SCRIPT as SCRIPT_PATCHES
from workbench.code_reading import (
    UNSEEN_SOCKET,
    Flawed,
    code_subject,
    guessable_name,
    is_kept_to_one,
    judge_code,
    unjudged,
)
from workbench.confinement import (
    engine_command,
    inspect_command,
    judge_containers,
    mounts_command,
    root_is_contained,
    rules_the_host,
    runs_as_root,
)
from workbench.container_entries import found_again, is_of_a_client, of_containers, profile_place, tried
from workbench.container_hardening import (
    MEMORY_ASKED,
    NOBODY,
    PROCESSES_ASKED,
    USER_ASKED,
    WRITABLE_ASKED,
    Closing,
    closed,
    docker_run,
    folders_inside,
    known_digest,
    own_number,
    taken_out,
    with_command,
    with_profile,
    wrong_limits,
)
from workbench.editable import config_of, configured, only_in_part, why_not_editable
from workbench.knowledge.base import Flaw, best_version, knowledge_date, known_flaws
from workbench.knowledge.deciding import Use as PackageUse
from workbench.knowledge.deciding import packages_of
from workbench.knowledge.deciding import uses as package_uses
from workbench.knowledge.situations import applies as flaw_applies
from workbench.launch.sandbox_script import FOLDER as LAUNCHERS
from workbench.launch.sandbox_script import Sandbox, script_of, too_much
from workbench.launch.seccomp_allowing import profile_text
from workbench.launching import home_of, launcher_of, own_files, own_name, reworded, started_through
from workbench.model.acts import CreateAccount, LoadAuditRules, MakeRootDirectory, TrialAsAccount
from workbench.model.assets import AssetFact, Reach
from workbench.model.audit import AuditEvent, AuditRule, ServerAccount
from workbench.model.check import Check, Fix
from workbench.model.clients import (
    Approval,
    Backup,
    ClientConfig,
    ConfigProblem,
    InstalledPackage,
    LoaderPlace,
    LoaderVariable,
    ServerEntry,
)
from workbench.model.code import (
    CodeFacts,
    CodeRoot,
    CommandUse,
    MessageHandler,
    PathUse,
    SecretSend,
    Site,
    UnixListener,
    Unpickling,
)
from workbench.model.containers import ContainerFact, ContainerMount, EngineFact, PublishedPort, SeccompProfile
from workbench.model.facts import (
    Account,
    AccountFacts,
    EnvironmentEntry,
    FileFact,
    PathFact,
    SecretFact,
)
from workbench.model.finding import (
    Evidence,
    Finding,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    Pointer,
    Subject,
    Verdict,
)
from workbench.model.isolation import IsolationFact
from workbench.model.launch import (
    Ability,
    ContainerOption,
    ContainerOptions,
    ImageSpec,
    Launch,
    LaunchMount,
    PackageSpec,
    RootArgument,
)
from workbench.model.operations import (
    CreateFile,
    CreateRootFile,
    EditItems,
    EditLine,
    EditRootFile,
    EditValue,
    InsertItems,
    KeepSecret,
    Operation,
    OwnDropIn,
    RemoveValue,
    RepairOwnUnit,
    RepairUnit,
    ReplaceSecret,
    Restart,
    SecretReader,
    SetMode,
    SetValue,
    StartupFormat,
    TrialStart,
    UnitLine,
)
from workbench.model.plan import Plan, Refusal, Reversal, Safety, Step
from workbench.model.processes import ServerProcess
from workbench.model.recreation import RecreateContainer
from workbench.model.servers import Server
from workbench.model.session import StartupFile
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import PortFact, SocketFact
from workbench.model.sudoers import SudoCommand, SudoDefault, SudoEntry, SudoersFacts, SudoRule, SudoStatement
from workbench.model.units import IgnoredLine, UnitFact, UnitPlace, UnitRun, UnitSecret, UnitSetting
from workbench.planning import would_find
from workbench.recording import records, records_watch, silenced
from workbench.running import Cause, behind_a_tool, by_cause, developers, listed, meant_for, short_name
from workbench.sandboxing import outermost, program_places, sandbox_for
from workbench.starting_as import started_as
from workbench.subjects import (
    config_subject,
    container_subject,
    entry_command,
    inventory_subject,
    process_subject,
    server_subject,
    started_servers,
    unit_subject,
)
from workbench.sudo_administrators import shut_out
from workbench.sudo_calls import SudoCall, called_through_sudo, sudo_caller, sudo_target, through_sudo
from workbench.sudo_policy import Decision as SudoDecision
from workbench.sudo_policy import Grant as SudoGrant
from workbench.sudo_policy import Request as SudoRequest
from workbench.sudo_policy import decide as sudo_decides
from workbench.sudo_policy import grants as sudo_grants
from workbench.sudo_policy import outcome as sudo_settings
from workbench.sudo_rules import (
    ROOT_GROUPS,
    foreign_targets,
    judge_permitted_programs,
    permitted_commands,
    rule_callers,
    rule_listing,
    rule_location,
    rule_subject,
    spoken_callers,
    spoken_targets,
)
from workbench.sudo_tightening import Kept, Tightened, tighten_environment, tighten_password
from workbench.unit_changes import (
    ADMINISTRATORS,
    changeable,
    drop_in,
    hands_over,
    listens_on,
    new_drop_in,
    of_system,
    restart_of,
    restart_of_socket,
    running,
    unit_of,
    unit_of_process,
    unit_of_socket,
)
from workbench.unit_hardening import Wanted as HardenedNeeds
from workbench.unit_hardening import folders_answered, folders_of, in_shared_folders, listens_in_session, runs_alone
from workbench.unit_hardening import lines_of as hardened_lines
from workbench.unit_own import (
    AT_THE_NEXT_START,
    ends_own,
    listen_paths,
    not_yours,
    own_drop_in,
    own_folder,
    rests,
    runtime_folder,
)
from workbench.unit_rules import judge_units, read_in_part

__all__ = [
    "ADMINISTRATORS",
    "AT_THE_NEXT_START",
    "AUDIT_RULES",
    "EXECUTE",
    "LAUNCHERS",
    "MEMORY_ASKED",
    "NOBODY",
    "PROCESSES_ASKED",
    "PYTHON_PATCHES",
    "READ",
    "ROOT_GROUPS",
    "SCRIPT_PATCHES",
    "SUDO_RULES",
    "UNSEEN_SOCKET",
    "USER_ASKED",
    "WRITABLE_ASKED",
    "WRITE",
    "Ability",
    "Account",
    "AccountFacts",
    "Approval",
    "AssetFact",
    "Audience",
    "AuditEvent",
    "AuditRule",
    "Backup",
    "Cause",
    "ClientConfig",
    "Closing",
    "CodeFacts",
    "CodeRoot",
    "CommandUse",
    "ConfigProblem",
    "ContainerFact",
    "ContainerMount",
    "ContainerOption",
    "ContainerOptions",
    "CreateAccount",
    "CreateFile",
    "CreateRootFile",
    "EditItems",
    "EditLine",
    "EditRootFile",
    "EditValue",
    "EngineFact",
    "EnvironmentEntry",
    "Evidence",
    "FileFact",
    "Finding",
    "Flaw",
    "Flawed",
    "HardenedNeeds",
    "IgnoredLine",
    "ImageSpec",
    "InsertItems",
    "InstalledPackage",
    "IsolationFact",
    "KeepSecret",
    "Kept",
    "Launch",
    "LaunchMount",
    "LoadAuditRules",
    "LoaderPlace",
    "LoaderVariable",
    "Location",
    "MakeRootDirectory",
    "MessageHandler",
    "NotApplicable",
    "NotAssessed",
    "Operation",
    "OwnDropIn",
    "PackageSpec",
    "PackageUse",
    "Passed",
    "PathFact",
    "PathUse",
    "Plan",
    "Pointer",
    "PortFact",
    "PublishedPort",
    "Reach",
    "RecreateContainer",
    "Refusal",
    "RemoveValue",
    "RepairOwnUnit",
    "RepairUnit",
    "ReplaceSecret",
    "Restart",
    "Reversal",
    "RootArgument",
    "Safety",
    "Sandbox",
    "SeccompProfile",
    "SecretFact",
    "SecretReader",
    "SecretSend",
    "Server",
    "ServerAccount",
    "ServerEntry",
    "ServerProcess",
    "SetMode",
    "SetValue",
    "Severity",
    "Site",
    "Snapshot",
    "SocketFact",
    "StartupFile",
    "StartupFormat",
    "Step",
    "Subject",
    "SudoCall",
    "SudoCommand",
    "SudoDecision",
    "SudoDefault",
    "SudoEntry",
    "SudoGrant",
    "SudoRequest",
    "SudoRule",
    "SudoStatement",
    "SudoersFacts",
    "Tightened",
    "TrialAsAccount",
    "TrialStart",
    "UnitFact",
    "UnitLine",
    "UnitPlace",
    "UnitRun",
    "UnitSecret",
    "UnitSetting",
    "UnixListener",
    "Unpickling",
    "Verdict",
    "audit_rule_as_loaded",
    "behind_a_tool",
    "best_version",
    "by_cause",
    "called_through_sudo",
    "can",
    "changeable",
    "check",
    "closed",
    "code_subject",
    "config_of",
    "config_subject",
    "configured",
    "container_subject",
    "denied_opens",
    "developers",
    "docker_run",
    "drop_in",
    "ends_own",
    "engine_command",
    "entry_command",
    "fix",
    "flaw_applies",
    "folders_answered",
    "folders_inside",
    "folders_of",
    "foreign_targets",
    "found_again",
    "guessable_name",
    "hands_over",
    "hardened_lines",
    "home_of",
    "in_shared_folders",
    "inspect_command",
    "inventory_subject",
    "is_account_rule",
    "is_kept_to_one",
    "is_of_a_client",
    "is_replaced_socket",
    "judge_code",
    "judge_containers",
    "judge_permitted_programs",
    "judge_units",
    "knowledge_date",
    "known_digest",
    "known_flaws",
    "launcher_of",
    "listed",
    "listen_paths",
    "listens_in_session",
    "listens_on",
    "meant_for",
    "mounts_command",
    "new_drop_in",
    "no_wall",
    "not_reached",
    "not_yours",
    "of_containers",
    "of_system",
    "only_in_part",
    "others",
    "outermost",
    "own_drop_in",
    "own_files",
    "own_folder",
    "own_name",
    "own_number",
    "package_uses",
    "packages_of",
    "permits",
    "permitted_commands",
    "process_subject",
    "profile_place",
    "profile_text",
    "program_places",
    "reaches",
    "read_in_part",
    "records",
    "records_watch",
    "replaceable_at",
    "restart_of",
    "restart_of_socket",
    "rests",
    "reworded",
    "root_is_contained",
    "rule_callers",
    "rule_for",
    "rule_listing",
    "rule_location",
    "rule_subject",
    "rules_the_host",
    "running",
    "runs_alone",
    "runs_as_root",
    "runtime_folder",
    "sandbox_for",
    "script_of",
    "server_subject",
    "short_name",
    "shut_out",
    "silenced",
    "spoken_callers",
    "spoken_targets",
    "started_as",
    "started_programs",
    "started_servers",
    "started_through",
    "sudo_caller",
    "sudo_decides",
    "sudo_grants",
    "sudo_settings",
    "sudo_target",
    "taken_out",
    "through_sudo",
    "tighten_environment",
    "tighten_password",
    "too_much",
    "tried",
    "unit_of",
    "unit_of_process",
    "unit_of_socket",
    "unit_subject",
    "unjudged",
    "watch",
    "who_can",
    "who_can_replace",
    "why_not_editable",
    "with_command",
    "with_profile",
    "would_find",
    "wrong_limits",
]


def check(
    *, title: str, severities: tuple[Severity, ...], needs: tuple[str, ...]
) -> Callable[[Callable[[Snapshot], Iterable[Verdict]]], Check]:
    """Make a function of the Snapshot a check.

    The function yields a Finding for every insecure condition it sees, a Passed for every subject in order, a
    NotAssessed for what it could not judge, or one NotApplicable when there is nothing of its kind. Saying nothing at
    all is an error: an empty answer is not a pass. The module's docstring is the lesson; its path is the id.
    """

    def make(run: Callable[[Snapshot], Iterable[Verdict]]) -> Check:
        return Check(title=title, severities=severities, needs=needs, run=run)

    return make


def fix(
    *,
    title: str,
    repairs: tuple[str, ...],
    safety: Safety,
    reversal: Reversal,
    answers: type[Any] | None = None,
    suggest: Callable[[Finding, Snapshot], Any | Refusal] | None = None,
) -> Callable[[Callable[[Finding, Snapshot, Any], Plan | Refusal]], Fix]:
    """Make a function of (finding, snapshot, answers) a fix. It returns a Plan, or a Refusal that says why not."""

    def make(plan: Callable[[Finding, Snapshot, Any], Plan | Refusal]) -> Fix:
        return Fix(
            title=title,
            repairs=repairs,
            safety=safety,
            reversal=reversal,
            plan=plan,
            answers=answers,
            suggest=suggest,
        )

    return make
