"""Move a secret out of a client's configuration into a file that only you can read.

What it looks at
----------------
The secrets of one server: the variables of its ``env``, the headers of a remote server, and what follows ``-e NAME=``
in ``docker run``. They go into a file below ``~/.config/workbench/secrets``, with the mode 0600 in folders of the mode
0700, and what is left in the configuration is how to read it there. The plan, the preview and the journal know where
the secret stands and what its variable is called, never its value; it is read again while the plan is worked out. The
file is written and read back before the configuration loses the secret, and undo brings it back in the reverse order.

How the server gets it is your answer, ``way``:

- ``launcher``, for every program that a client starts: the client starts a shell that reads the file and becomes the
  server, ``/bin/sh -c '. "$0" && export NAME && exec "$@"' FILE npx …``. It needs nothing that is not on every Linux
  and macOS, and the value is neither in the configuration nor in ``ps``.
- ``env file``, in VS Code and Cursor: the client's own ``envFile``.
- ``reference``: ``{file:…}`` in opencode, ``${NAME}`` in Gemini CLI and in the ``.mcp.json`` of Claude Code. These two
  take the value from their own environment, so start them as the plan says.

An argument, a password in a URL and a header of any other client are refused, with what to do by hand: an argument
stays in ``ps`` wherever it comes from, and which reference a client puts into a header is not known of all of them.

Why it matters
--------------
A configuration is copied: into a backup, a dotfiles repository, a bug report, a screen share. The file with the secret
is not. From the server itself, and from every other program that runs as you, this hides nothing: the server must have
it, and they can read your files. Against these help an account of its own, a sandbox, a container.

How an attacker uses it
-----------------------
Malware looks for these configurations by name; repositories are searched for those that were pushed by mistake.

How to fix it by hand
---------------------
1. Replace the secret at the service that gave it, if the configuration was ever copied or shared.
2. ``umask 077``, make the file, and write ``NAME='value'`` into it.
3. Take the variable out of ``env``, and put ``/bin/sh``, ``-c``, ``. "$0" && export NAME && exec "$@"`` and the path of
   the file before the command.
4. Better still, let the launcher ask a keychain: ``NAME=$(secret-tool lookup service NAME) && export NAME && exec …``.

References
----------
- environ(7), sh(1): dot, export, exec; proc_pid_environ(5)
- CWE-256: Plaintext Storage of a Password; CWE-214
- OWASP MCP Top 10: MCP01, Token Mismanagement and Secret Exposure
"""

import json
import re
import shlex
from dataclasses import dataclass
from hashlib import sha256
from posixpath import basename
from typing import Literal

from workbench.api import (
    ClientConfig,
    EditValue,
    Finding,
    KeepSecret,
    Operation,
    Plan,
    Pointer,
    Refusal,
    RemoveValue,
    ReplaceSecret,
    Reversal,
    Safety,
    SecretFact,
    SecretReader,
    ServerEntry,
    SetValue,
    Snapshot,
    configured,
    fix,
    home_of,
    listed,
    started_through,
    why_not_editable,
)

_CHECK = "secrets/in-config"
_LESSON = "move it by hand: workbench explain secrets/in-config"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENVIRONMENT = ("env", "environment", "envs", "command.env")
_HEADERS = ("headers", "http_headers")
_ARGUMENT = re.compile(r"(?:args|arguments)\[(\d+)\]")
_MARKED = re.compile(r"(?P<behind>(?:--env=)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)=)<secret: [\w-]+, \d+ characters>")
_ENGINES = ("docker", "podman", "nerdctl", "finch")
_LAUNCHER = re.compile(r'\. "\$0" && export ([A-Za-z0-9_ ]+) && exec "\$@"')
# Of these it is known that they read NAME=value lines from a file that the entry names.
_ENV_FILE = ("vscode", "vscode-insiders", "vscodium", "cursor")
_STARTS = {"claude-code": "claude", "gemini": "gemini"}
_SHELL = "/bin/sh"


