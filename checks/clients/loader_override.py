"""A variable of a server makes it load code from elsewhere.

What it looks at
----------------
The variables that an entry or its command line sets for an enabled server, among them those that decide which code a
program loads: ``LD_PRELOAD``, ``LD_AUDIT``, ``LD_LIBRARY_PATH``, ``DYLD_…``, ``NODE_OPTIONS``, ``NODE_PATH``,
``PYTHONPATH``, ``PYTHONHOME``, ``BASH_ENV``, ``PERL5OPT``, ``RUBYOPT``, ``JAVA_TOOL_OPTIONS``, ``PATH`` and their like.
``PYTHONSTARTUP`` passes: Python reads it only where it is given nothing to run. Options that load nothing
(``--max-old-space-size=4096``) pass, and so do search paths of whole paths to folders that only you or root can write.
Code that is loaded before the server's own, a debugger that is opened, a folder that others can write or could make,
and a name that means another file in each working directory are findings.

Why it matters
--------------
These variables run code in the server before its own first line, under its name, with its keys and files. Pinning the
version of a package protects nothing when such a variable brings something else along. A relative or empty name in a
search path is looked up where the client happens to be started, which may be a folder that you only downloaded.

How an attacker uses it
-----------------------
Somebody who can write one folder of the path puts a module with a well-known name in it (``json.py``, ``git``), and the
server loads that one. A single changed line ``"NODE_OPTIONS": "--require /tmp/x.js"`` in a configuration looks like
tuning, and survives every update of the server.

How to fix it by hand
---------------------
Take the variable out of the entry, and find out whether the server needs it at all. Where it does, name whole paths of
folders that belong to you or root and that nobody else can write::

    "env": {"PYTHONPATH": "/home/you/src/server", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    namei -l FOLDER             # who may write it, and every directory above it
    chmod go-w FOLDER

Install what must be loaded beforehand as a dependency of the server instead.

References
----------
* ld.so(8); environ(7); the documentation of Node.js (NODE_OPTIONS) and Python (PYTHONPATH)
* CWE-426: Untrusted Search Path
* CWE-427: Uncontrolled Search Path Element
* MITRE ATT&CK T1574.006: Dynamic Linker Hijacking, T1574.007: Path Interception by PATH Environment Variable
"""

from collections.abc import Iterator

from workbench.api import (
    WRITE,
    ClientConfig,
    Evidence,
    Finding,
    LoaderPlace,
    LoaderVariable,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    PathFact,
    ServerEntry,
    Severity,
    Snapshot,
    Verdict,
    check,
    server_subject,
    who_can,
    who_can_replace,
)

_OVERFLOW = 65534
_SHARED = 0o1002  # everybody may add to it, nobody may take away what is another's

_Known = dict[tuple[LoaderPlace, frozenset[int]], str]
"""Who else decides what is found at a place, by the accounts that may."""


