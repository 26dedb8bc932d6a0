"""A file server is given far more than a workspace.

What it looks at
----------------
The directories that an enabled server is given as arguments, with ``~`` and links resolved. A finding is: the whole
file system or a whole drive; your home or a directory above it; another account's home; ``/etc`` or ``/root``; anything
that reaches ``~/.ssh``, ``~/.aws``, ``~/.gnupg``, ``~/.config``, ``~/.kube``, ``~/.docker`` (on macOS ``~/Library``, on
Windows ``AppData``); a dotfiles repository; a directory that holds the configuration of one of your clients. Of a
sandbox or a container it is what that shows of this host: the source of a mount counts, the path inside does not.

Why it matters
--------------
The directory is the only limit a file server has, and the model chooses the paths. Reading ``~`` is reading your keys,
tokens and mail; writing it is worse: a line in ``.bashrc`` or a new server in a client's configuration runs as you the
next time, long after the conversation that caused it.

How an attacker uses it
-----------------------
A prompt hidden in a document asks for ``read_file("~/.aws/credentials")`` and for the result to be put into a URL, or
for ``write_file("~/.config/autostart/x.desktop", …)``. Both are ordinary calls inside the allowed directory. No flaw in
the server is needed.

How to fix it by hand
---------------------
Name the one directory that the work is about, and make one if there is none::

    mkdir -p ~/mcp-workspace
    "args": ["-y", "@modelcontextprotocol/server-filesystem@VERSION", "/home/you/mcp-workspace"]

Several narrow directories are better than one wide one. Keep repositories with secrets in them out. Clients that send
their own roots (MCP roots) can replace what stands in the arguments: look at what they offer.

References
----------
* CWE-22: Improper Limitation of a Pathname to a Restricted Directory
* CWE-552: Files or Directories Accessible to External Parties
* CWE-668: Exposure of Resource to Wrong Sphere
* Model Context Protocol specification: Roots
"""

import re
from collections.abc import Iterator

from workbench.api import (
    ClientConfig,
    Evidence,
    Finding,
    Location,
    NotApplicable,
    Passed,
    RootArgument,
    ServerEntry,
    Severity,
    Snapshot,
    Verdict,
    check,
    server_subject,
)

_PRIVATE = (".ssh", ".aws", ".gnupg", ".config", ".kube", ".docker")
# What people keep below ~/Library that is their documents, not their settings.
_DOCUMENTS = ("Mobile Documents", "CloudStorage")
_DOTFILES = (".dotfiles", "dotfiles")
_BINDS = re.compile(r"--(?:ro-|dev-)?bind(?:-try)?\Z")
_DRIVE = re.compile(r"/?[A-Za-z]:/?\Z")


