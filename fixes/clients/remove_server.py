"""Take a server out of the configuration, or switch it off there.

The entry of the server goes, and nothing else of the file changes: comments, order, indentation and every other server
stay byte for byte. Where the client has a switch of its own for one server (``disabled`` in Cline, Roo Code, Kilo Code,
Windsurf, Kiro, Amazon Q and Crush, ``enabled`` in Codex, Goose and opencode), the server is switched off instead, which
keeps its settings at hand; answer ``remove`` to take it out all the same. Where one finding names several servers, that
is done to each of them; it is refused where one of them is started by something else, such as a unit of systemd.

This is for a server that is not worth its risk: a package with a known flaw and no version without it, code that is
fetched from the web at each start, a server whose whole job is to run commands. If you need what it does, look for a
maintained server that does less, or run it in a container that holds nothing of yours.

What the entry held, the secrets in it included, is kept in the backup of the run, which only you can read, so that undo
brings it back. A secret that the server has seen is not safe again by this: revoke it. A server that runs already goes
on until its client is closed. What the workbench made for it, such as the launcher of a sandbox or the file that a
secret was moved to, stays where it is, and the plan names it.

To do it by hand: delete the entry from the file, with the comma before or after it, and restart the client. See
CWE-1104 and CWE-749.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.api import (
    ClientConfig,
    Finding,
    Operation,
    Plan,
    Refusal,
    RemoveValue,
    Reversal,
    Safety,
    ServerEntry,
    SetValue,
    Snapshot,
    configured,
    fix,
    listed,
    only_in_part,
    own_files,
    why_not_editable,
)

_OFF = {
    "disabled": ("cline", "cline-cli", "roo", "kilo", "windsurf", "windsurf-jetbrains", "kiro", "amazon-q", "crush"),
    "enabled": ("codex", "goose", "opencode"),
}
_SWITCHES = {client: switch for switch, clients in _OFF.items() for client in clients}


@dataclass(frozen=True, slots=True)
class RemoveServer:
    """What the fix asks: whether the entry is taken out, or the client's own switch is set."""

    how: Literal["remove", "switch off"] = "remove"


def _suggest(finding: Finding, snapshot: Snapshot) -> RemoveServer | Refusal:
    """Switch it off where every client that is concerned can do so."""
    found = configured(finding, snapshot)
    if not found:
        return _GONE
    return RemoveServer("switch off" if all(config.client in _SWITCHES for config, _ in found) else "remove")


_GONE = Refusal(
    "no client's configuration names this server",
    "if a unit or a container starts it, stop that; otherwise look again",
)


@fix(
    title="Take the server out of the configuration, or switch it off",
    repairs=(
        "clients/known-vulnerable",
        "clients/inline-code",
        "clients/shell-server",
        "clients/mixed-capabilities",
        "clients/plain-http",
        "clients/sudo-wrapper",
    ),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
    answers=RemoveServer,
    suggest=_suggest,
)
def plan(finding: Finding, snapshot: Snapshot, answers: RemoveServer) -> Plan | Refusal:
    """One operation for each entry that the finding is about."""
    found = [(config, entry) for config, entry in configured(finding, snapshot) if not entry.disabled]
    if not found:
        return _GONE
    in_part = only_in_part(finding, snapshot)
    if in_part is not None:
        return in_part
    operations: list[Operation] = []
    for config, entry in found:
        made = _switched(config, entry) if answers.how == "switch off" else _removed(config, entry)
        if isinstance(made, Refusal):
            return made
        operations.append(made)
    names = listed(list(dict.fromkeys(entry.name for _, entry in found)))
    clients = listed(list(dict.fromkeys(config.client_name for config, _ in found)))
    return Plan(
        fix="clients/remove-server",
        check=finding.check,
        finding=finding.identity,
        title=f"{'Switch off' if answers.how == 'switch off' else 'Remove'} {names} in {clients}",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=tuple(operations),
        consequences=(
            f"{clients} no longer has the tools of {names} from its next start on; a copy that runs now goes on until"
            f" then. Revoke what secrets it was given.{_left([entry for _, entry in found], answers)}"
        ),
    )


def _left(entries: Sequence[ServerEntry], answers: RemoveServer) -> str:
    """A sentence on the files that were made for the servers and stay, "" where there are none."""
    paths = list(dict.fromkeys(path for entry in entries for path in own_files(entry)))
    if not paths or answers.how == "switch off":
        return ""
    stay = f" {' and '.join(paths)}, which the workbench made for it, {'stays' if len(paths) == 1 else 'stay'}"
    return f"{stay}, so that undo finds it again: remove it by hand when you no longer want the server"


def _removed(config: ClientConfig, entry: ServerEntry) -> RemoveValue | Refusal:
    refusal = _why_not(config, entry)
    if refusal is not None:
        return refusal
    expect = _known(entry)
    if not expect and isinstance(entry.pointer[-1], int):
        return Refusal(f"{entry.name} cannot be told from its neighbours in the list", "take it out by hand")
    return RemoveValue(config.path.asked, config.format, entry.pointer, expect=expect)


def _switched(config: ClientConfig, entry: ServerEntry) -> SetValue | Refusal:
    refusal = _why_not(config, entry)
    if refusal is not None:
        return refusal
    switch = _SWITCHES.get(config.client)
    if switch is None:
        return Refusal(f"{config.client_name} has no switch for one server that is known", "answer: remove")
    off, on = ("true", "false") if switch == "disabled" else ("false", "true")
    return SetValue(config.path.asked, config.format, (*entry.pointer, switch), off, expect=on)


def _why_not(config: ClientConfig, entry: ServerEntry) -> Refusal | None:
    refusal = why_not_editable(config, entry.pointer)
    if refusal is None and entry.command and not any(entry.argument_pointers):
        return Refusal("the entry is not written as one value of its own", "take it out by hand")
    return refusal


def _known(entry: ServerEntry) -> str:
    """The members of the entry that are known exactly, for the right one to be removed."""
    known: dict[str, str] = {}
    for text, pointer in zip(entry.command, entry.argument_pointers, strict=False):
        if pointer[:-1] == entry.pointer and isinstance(pointer[-1], str) and "\\" not in text and "<" not in text:
            known[pointer[-1]] = text
    return json.dumps(known) if known else ""