@check(
    title="A variable of a server makes it load code from elsewhere",
    severities=(Severity.HIGH, Severity.MEDIUM),
    needs=("clients:content", "clients:program", "accounts"),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each enabled server that is given such a variable."""
    seen = False
    files = {fact.asked: fact for fact in snapshot.clients.files}
    known: _Known = {}
    for config in snapshot.clients.configs:
        for entry in config.servers:
            if entry.loaders and not entry.disabled:
                seen = True
                yield from _judged(config, entry, files, snapshot, known)
    if seen:
        return
    if snapshot.host.platform == "win32" and any(config.servers for config in snapshot.clients.configs):
        yield NotAssessed("the variables of the servers", "Windows access control lists are not read yet")
    else:
        yield NotApplicable("no enabled server is given a variable that decides which code it loads")


def _judged(
    config: ClientConfig, entry: ServerEntry, files: dict[str, PathFact], snapshot: Snapshot, known: _Known
) -> Iterator[Verdict]:
    subject = server_subject(config, entry)
    trusted = _trusted(snapshot, config)
    unknown = [variable.name for variable in entry.loaders if variable.effect == "unknown"]
    severity = Severity.MEDIUM
    says: list[str] = []
    evidence: list[Evidence] = []
    for variable in entry.loaders:
        if variable.name == "PYTHONSTARTUP":
            continue  # only a Python that is given no script, module or code reads it: no server
        loads = _loads(variable)
        opens: list[str] = []
        for place in variable.places:
            key = (place, trusted)
            if key not in known:
                known[key] = _open(place, files, snapshot, trusted)
            opens += [known[key]] if known[key] else []
        if loads or opens:
            severity = Severity.HIGH
        says += [f"{variable.name} {text}" for text in (*loads, *opens[:3], *_relative(variable))]
        evidence += [_evidence(config, variable, text) for text in (*loads, *opens, *_relative(variable))]
    if evidence:
        yield Finding(
            subject=subject,
            severity=severity,
            summary=f"{entry.name}: {'; '.join(says[:4])}",
            evidence=tuple(evidence[:20]),
            location=Location(config.path.asked, entry.line, pointer=entry.pointer),
        )
    elif unknown:
        yield NotAssessed(subject.label, f"what {', '.join(unknown)} refers to is not known here")
    else:
        yield Passed(subject)


def _loads(variable: LoaderVariable) -> list[str]:
    if variable.effect != "code":
        return []
    if any(option.startswith("--inspect") for option in variable.options):
        return ["opens a debugger, through which any local program can run code in it"]
    if variable.options:
        return [f"loads code before the server's own ({', '.join(variable.options)})"]
    named = ", ".join(place.path for place in variable.places[:3])
    return [f"loads {named or 'code'} before the server's own code"]


def _relative(variable: LoaderVariable) -> list[str]:
    if not variable.relative:
        return []
    return ["names a file or folder that depends on where the server is started"]


def _open(place: LoaderPlace, files: dict[str, PathFact], snapshot: Snapshot, trusted: frozenset[int]) -> str:
    """Who else decides what is found at a place, "" for nobody."""
    path = files.get(place.there)
    if path is None:
        return ""
    if path.directories and path.directories[0].uid == _OVERFLOW:
        trusted = trusted | {_OVERFLOW}  # in a user namespace the owner of "/" is the real root, seen as nobody
    writers = who_can(path, WRITE, snapshot.accounts, trusted)
    replacers = writers or who_can_replace(path, snapshot.accounts, trusted)
    if replacers:
        does = "can write" if writers else "can replace"
        if place.path != place.there:
            return f"names {place.path}, which does not exist and which {replacers} can make"
        return f"names {place.path}, which {replacers} {does}"
    owner = next((step.uid for step in (path.file, *path.directories) if step.uid not in trusted), None)
    if owner is not None:
        name = next((account.name for account in snapshot.accounts.accounts if account.uid == owner), f"uid {owner}")
        return f"names {place.path}, which {name} can change as the owner of it or of a directory above"
    shared = next((at for at, step in enumerate(path.directories) if step.mode & _SHARED == _SHARED), None)
    if shared is not None and all(step.mode & 0o001 for step in path.directories[:shared]):
        return f"names {place.path}, below a folder for temporary files that everybody can write"
    return ""


def _trusted(snapshot: Snapshot, config: ClientConfig) -> frozenset[int]:
    trusted = {0, snapshot.host.uid}
    trusted |= {known.uid for known in snapshot.accounts.accounts if known.home and known.home == snapshot.host.home}
    if config.owner is not None:
        trusted.add(config.owner)
    return frozenset(trusted)


def _evidence(config: ClientConfig, variable: LoaderVariable, seen: str) -> Evidence:
    return Evidence(
        expected="no variable that loads code, and only whole paths of folders that nobody else can write",
        actual=f"{variable.name} {seen}",
        # -o prints the name alone: the value may hold a secret.
        command=("grep", "-n", "-o", "-w", "-e", variable.name, "--", config.path.asked),
    )