@check(
    title="A file server is given far more than a workspace",
    severities=(Severity.HIGH,),
    needs=("clients:content", "accounts"),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each enabled server that is given directories."""
    seen = False
    for config in snapshot.clients.configs:
        for entry in config.servers:
            if entry.launch is None or entry.disabled:
                continue
            own = _homes(config, snapshot)
            shown = list(_shown_by_bubblewrap(entry, own))
            if not entry.launch.roots and not shown:
                continue
            seen = True
            broad = [(root, why) for root in entry.launch.roots if (why := _why_broad(root.path, own, snapshot))]
            broad += [(root, why) for root, why in shown if all(root.path != other.path for other, _ in broad)]
            yield _finding(config, entry, broad) if broad else Passed(server_subject(config, entry))
    if not seen:
        yield NotApplicable("no enabled server is given a directory as an argument")


def _shown_by_bubblewrap(entry: ServerEntry, homes: tuple[str, ...]) -> Iterator[tuple[RootArgument, str]]:
    """The folders that bubblewrap shows a server although they hold the home, or its private parts, and why.

    A later ``--tmpfs`` or ``--bind`` on the way hides what an earlier one shows. What else is shown of the system, as
    ``/usr`` or ``/etc/ssl``, a program may need.
    """
    launch = entry.launch
    if launch is None or launch.sandbox != "bwrap":
        return
    words = entry.command
    start = next((at for at, word in enumerate(words) if word.rpartition("/")[2] == "bwrap"), len(words))
    end = next((at for at in range(start + 1, len(words)) if words[at] == launch.program), len(words))
    for at in range(start + 1, end - 2):
        if not _BINDS.match(words[at]):
            continue
        source, inside = (words[at + 1].rstrip("/") or "/"), (words[at + 2].rstrip("/") or "/")
        covers = [words[later + 1] for later in range(at + 3, end - 1) if words[later] == "--tmpfs"]
        covers += [words[later + 2] for later in range(at + 3, end - 2) if _BINDS.match(words[later])]
        for private in (place for home in homes for place in (home, *(f"{home}/{name}" for name in _PRIVATE))):
            if source != private and not _inside(private, source):
                continue
            there = (inside.rstrip("/") + private[len(source.rstrip("/")) :]) or "/"
            if not any(there == cover or _inside(there, cover.rstrip("/") or "/") for cover in covers):
                why = "the whole file system" if source == "/" else f"{private} is in it"
                yield RootArgument(source, source, at + 1), f"{why}, and bubblewrap shows it"
                break


def _homes(config: ClientConfig, snapshot: Snapshot) -> tuple[str, ...]:
    """The homes that are the developer's own: the one that is inspected, and with many that of the config's owner."""
    owners = (known.home for known in snapshot.accounts.accounts if known.uid == config.owner and known.home)
    return tuple(dict.fromkeys((snapshot.host.home, *owners)))


def _why_broad(path: str, homes: tuple[str, ...], snapshot: Snapshot) -> str:
    """Why the directory is more than a workspace, in words, or ""."""
    return next((why for home in homes if (why := _why_broad_for(path, home, snapshot))), "")


def _why_broad_for(path: str, own: str, snapshot: Snapshot) -> str:
    platform = snapshot.host.platform
    here, home = _plain(path, platform), _plain(own, platform)
    if here == "/" or _DRIVE.match(here):
        return "the whole file system" if here == "/" else "a whole drive"
    if platform == "darwin" and re.match(r"/volumes/[^/]+\Z", here):
        return "a whole drive"
    if "microsoft" in snapshot.host.release.lower() and re.match(r"/mnt/[a-z]\Z", here):
        return "a whole drive"
    if here == home:
        return "your whole home"
    if _inside(home, here):
        return "a directory above your home"
    return _reaches_private(here, home, platform) or _reaches_others(here, home, snapshot)


def _reaches_private(here: str, home: str, platform: str) -> str:
    for name in _PRIVATE:
        if here == f"{home}/{name}" or _inside(here, f"{home}/{name}"):
            return f"inside ~/{name}"
    library = _plain(f"{home}/Library", platform)
    documents = [_plain(f"{library}/{name}", platform) for name in _DOCUMENTS]
    if platform == "darwin" and (here == library or _inside(here, library)):
        return "" if any(here == kept or _inside(here, kept) for kept in documents) else "inside ~/Library"
    if platform == "win32":
        data = f"{home}/appdata"
        if here in (data, f"{data}/local") or here == f"{data}/roaming" or _inside(here, f"{data}/roaming"):
            return "inside AppData"
    if _inside(here, home) and any(part in _DOTFILES for part in here[len(home) :].split("/")):
        return "a dotfiles repository"
    return ""


def _reaches_others(here: str, home: str, snapshot: Snapshot) -> str:
    platform = snapshot.host.platform
    if platform != "win32":
        for system in ("/etc", "/root", "/private/etc", "/var/root"):
            if (here == system or _inside(here, system)) and not _inside(here, home):
                return f"inside {system}"
        if here in ("/home", "/users"):
            return "the homes of all accounts"
    for account in snapshot.accounts.accounts:
        other = _plain(account.home, platform) if account.home else "/"
        # Accounts of services live in places that are nobody's home, such as / or /var/www.
        person = account.uid >= (500 if platform == "darwin" else 1000) and account.uid != 65534
        if person and other != home and here == other and other.count("/") >= 2:
            return f"the home of {account.name}"
    for config in snapshot.clients.configs:
        folder = _plain(config.path.file.path, platform).rpartition("/")[0]
        if config.scope == "user" and folder != home and (here == folder or _inside(folder, here)):
            return f"it holds the configuration of {config.client_name}"
    return ""


def _plain(path: str, platform: str) -> str:
    """The path with ``/`` between names, none at the end, and without case where the platform does not tell it."""
    text = path.replace("\\", "/") if platform == "win32" else path
    text = text.casefold() if platform in ("win32", "darwin") else text
    return text.rstrip("/") or "/"


def _inside(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/") and path != folder


def _finding(config: ClientConfig, entry: ServerEntry, broad: list[tuple[RootArgument, str]]) -> Finding:
    first = broad[0][0]
    known = first.argument < len(entry.argument_pointers) and entry.argument_pointers[first.argument]
    given = ", ".join(root.text for root, _ in broad[:3]) + (" …" if len(broad) > 3 else "")
    return Finding(
        subject=server_subject(config, entry),
        severity=Severity.HIGH,
        summary=f"{entry.name} is given {given}: {broad[0][1]}",
        evidence=tuple(
            Evidence(
                expected="a directory made for this work",
                actual=f"{root.text} is {root.path}: {why}",
                command=("ls", "-lda", "--", root.path),
            )
            for root, why in broad
        ),
        location=Location(config.path.asked, entry.line, pointer=known or entry.pointer),
    )
