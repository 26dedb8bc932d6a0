"""What was read in the code of servers: observations of one language or another, in the same words for each."""

from __future__ import annotations

from typing import Literal

from workbench.model.facts import SectionState
from workbench.model.record import record

Language = Literal["python", "javascript", "typescript"]
AddressKind = Literal["fixed", "partly fixed", "random", "private folder", "abstract", "unknown"]
Restriction = Literal["umask", "private folder", "chmod before", "chmod after", "none", "widened", "unknown"]
PeerCheck = Literal["compared", "not compared", "not read", "unknown"]
Containment = Literal[
    "none", "prefix without separator", "checked before resolved", "not resolved", "text only", "sound", "unknown"
]
CommandKind = Literal["shell", "evaluated", "program", "argument"]


@record
class Site:
    """A place in code. ``path`` is absolute and safe to show; line and column count from 1.

    ``inside`` is the function it stands in, by its qualified name (``Server.start``), "" for the file's own level.
    """

    path: str
    line: int
    column: int
    inside: str = ""


@record
class MessageHandler:
    """A handler of what another process of the server's own says to it: a child's messages, a worker's, a pipe's.

    ``channel`` is how it is attached (``child.on('message')``, ``Connection.recv``). ``sender`` is who speaks, as far
    as the code tells. ``validator`` names what checks the message before anything is done with it (``zod``,
    ``pydantic``, ``written by hand``), "" for nothing. ``acts`` are the names of what is called with a part of the
    message, at most eight, without arguments (``exec``, ``storeResult``); empty where it only logs, counts or hands it
    on. ``dispatch`` shows a call that a field of the message chooses (``handlers[message.type]``), "" for none.
    """

    site: Site
    channel: str
    sender: Literal["child", "parent", "unknown"] = "unknown"
    validator: str = ""
    acts: tuple[str, ...] = ()
    dispatch: str = ""


@record
class SecretSend:
    """A message to another process of the server's own, with something in it that its name or form says is a secret.

    ``name`` is the name that says so (``apiKey``, ``process.env.OPENAI_API_KEY``), never a value; for a literal it is
    the kind of secret. ``literal``: the secret itself stands in the code.
    """

    site: Site
    channel: str
    name: str
    literal: bool = False


@record
class UnixListener:
    """A listener on a unix socket. ``call`` makes it (``server.listen``, ``asyncio.start_unix_server``).

    ``address`` is what is known of the path: all of it where ``kind`` is ``fixed``, its beginning where it is ``partly
    fixed`` (a process id or a name follows), the name without its NUL where it is ``abstract``, else "". A temporary
    folder that the code asks the system for is shown as ``/tmp``. ``random``: a part that cannot be guessed, in
    whatever folder. ``private folder``: mkdtemp, XDG_RUNTIME_DIR, or a folder that the code makes with mode 0700.
    ``unknown``: it comes from the configuration or from elsewhere. ``unless`` names the setting in whose absence alone
    the address is used (``XDG_RUNTIME_DIR``), "" for always.

    ``restriction`` is what narrows its mode: a umask set before, a private folder, a chmod between bind and listen, a
    chmod only after it listens (at ``restricted_at``), nothing; ``widened`` where the code itself opens it to others
    (``writableAll``, chmod 0777). ``unlinked_at`` is the line where its file is removed just before, None where it is
    not. ``peers`` is whether the accounts of those who connect are read and compared, ``peers_at`` where they are read.
    """

    site: Site
    call: str
    kind: AddressKind
    address: str = ""
    unless: str = ""
    restriction: Restriction = "none"
    restricted_at: int | None = None
    unlinked_at: int | None = None
    peers: PeerCheck = "not read"
    peers_at: int | None = None


@record
class PathUse:
    """A path out of a tool's argument, and what is done with it. ``inside`` of its site is where it is used.

    ``tool`` is the tool's name, "" where one function serves every tool; ``parameter`` is the argument's. ``use`` is
    the call (``open``, ``fs.readFile``). ``containment`` is what keeps it in its folder: nothing; a comparison of
    beginnings without a separator; a check before links are followed; ``absolute()`` or ``path.resolve`` taken for
    containment (``not resolved``: no check at all follows, or one that ``..`` passes); a check of the text that links
    pass (``text only``); a sound one. ``unknown``: a check that was not understood, which is no finding. ``checked_at``
    is the check's line.
    """

    site: Site
    tool: str
    parameter: str
    use: str
    containment: Containment
    checked_at: int | None = None


@record
class CommandUse:
    """A tool's argument in what a shell runs, in code that is evaluated, or as the name of the program to start.

    ``argument``: it is one word of a program's arguments, with no shell between, which is in order.
    ``whole``: the argument is all of the command, so that running commands is what the tool is for. ``guarded``: a
    check stands before it that was not understood, which is no finding.
    """

    site: Site
    tool: str
    parameter: str
    use: str
    kind: CommandKind
    whole: bool = False
    guarded: bool = False


@record
class Unpickling:
    """What came from another process, given to a reader that runs code in it. ``source`` is where it came from."""

    site: Site
    call: str
    source: str


@record
class Observations:
    """Everything that was seen in one file, or in all."""

    handlers: tuple[MessageHandler, ...] = ()
    sends: tuple[SecretSend, ...] = ()
    listeners: tuple[UnixListener, ...] = ()
    paths: tuple[PathUse, ...] = ()
    commands: tuple[CommandUse, ...] = ()
    unpicklings: tuple[Unpickling, ...] = ()


@record
class CodeRoot:
    """The code of one server, or the one that was named. ``servers`` are the ``Server.key`` of those that run it.

    ``path`` is a folder or a file. ``files`` counts those of each language that were looked through, ``parsed`` those
    of them that had to be read closely, ``size`` all their bytes.
    """

    path: str
    servers: tuple[str, ...] = ()
    package: str = ""
    version: str = ""
    files: tuple[tuple[Language, int], ...] = ()
    parsed: int = 0
    size: int = 0


@record
class CodeFacts:
    """The code of servers. The facets of what could not be read are ``python``, ``javascript`` and ``files``; ``tools``
    for arguments of tools that were not followed to where they are used.
    """

    state: SectionState
    roots: tuple[CodeRoot, ...] = ()
    observed: Observations = Observations()
