"""What a person is shown of a file of root's that is made, changed or taken away, with each command that root runs."""

from __future__ import annotations

import difflib

from workbench.model.run import Change
from workbench.repair import root_consumers
from workbench.repair.paths import Refused
from workbench.repair.root_listing import listed
from workbench.repair.staged import StagedRootFile
from workbench.secrets import redact
from workbench.text import visible

_CONTEXT = 1


def shown(operation: StagedRootFile, old: bytes, new: bytes, said: str) -> Change:
    """The change in words, as a diff and as commands. ``said`` is what the reader's parser said. Raises Refused."""
    path = visible(operation.real)
    consumer = root_consumers.consumer_of(operation.wanted)
    if not operation.after:
        words, diff = (
            f"remove {path}, which the repair made" + _folders(operation, ", and the folder {} if it is empty"),
            "",
        )
    elif operation.brings_back:
        words, diff = f"bring back {path} byte for byte as it was, from {operation.source}, which only root reaches", ""
    elif operation.comes:
        words = f"make {path} (mode {consumer.mode:04o}, root's) for {consumer.name}" + _folders(
            operation, " and the folder {}"
        )
        diff = _whole(path, new)
    else:
        words, diff = f"change {path}", difference(path, old, new)
    restarts = operation.wanted.restarts
    if restarts is not None and "@." in restarts.unit:
        words += f"; then a first request is sent to {visible(restarts.socket)}, which must be answered if it is now"
        words += ", or all of it is rolled back"
    elif restarts is not None:
        words += f"; then restart {restarts.unit}, where it runs: it must still run {restarts.seconds} seconds later"
        words += f" and answer on {visible(restarts.socket)} if it does now" if restarts.socket else ""
        words += ", or all of it is rolled back"
    return Change(path, visible(f"{words}. {said}" if said else words, 4000), diff, commands=listed(operation))


def _folders(operation: StagedRootFile, words: str) -> str:
    return "".join(words.format(visible(folder)) for folder in operation.folders)


def _whole(path: str, new: bytes) -> str:
    text = new.decode("utf-8", "surrogateescape")
    lines = text.splitlines()
    if redact(text) != text or not all(line.isprintable() for line in lines):
        raise Refused(f"the content of {path} looks like a secret, or cannot be shown, which no plan may hold")
    return "\n".join(["--- /dev/null", f"+++ {path}", f"@@ -0,0 +1,{len(lines)} @@", *(f"+{line}" for line in lines)])


def difference(path: str, old: bytes, new: bytes) -> str:
    """A diff of few lines in which nothing that looks like a secret can be read. ``path`` is safe to show."""
    before, after = (each.decode("utf-8", "surrogateescape").split("\n") for each in (old, new))
    body = list(difflib.unified_diff(before, after, path, path, lineterm="", n=_CONTEXT))[2:]
    # A comment of a person's, or a line beside it, may be anything.
    return "\n".join([f"--- {path}", f"+++ {path}", *(visible(redact(line).expandtabs(4), 2000) for line in body)])