@dataclass(frozen=True, slots=True)
class MoveSecret:
    """What the fix asks: how the server gets the secret, and the file that it is moved to."""

    way: Literal["launcher", "env file", "reference"]
    file: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a secret stands, what it will be called, and what stands before it in the same text."""

    pointer: Pointer
    variable: str
    kind: Literal["variable", "header", "argument"]
    behind: str = ""


def _suggest(finding: Finding, snapshot: Snapshot) -> MoveSecret | Refusal:
    """What the client can do by itself where that is known, the launcher otherwise."""
    found = _found(finding, snapshot)
    if isinstance(found, Refusal):
        return found
    config, entry, places = found
    home = home_of(config, snapshot)
    if isinstance(home, Refusal):
        return home
    launched = _launched(entry)
    if launched:
        return MoveSecret("launcher", launched)
    key = sha256(f"{config.path.asked}#{entry.pointer}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", entry.name).strip("-")[:40] or "server"
    file = f"{home}/.config/workbench/secrets/{name}-{key}.env"
    if config.client == "opencode" or entry.transport != "stdio":
        return MoveSecret("reference", file)
    plain = all(place.kind == "variable" for place in places) and not entry.environment_files
    return MoveSecret("env file" if config.client.startswith("vscod") and plain else "launcher", file)


@fix(
    title="Move the secret into a file that only you can read",
    repairs=(_CHECK,),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
    answers=MoveSecret,
    suggest=_suggest,
)
def plan(finding: Finding, snapshot: Snapshot, answers: MoveSecret) -> Plan | Refusal:
    """The secret is copied into its file first; then the configuration is changed to read it there."""
    found = _found(finding, snapshot)
    if isinstance(found, Refusal):
        return found
    config, entry, places = found
    file = answers.file
    # What a shell, a document and every reader of such files take as it stands.
    if not re.fullmatch(r"(?:/[A-Za-z0-9_@%+=:,. -]+)+", file) or {".", ".."} & set(file.split("/")):
        return Refusal("that is not a plain absolute path of a file", "give one such as /home/you/secrets/server.env")
    if file == config.path.asked:
        return Refusal("that is the configuration itself", "give another file")
    if answers.way == "launcher":
        changes = _through_launcher(config, entry, places, file)
    elif answers.way == "env file":
        changes = _through_env_file(config, entry, places, file)
    else:
        changes = _through_references(config, entry, places, file)
    if isinstance(changes, Refusal):
        return changes
    return Plan(
        fix="clients/move-secret",
        check=_CHECK,
        finding=finding.identity,
        title=f"Move {listed([place.variable for place in places])} of {entry.name} out of the configuration",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=tuple(changes),
        consequences=_consequences(config, entry, places, answers),
    )


def _consequences(config: ClientConfig, entry: ServerEntry, places: tuple[_Place, ...], answers: MoveSecret) -> str:
    said = [
        f"{config.client_name} takes it from there from its next start on. This keeps the secret out of copies of the"
        " configuration; the server itself, and every program that runs as you, can still read it. Replace it at the"
        " service that gave it if the configuration was ever copied. The backup of this run holds it, for you alone"
    ]
    program = _STARTS.get(config.client)
    if answers.way == "reference" and program:
        names = " ".join(place.variable for place in places)
        script = f". {shlex.quote(answers.file)} && export {names} && exec {program}"
        said.append(f"It takes the value from its own environment: start it with sh -c {shlex.quote(script)}")
    if config.scope == "project":
        said.append("The configuration belongs to a project: whoever else uses it needs a file of that path as well")
    return ". ".join(said)


def _found(finding: Finding, snapshot: Snapshot) -> tuple[ClientConfig, ServerEntry, tuple[_Place, ...]] | Refusal:
    """The one server of the finding and the place of each of its secrets, or why one of them cannot be moved."""
    found = configured(finding, snapshot)
    if not found:
        if finding.subject.kind == "config":
            return Refusal("the secret stands outside of the servers of the file", _LESSON)
        return Refusal("the server is no longer configured", "scan again")
    config, entry = found[0]
    if config.scope == "managed":
        return Refusal(f"{config.path.asked} is for every account, and your files are not", _LESSON)
    every = [*entry.secrets, *(each.secret for each in entry.environment if each.secret is not None)]
    secrets = list({secret.place: secret for secret in every}.values())
    if not secrets:
        return Refusal(f"{entry.name} holds no secret any more", "scan again")
    places: list[_Place] = []
    for secret in secrets:
        place = _place(entry, secret)
        if isinstance(place, Refusal):
            return place
        refusal = why_not_editable(config, place.pointer)
        if refusal is not None:
            return refusal
        places.append(place)
    if len({place.variable for place in places}) < len(places):
        return Refusal(f"two secrets of {entry.name} would have one name", _LESSON)
    return config, entry, tuple(places)


def _place(entry: ServerEntry, secret: SecretFact) -> _Place | Refusal:
    for variable in entry.environment:
        if variable.secret == secret:
            table = secret.place.removesuffix(f".{variable.name}")
            if table in _ENVIRONMENT and _NAME.fullmatch(variable.name):
                return _Place((*entry.pointer, *table.split("."), variable.name), variable.name, "variable")
            return Refusal(f"{secret.place} of {entry.name} is not named in a way that a shell could set", _LESSON)
    table, _, header = secret.place.partition(".")
    if table in _HEADERS and header and entry.transport == "http":
        name = re.sub(r"[^A-Za-z0-9]+", "_", f"mcp_{entry.name}_{header}").upper()
        return _Place((*entry.pointer, table, header), name, "header")
    argument = _ARGUMENT.fullmatch(secret.place)
    return (
        _argument(entry, secret)
        if argument
        else Refusal(f"the secret at {secret.place} of {entry.name} has no variable that it could be given in", _LESSON)
    )


def _argument(entry: ServerEntry, secret: SecretFact) -> _Place | Refusal:
    """``docker run -e NAME=SECRET`` is ``-e NAME`` with NAME in the environment. No other argument is moved."""
    for place, pointer in enumerate(entry.argument_pointers):
        if not pointer or f"{pointer[-2]}[{pointer[-1]}]" != secret.place:
            continue
        marked = _MARKED.fullmatch(entry.command[place])
        runs = basename(entry.command[0]) in _ENGINES and "run" in entry.command[:place]
        if marked and runs and (entry.command[place - 1] in ("-e", "--env") or "--env=" in marked["behind"]):
            return _Place(pointer, marked["name"], "argument", marked["behind"])
    return Refusal(
        f"{secret.place} of {entry.name} is an argument, which everybody sees in ps wherever it comes from",
        "look whether the server takes it from a variable, write it into env instead, and scan again",
    )


def _launched(entry: ServerEntry) -> str:
    """The file that the launcher of the entry reads already, or ""."""
    if entry.command[:2] == (_SHELL, "-c") and len(entry.command) > 4 and _LAUNCHER.fullmatch(entry.command[2]):
        return entry.command[3]
    return ""


def _kept(config: ClientConfig, places: tuple[_Place, ...], file: str, reader: SecretReader) -> list[Operation]:
    """Each secret into a file, all into one unless that is read as one value."""
    own = reader == "whole file" and len(places) > 1
    return [
        KeepSecret(
            path=f"{file}-{place.variable}" if own else file,
            reader=reader,
            variable=place.variable,
            source=config.path.asked,
            format=config.format,
            pointer=place.pointer,
            behind=place.behind,
        )
        for place in places
    ]


def _removed(config: ClientConfig, entry: ServerEntry, places: tuple[_Place, ...]) -> list[Operation]:
    """The variables out of their table; the table as well where nothing else is in it."""
    variables = [place.pointer for place in places if place.kind == "variable"]
    tables = {pointer[:-1] for pointer in variables}
    if len(tables) == 1 and len(variables) == len(entry.environment):
        variables = list(tables)
    return [RemoveValue(config.path.asked, config.format, pointer) for pointer in variables]


def _through_launcher(
    config: ClientConfig, entry: ServerEntry, places: tuple[_Place, ...], file: str
) -> list[Operation] | Refusal:
    if entry.transport != "stdio":
        return Refusal(f"{entry.name} is not started by {config.client_name}, so no launcher can be", _remote())
    names = " ".join(place.variable for place in places)
    changes = [*_kept(config, places, file, "shell"), *_removed(config, entry, places)]
    arguments = {place.pointer: place.behind.removesuffix("=") for place in places if place.kind == "argument"}
    before = _launched(entry)
    if before:
        known = _LAUNCHER.fullmatch(entry.command[2])
        if before != file or known is None or arguments or not all(entry.argument_pointers[:4]):
            return Refusal(f"{entry.name} is started by a launcher already, which reads {before}", "answer that file")
        script = entry.command[2].replace(known[1], f"{known[1]} {names}", 1)
        pointer = entry.argument_pointers[2]
        return [*changes, EditValue(config.path.asked, config.format, pointer, entry.command[2], script)]
    first = (_SHELL, "-c", f'. "$0" && export {names} && exec "$@"', file)
    wrapped = started_through(config, entry, first, arguments)
    return wrapped if isinstance(wrapped, Refusal) else [*changes, *wrapped]


def _through_env_file(
    config: ClientConfig, entry: ServerEntry, places: tuple[_Place, ...], file: str
) -> list[Operation] | Refusal:
    if config.client not in _ENV_FILE or entry.transport != "stdio":
        return Refusal(f"it is not known that {config.client_name} reads a file of variables here", "answer: launcher")
    if entry.environment_files:
        return Refusal(f"{entry.name} has an env file already, which is yours to edit", "answer: launcher")
    if any(place.kind != "variable" for place in places):
        return Refusal(f"a secret of {entry.name} is not one of its variables", "answer: launcher")
    pointer = (*entry.pointer, "envFile")
    named = SetValue(config.path.asked, config.format, pointer, json.dumps(file))
    return [*_kept(config, places, file, "env file"), *_removed(config, entry, places), named]


def _through_references(
    config: ClientConfig, entry: ServerEntry, places: tuple[_Place, ...], file: str
) -> list[Operation] | Refusal:
    if any(place.kind == "argument" for place in places):
        return Refusal(f"a secret of {entry.name} is an argument", "answer: launcher")
    if config.client == "opencode":
        kept = _kept(config, places, file, "whole file")
        references = [f"{{file:{each.path}}}" for each in kept]
    elif config.client == "gemini" or (config.client == "claude-code" and config.path.asked.endswith("/.mcp.json")):
        kept = _kept(config, places, file, "shell")
        references = [f"${{{place.variable}}}" for place in places]
    else:
        return Refusal(
            f"it is not known where {config.client_name} would find the variable that a reference names",
            "answer: launcher" if entry.transport == "stdio" else _remote(),
        )
    replaced: list[Operation] = [
        ReplaceSecret(config.path.asked, config.format, place.pointer, json.dumps(reference))
        for place, reference in zip(places, references, strict=True)
    ]
    return [*kept, *replaced]


def _remote() -> str:
    return (
        "sign in with OAuth where the service has it; else a reference by hand: ${input:id} in VS Code, ${env:NAME} in"
        " Cursor and Windsurf, bearer_token_env_var in Codex"
    )
