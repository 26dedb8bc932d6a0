"""Give a file server one directory that is made for the work, instead of your home or more.

Each argument that names a directory which is more than a workspace is replaced by the one directory that you choose;
the other directories that the server is given, and every other byte of the file, stay. It suggests the folder of the
project where the configuration belongs to a project, and ``mcp-workspace`` in your home otherwise. A directory that the
check would find too broad again is refused, by the very rule of that check.

The fix makes no directory: make it before the client is started, ``mkdir -p ~/mcp-workspace``, and put into it what the
server is to work on. A server whose directory does not exist does not start, which is safe, but a surprise.

A server that starts through a launcher of the workbench is refused: the sandbox shows it the folders that were answered
when it was made, and no other. Undo clients/sandbox-launcher first, and start the server in a sandbox again afterwards.

The model chooses the paths that a file server reads and writes, so its directory is the only limit it has: with your
home it reaches every key and token, and the startup file that runs as you tomorrow. Clients that send roots of their
own can widen it again: look at what they offer.

To do it by hand: put the path of the one directory in the place of the broad one in ``args``, and restart the client.
See CWE-22, CWE-552 and the specification of MCP roots.
"""

import shlex
from dataclasses import dataclass, replace

from workbench.api import (
    ClientConfig,
    EditValue,
    Finding,
    Plan,
    Refusal,
    Reversal,
    RootArgument,
    Safety,
    ServerEntry,
    Snapshot,
    configured,
    fix,
    launcher_of,
    why_not_editable,
    would_find,
)

_CHECK = "clients/broad-root"
_BY_HAND = "name the directory by hand"
_GONE = Refusal("the server is no longer configured", "look again")


@dataclass(frozen=True, slots=True)
class NarrowRoot:
    """What the fix asks: the directory that the server is given, as an absolute path or from ``~/``."""

    directory: str


def _suggest(finding: Finding, snapshot: Snapshot) -> NarrowRoot | Refusal:
    """The project's folder, where that is none too broad, else one that is made for the work."""
    found = configured(finding, snapshot)
    if not found:
        return _GONE
    config, entry = found[0]
    project = _project(config)
    if project and not _is_broad(config, entry, project, snapshot):
        return NarrowRoot(project)
    return NarrowRoot(f"{snapshot.host.home.rstrip('/')}/mcp-workspace")


@fix(
    title="Give the server one directory that is made for the work",
    repairs=(_CHECK,),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
    answers=NarrowRoot,
    suggest=_suggest,
)
def plan(finding: Finding, snapshot: Snapshot, answers: NarrowRoot) -> Plan | Refusal:
    """One edit for each argument that is too broad."""
    found = configured(finding, snapshot)
    if not found:
        return _GONE
    config, entry = found[0]
    launcher = launcher_of(entry)
    if launcher:
        # What the launcher shows inside would stay as it is, and the server would not find its new directory.
        return Refusal(
            f"{entry.name} starts in the sandbox of {launcher}, which shows it the folders that were answered then",
            "undo clients/sandbox-launcher first, then narrow it, and put it into a sandbox again",
        )
    directory = _directory(answers.directory, snapshot)
    if isinstance(directory, Refusal):
        return directory
    if _is_broad(config, entry, directory, snapshot):
        return Refusal(f"{directory} is more than a workspace itself", "name a directory made for this work")
    roots = entry.launch.roots if entry.launch is not None else ()
    edits: list[EditValue] = []
    for root in roots:
        if _is_broad(config, entry, root.path, snapshot):
            made = _edit(config, entry, root, directory)
            if isinstance(made, Refusal):
                return made
            edits.append(made)
    if not edits:
        return Refusal("the server is given no directory that is too broad any more", "look again")
    return Plan(
        fix="clients/narrow-root",
        check=_CHECK,
        finding=finding.identity,
        title=f"Give {entry.name} {directory} only",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=tuple(edits),
        consequences=(
            f"{entry.name} no longer reaches what lies outside of {directory}, from the next start of"
            f" {config.client_name} on. It must exist by then: mkdir -p {shlex.quote(directory)}"
        ),
    )


def _directory(answer: str, snapshot: Snapshot) -> str | Refusal:
    """The answer as an absolute path that every client takes literally."""
    again = "give an absolute path such as /home/you/mcp-workspace"
    home = snapshot.host.home.rstrip("/")
    path = f"{home}/{answer[2:]}" if answer.startswith("~/") else answer
    if not path.startswith("/") or not path.isprintable() or set(path) & set('$*?{}%"\\,:;|&<>`~'):
        return Refusal("that is not a plain absolute path", again)
    parts = path.split("/")
    if ".." in parts or "." in parts:
        return Refusal("the path leads through . or ..", again)
    return "/" + "/".join(part for part in parts if part)


def _is_broad(config: ClientConfig, entry: ServerEntry, directory: str, snapshot: Snapshot) -> bool:
    """Whether the check finds the server, given this directory alone."""
    if entry.launch is None:
        return False
    given = replace(entry, disabled=False, launch=replace(entry.launch, roots=(RootArgument(directory, directory, 0),)))
    # The other configs stay: a directory that holds the configuration of a client is too broad.
    only = [replace(each, servers=(given,) if each is config else ()) for each in snapshot.clients.configs]
    return bool(would_find(_CHECK, replace(snapshot, clients=replace(snapshot.clients, configs=tuple(only)))))


def _edit(config: ClientConfig, entry: ServerEntry, root: RootArgument, directory: str) -> EditValue | Refusal:
    place = root.argument
    if not 0 <= place < min(len(entry.command), len(entry.argument_pointers)):
        return Refusal("the directory is named inside a longer command line", _BY_HAND)
    pointer, stands = entry.argument_pointers[place], entry.command[place]
    refusal = why_not_editable(config, pointer)
    if refusal is not None:
        return refusal
    before, found, after = stands.partition(root.text)
    # ``--root=DIRECTORY`` and ``DIRECTORY:/inside``; what has commas may name two directories in either order.
    whole = not after or after.startswith(":")
    if not found or not whole or (before and not before.endswith("=")) or "," in stands:
        return Refusal("the argument is not written in a way that can be changed safely", _BY_HAND)
    return EditValue(config.path.asked, config.format, pointer, expect=stands, value=f"{before}{directory}{after}")


def _project(config: ClientConfig) -> str:
    """The folder of the project that the config belongs to, "" where it belongs to none."""
    if config.scope != "project":
        return ""
    folder, _, _ = config.path.asked.rpartition("/")
    while folder.rpartition("/")[2].startswith("."):  # a folder of the client's, such as .cursor
        folder = folder.rpartition("/")[0]
    return folder
