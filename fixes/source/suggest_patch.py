"""The corrected code for what was found in a server's code: to read, to fit to its names, and to copy.

What it looks at
----------------
What the check saw at that place of the code, and the language of the file. It writes nothing: code is changed by
whoever understands it. The steps name the place, give the code that is right, and say how to see that it is. Where
guides print code that is wrong (a chmod after listen, ``.nonneg()``, ``path.resolve`` for containment, abstract
sockets), the step says what is right instead.

Why it matters
--------------
A flaw in the code is there in every place where the server runs, whatever is put around it here. The walls of the other
repairs keep its consequences small until it is mended.

How an attacker uses it
-----------------------
As the lesson of the check says that found it.

How to fix it by hand
---------------------
The steps are the repair. A server that others wrote is mended by them: report it to them with what the finding shows,
in private where it is critical, and put a sandbox around it meanwhile (``clients/sandbox-launcher``).

References
----------
- OWASP Secure Coding Practices
- Model Context Protocol, Security Best Practices
"""

from __future__ import annotations

from workbench.api import (
    PYTHON_PATCHES,
    SCRIPT_PATCHES,
    CommandUse,
    Finding,
    Plan,
    Refusal,
    Reversal,
    Safety,
    Snapshot,
    Step,
    fix,
)

_KINDS = {
    "source/unvalidated-ipc-message": "schema",
    "source/credentials-over-ipc": "secret",
    "source/socket-without-mode": "private",
    "source/predictable-socket-path": "private",
    "source/unlink-then-listen": "private",
    "source/no-peer-check": "peer",
    "source/path-escape": "contained",
    "source/command-injection": "command",
    "source/unpickle": "data",
}
_WORDS = {
    "schema": "Say exactly what a message may be, and refuse every other one before anything is done with it",
    "secret": "Keep the secret where it is, and let the other process ask for the deed; then change the secret",
    "private": "Listen in a folder of mode 0700 that is made anew, and do without the chmod and the unlink",
    "peer": "Let nobody else connect, or compare the account at the other end before anything is read",
    "contained": "Follow the links first, compare whole parts of the path, and open what was compared",
    "command": "Start the program itself, with a list of words and no shell",
    "evaluated": "Read data as data, and evaluate nothing",
    "program": "Take the program from a fixed list",
    "data": "Read a format that holds nothing but data, then check it with a schema",
}
_MORE = {
    "contained": "the folder can still be exchanged between the check and the opening, and hard links pass: on Linux"
    " openat2 with RESOLVE_BENEATH does both at once, and a sandbox keeps the rest",
    "private": "clients that know the old path have to be told the new one, through their environment or a file",
    "schema": "messages that were understood by chance are refused from now on: watch the log for a while",
}
_ENDINGS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")


@fix(
    title="Correct the code: what to write in its place",
    repairs=tuple(_KINDS),
    safety=Safety.GUIDE,
    reversal=Reversal.NONE,
)
def plan(finding: Finding, snapshot: Snapshot, _: None) -> Plan | Refusal:
    """The steps, with the code to write."""
    where = finding.location
    if where is None or where.line is None:
        return Refusal("the finding does not tell where in the code it is", "look again")
    kind, parameter = _kind(finding, snapshot)
    patches = SCRIPT_PATCHES if _is_script(where.path, snapshot) else PYTHON_PATCHES
    text = patches[kind].replace("{parameter}", parameter)
    place = f"{where.path}:{where.line}"
    seen = "; ".join(evidence.actual for evidence in finding.evidence)
    steps = (
        Step(place, f"Read what is there now. {seen}"),
        Step(place, f"{_WORDS[kind]}. Fit this to the names of the code", text),
        Step(place, "Run the server's own tests, start it again, and look again: the finding must be gone"),
    )
    return Plan(
        fix="source/suggest-patch",
        check=finding.check,
        finding=finding.identity,
        title=f"Correct {finding.subject.label}",
        safety=Safety.GUIDE,
        reversal=Reversal.NONE,
        operations=(),
        steps=steps,
        consequences=_MORE.get(kind, ""),
    )


def _kind(finding: Finding, snapshot: Snapshot) -> tuple[str, str]:
    """Which code is right there, and the name of the argument that it is about ("value" where none is known)."""
    kind = _KINDS[finding.check]
    if kind != "command" or finding.location is None:
        return kind, "value"
    at = (finding.location.path, finding.location.line, finding.location.column)
    use: CommandUse | None = next(
        (use for use in snapshot.code.observed.commands if (use.site.path, use.site.line, use.site.column) == at), None
    )
    if use is None:
        return kind, "value"
    name = use.parameter if use.parameter.isidentifier() else "value"
    return {"evaluated": "evaluated", "program": "program"}.get(use.kind, "command"), name


def _is_script(path: str, snapshot: Snapshot) -> bool:
    if path.endswith(_ENDINGS):
        return True
    # A program without an ending is in the one language that was read there.
    root = next((root for root in snapshot.code.roots if root.path == path), None)
    return root is not None and bool(root.files) and root.files[0][0] != "python"
