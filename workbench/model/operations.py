"""The operations that a plan is made of: a closed set, each of which says exactly what it changes."""

from __future__ import annotations

from typing import Literal

from workbench.model.acts import Act
from workbench.model.clients import DocumentFormat
from workbench.model.finding import Pointer
from workbench.model.record import record
from workbench.model.recreation import RecreateContainer


@record
class SetMode:
    """Give ``path`` the permission bits ``mode``. Refused unless it still is the file the snapshot saw."""

    path: str
    mode: int
    expect_mode: int
    expect_device: int
    expect_inode: int
    operation: Literal["set-mode"] = "set-mode"


@record
class EditValue:
    """Replace one string in a document and keep every other byte. Refused unless ``expect`` stands there now."""

    path: str
    format: DocumentFormat
    pointer: Pointer
    expect: str
    value: str
    operation: Literal["edit-value"] = "edit-value"


@record
class RemoveValue:
    """Take a member, an item or a table out of a document, and keep every other byte. Refused unless it is there now.

    With ``items`` the value, a list, stays and loses those of its items that are these texts, which must all be there.
    ``expect`` is the JSON of what must stand there, "" for anything: of an object those members that the plan knows. To
    take out an item by its place it is needed, for the next item comes to stand there.
    """

    path: str
    format: DocumentFormat
    pointer: Pointer
    items: tuple[str, ...] = ()
    expect: str = ""
    operation: Literal["remove-value"] = "remove-value"


@record
class SetValue:
    """Give a member of an object or a key of a table a value, new or in place of another, and keep every other byte.

    ``value`` is JSON. ``expect`` is the JSON of what may stand there now, as for ``RemoveValue``: it, or nothing.
    """

    path: str
    format: DocumentFormat
    pointer: Pointer
    value: str
    expect: str = ""
    operation: Literal["set-value"] = "set-value"


@record
class InsertItems:
    """Put texts before the first item of a list, which must be there, and keep every other byte."""

    path: str
    format: DocumentFormat
    pointer: Pointer
    items: tuple[str, ...]
    operation: Literal["insert-items"] = "insert-items"


@record
class EditItems:
    """Take items out of a list of texts, change some and put new ones in, and keep every other byte of the document.

    ``expect`` is the JSON of the list as it must be now, in which null stands for each text that holds a secret: the
    plan knows no more of it. ``items`` is what the list becomes: texts, and the places (counted from 0, each higher
    than the one before) of those items that stay, which keep their spelling.
    """

    path: str
    format: DocumentFormat
    pointer: Pointer
    expect: str
    items: tuple[int | str, ...]
    operation: Literal["edit-items"] = "edit-items"


@record
class ReplaceSecret:
    """Put a value in the place of one that holds a secret. ``value`` is JSON.

    ``expect`` is the JSON of what must stand there, in which null stands for each text that holds a secret: the plan
    knows no more of it.
    """

    path: str
    format: DocumentFormat
    pointer: Pointer
    value: str
    expect: str = "null"
    operation: Literal["replace-secret"] = "replace-secret"


@record
class RestoreValue:
    """Put back what ``undoes`` took away, from the backup of its run. Only an undo plans it: no fix may.

    It holds no value, for that may be a secret.
    """

    path: str
    format: DocumentFormat
    pointer: Pointer
    undoes: RemoveValue | SetValue | InsertItems | EditItems | ReplaceSecret
    operation: Literal["restore-value"] = "restore-value"


StartupFormat = Literal["sh", "bash", "zsh", "fish", "environment"]
"""Whose parser reads a startup file; ``environment`` is one assignment a line, as pam_env and environment.d read it."""


@record
class EditLine:
    """Change one line of a startup file and keep every other byte. Refused unless the line stands there as it is said.

    With ``expect``, what must stand alone on ``line`` (counted from 1), that becomes ``value``. With ``variable`` the
    line is taken out, which must assign that variable and do nothing else: the plan holds no value, for it is a secret.
    With neither, ``value`` becomes a new last line, and ``line`` is 0.
    """

    path: str
    format: StartupFormat
    line: int = 0
    expect: str = ""
    value: str = ""
    variable: str = ""
    operation: Literal["edit-line"] = "edit-line"

    @property
    def pointer(self) -> Pointer:
        """Where it is in the file, in words, as the edits of a document have it."""
        return (f"line {self.line}" if self.line else "the last line",)


@record
class RestoreLine:
    """Put back the line that ``undoes`` changed, from the backup of its run. Only an undo plans it: no fix may."""

    path: str
    format: StartupFormat
    undoes: EditLine
    operation: Literal["restore-line"] = "restore-line"

    @property
    def pointer(self) -> Pointer:
        """Where it is in the file, in words."""
        return self.undoes.pointer


@record
class EditRootFile:
    """Change lines of a file of root's, through sudo, and keep every other byte. Refused unless they stand there now.

    ``format`` says who reads the file: its parser must accept the new one, and find in all that belongs to it that it
    ``loses`` and ``gains`` exactly what is said here, and nothing else. ``expect`` are whole lines, from ``line``
    (counted from 1) on, which become the lines of ``value`` (none takes them out).
    """

    path: str
    format: Literal["sudoers"]
    line: int
    expect: tuple[str, ...]
    value: tuple[str, ...]
    loses: tuple[str, ...] = ()
    gains: tuple[str, ...] = ()
    operation: Literal["edit-root-file"] = "edit-root-file"


@record
class Restart:
    """A unit that is restarted, where it runs, once its files have changed, and again where they are put back.

    It must come up again and still run ``seconds`` later. With ``socket``, the path that it listens on, and where it
    answered there before, it must answer the first request of MCP. A template (``x@.service``) is not restarted, for
    its socket starts an instance with each connection: then only the socket is asked.
    """

    unit: str
    seconds: int = 8
    socket: str = ""
    manager: Literal["system", "user"] = "system"


RootFormat = Literal["unit-drop-in", "audit-rules", "sudoers-file"]
"""Who reads a new file of root's: for each, ``workbench.repair.root_consumers`` says where and how it is taken up."""


@record
class CreateRootFile:
    """Make a file of root's that is not there, through sudo. Never in the place of another file.

    ``content`` is all of it, and every account may come to read it: it holds no secret. ``format`` says who reads the
    file: its own parser must accept it before it gets its name, and is made to read it afterwards. ``restarts`` is for
    units only.
    """

    path: str
    content: str
    format: RootFormat
    restarts: Restart | None = None
    operation: Literal["create-root-file"] = "create-root-file"


@record
class UnitLine:
    """A line of a unit that systemd drops, and what becomes of it.

    The assignment of ``key`` on ``line`` (counted from 1) gets the ``value`` alone, and what else stood behind it
    becomes a comment above it. With ``value`` "" the whole line becomes a comment, as which systemd has read it. With
    ``name`` the key, which was misspelt, gets that name.
    """

    line: int
    key: str
    value: str
    name: str = ""


@record
class RepairUnit:
    """Restore lines of a unit of root's that systemd drops, through sudo, and keep every other byte.

    Refused unless each line still assigns its key, and unless systemd drops none of them afterwards.
    """

    path: str
    lines: tuple[UnitLine, ...]
    restarts: Restart | None = None
    operation: Literal["repair-unit"] = "repair-unit"


@record
class OwnDropIn:
    """That a file is a drop-in of a unit of the account's own manager, which accepts it before and is told of it."""

    unit: str
    restarts: Restart | None = None


@record
class RepairOwnUnit:
    """Restore lines of a file of a unit of the account's own manager, which accepts it before and is told of it.

    As ``RepairUnit``, without root: the file is the account's own, and every other byte of it is kept. ``unit`` is the
    name of the unit that the file belongs to.
    """

    path: str
    lines: tuple[UnitLine, ...]
    unit: str
    restarts: Restart | None = None
    operation: Literal["repair-own-unit"] = "repair-own-unit"


@record
class CreateFile:
    """Make a file that is not there, with the folders it lies in. Never in the place of another file.

    ``content`` is all of it. The file is for its account alone (``mode`` 0600, or 0700 to be run), as the folders are.
    """

    path: str
    content: str
    mode: Literal[0o600, 0o700] = 0o600
    drop_in: OwnDropIn | None = None
    operation: Literal["create-file"] = "create-file"


SecretReader = Literal["shell", "env file", "whole file"]
"""Who reads a file of secrets: a shell, a client's reader of NAME=value lines, or one that takes all of it for one."""


@record
class KeepSecret:
    """Copy a text that is a secret out of a document into a file of secrets, as the value of ``variable``.

    The file is made where it is missing, as by ``CreateFile``, else a line is added to it. The plan says where the
    secret stands (``source``, ``format``, ``pointer``) and never what it is: it is read when the plan is worked out.
    ``behind`` is what stands before it in that text (``TOKEN=``). The plan must also change the source.
    """

    path: str
    reader: SecretReader
    variable: str
    source: str
    format: DocumentFormat
    pointer: Pointer
    behind: str = ""
    operation: Literal["keep-secret"] = "keep-secret"


@record
class TrialStart:
    """Start a server once as this plan would leave it, and complete the first exchange of MCP with it.

    It comes between the making of the launcher (``path``) and the edits that name it in the configuration ``source``,
    so that these are never made for a server that does not start. Its command and the values of its variables
    (``names``) are read at that moment, from where they stand: ``command`` is the place of each word, ``pointer`` that
    of the entry. ``directory`` is where it is started, ``kept`` the folder that the launcher makes for it, "" for none:
    where the plan fails, that goes with the launcher. It may take ``seconds`` to answer.

    Where ``path`` is the configuration itself, a container engine starts the server: there is no launcher, and the
    words are those of the document after the edits. ``command`` may then name a list of words by its one place.
    """

    path: str
    source: str
    format: DocumentFormat
    pointer: Pointer
    command: tuple[Pointer, ...]
    names: tuple[str, ...] = ()
    directory: str = ""
    kept: str = ""
    seconds: int = 30
    operation: Literal["trial-start"] = "trial-start"


Edit = EditValue | RemoveValue | SetValue | InsertItems | EditItems | ReplaceSecret | RestoreValue
LineEdit = EditLine | RestoreLine
FileEdit = Edit | LineEdit | KeepSecret
RootFile = CreateRootFile | RepairUnit
Alone = SetMode | CreateFile | RepairOwnUnit | EditRootFile | RootFile | TrialStart | RecreateContainer | Act
"""What is no edit of a part of a file."""
Operation = FileEdit | Alone
