"""Start a server's container once as a plan would have it started, before the plan changes the configuration.

Nothing is started but ``docker run`` or ``podman run``, as the account of the configuration, of a container that is not
open to the host, without fetching an image. It is given a name and a label of its own, and by that label it is removed
again, also after a crash: nothing of it may stay.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence

from workbench.activity import began
from workbench.activity import note as noted
from workbench.documents import Malformed, parse
from workbench.documents.proof import value_or_nothing
from workbench.launch.container_options import volume
from workbench.launch.container_runs import ContainerRun, container_run, is_on, values
from workbench.model.operations import (
    EditItems,
    EditValue,
    FileEdit,
    InsertItems,
    RemoveValue,
    ReplaceSecret,
    SetValue,
    TrialStart,
)
from workbench.model.plan import Plan
from workbench.model.run import Change
from workbench.repair.creating import ABSENT
from workbench.repair.edits import edited
from workbench.repair.exchange import Start, exchange
from workbench.repair.fingerprint import Fingerprint, read
from workbench.repair.paths import Refused, require_plain, spot, words
from workbench.repair.staged import Intent, StagedTrial
from workbench.repair.trial_words import (
    BY_HAND,
    REFERENCE,
    account_of,
    answered,
    complaint,
    home_of,
    secret_words,
    variable,
)
from workbench.secrets import redact, redact_arguments
from workbench.text import visible

LABEL = "workbench.trial"
Account = tuple[int, int, tuple[int, ...]] | None
_SEARCH = "/usr/local/bin:/usr/bin:/bin"
_EDITS = EditValue | RemoveValue | SetValue | InsertItems | EditItems | ReplaceSecret
_SOCKET = re.compile(r"/(?:docker|podman|containerd|crio|buildkitd)\.sock/?\Z")
_SPACES = ("--network", "--net", "--pid", "--ipc", "--userns", "--uts", "--cgroupns")
# Which engine is asked, and what the engine's tool needs of the session to ask it.
_OF_THE_SESSION = (
    *("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "CONTAINER_HOST"),
    *("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"),
)
_ASKED_SECONDS = 20
_TRIES, _PAUSE = 20, 0.25
_ADVICE = (
    (r"permission denied while trying to connect|dial unix .*permission denied", "your account may not ask the engine"),
    (r"Cannot connect to the Docker daemon|connection refused|no such file or directory.*\.sock", "start the engine"),
    (
        r"No such image|Unable to find image|image not known|not found: manifest",
        "fetch the image first, for nothing is fetched here: docker pull, or start the server once from its client",
    ),
    (
        r"Conflict\. The container name|port is already allocated|address already in use",
        "it runs already: quit its client first",
    ),
    (
        r"Read-only file system|EROFS|ENOENT.*mkdir|ENOSPC",
        "it writes somewhere else in its image: answer writable with that folder as well",
    ),
    (r"not a TTY", "take -t out of its options by hand: nobody types there"),
    (
        r"EACCES|[Pp]ermission denied",
        "as that account it may not: answer user with the number that its image or its folders are made for",
    ),
    (
        r"ENOTFOUND|EAI_AGAIN|ENETUNREACH|getaddrinfo|name resolution|Network is unreachable|ECONNREFUSED",
        "it asks for the network: answer network=yes",
    ),
    (r"Operation not permitted|EPERM|[Ff]ork|spawn", "it starts other programs: answer programs=yes"),
    (r"out of memory|OOM|heap limit|exit status 137", "it takes more memory: answer memory with more"),
)


def worked_out(wanted: TrialStart, plan: Plan) -> tuple[StagedTrial, Change, bytes]:
    """What the trial comes to, on the system as it is now. Starts nothing. Raises Refused."""
    at = plan.operations.index(wanted)
    own = [(number, each) for number, each in enumerate(plan.operations) if each.path == wanted.source]
    edits = tuple(each for _, each in own if isinstance(each, _EDITS))
    if not edits or len(edits) != len(own) - 1 or min(number for number, _ in own) < at or wanted.kept:
        raise Refused("the plan starts a server in another order than is safe")
    require_plain(wanted.source)
    source, real, command, _ = as_left(wanted, edits)
    run = _run(command)
    if any(redact(word) != word for word in run.engine):
        raise Refused("a secret stands in how the engine is reached", "put it into a context: docker context create")
    _program(run.engine)
    shown = visible(" ".join(redact_arguments(list(command))[0]), 600)
    said = (
        f"start the server's container once as it will be started then, and wait at most {wanted.seconds} seconds for"
        " its first answer (initialize); then it is ended, and the container removed. No image is fetched. This runs"
        f" what is configured: {shown}. Only when it answered is the configuration changed"
    )
    staged = StagedTrial(
        wanted.path, real, ABSENT, wanted, (), source.uid, source.gid, source.sha256, edits, run.engine
    )
    return staged, Change(visible(wanted.source), said), b""


def as_left(wanted: TrialStart, edits: Sequence[FileEdit]) -> tuple[Fingerprint, str, tuple[str, ...], dict[str, str]]:
    """The configuration, its real path, and of the entry, as the edits leave it, the command and the variables."""
    shown = visible(wanted.source)
    with spot(wanted.source) as place:
        now, raw = read(place)
        real = place.path
    try:
        document = parse(edited(raw, edits), wanted.format).value
    except Malformed as why:
        raise Refused(f"{shown} is not {wanted.format.upper()} any more: {why.message}", "scan again") from why
    found: list[object] = []
    for pointer in wanted.command:
        part = value_or_nothing(document, pointer)
        found += part if isinstance(part, list) else [part]
    command = tuple(word for word in found if isinstance(word, str) and "\0" not in word)
    if not command or len(command) != len(found):
        raise Refused(f"the command in {shown} is not what was scanned", "scan again")
    entry = value_or_nothing(document, wanted.pointer)
    return now, real, command, {name: variable(entry, name, shown) for name in wanted.names}


def as_shown(operation: StagedTrial) -> tuple[tuple[str, ...], dict[str, str]]:
    """The command and the variables that it is started with, where all is as it was shown. Raises Refused."""
    source, _, command, given = as_left(operation.trial, operation.edits)
    shown = visible(operation.trial.source)
    if (source.uid, source.gid, source.sha256) != (operation.uid, operation.gid, operation.read):
        raise Refused(f"{shown} changed since it was shown", "look at the plan again")
    if any(REFERENCE.search(text) for text in command):
        raise Refused(f"the command in {shown} refers to something that only its client can put in", BY_HAND)
    return command, given


def carry_out(number: int, operation: StagedTrial, note: Callable[[Intent], None], tell: Callable[[str], None]) -> None:
    """Start the container and talk to its server; whatever comes of it, nothing of it stays. Raises Refused."""
    command, given = as_shown(operation)
    account, home = account_of(operation.uid, operation.gid), _home(operation.uid)
    start = _start(operation, command, given, home, account)
    # Asked before anything is begun: where the engine does not answer, there is nothing to be put back.
    if _left_over(operation, given, home, account):
        name = name_of(operation)
        raise Refused(f"a container {name} is there already: run {operation.engine[0]} rm --force {name}")
    note(Intent(number, ""))
    tell(f"starting the server's container, for at most {operation.trial.seconds} seconds")
    try:
        outcome = exchange(start, operation.trial.seconds)
    except (OSError, ValueError) as error:
        why = words(error) if isinstance(error, OSError) else "a word of its command cannot be given to a program"
        raise Refused(f"the server's container could not be started: {why}") from error
    finally:
        _remove(operation, given, home, account)
    run = _run(command)
    secrets = [*given.values(), *_passed_on(run, account).values(), *secret_words(command)]
    if outcome.failure:
        # What a file of variables holds is not known here, so nothing is repeated that could be a part of it.
        told = "" if values(run, "--env-file") else complaint(outcome, secrets)
        more = _advice(f"{outcome.complaint} {outcome.failure}")
        raise Refused(f"the server does not answer in a container like this, {outcome.failure}{told}. To try: {more}")
    tell(answered(outcome, secrets))


def put_back(operation: StagedTrial, tell: Callable[[str], None]) -> None:
    """Remove what a start that was broken off left of its container. Raises Refused where something stays."""
    try:
        given = as_left(operation.trial, operation.edits)[3]
    except Refused:
        given = {}  # the configuration is another by now: it is asked at the usual place, or not at all
    if _remove(operation, given, _home(operation.uid), account_of(operation.uid, operation.gid)):
        tell(f"removed the container {name_of(operation)}")


def _home(uid: int) -> str:
    return next(iter(home_of(uid)), "/")


def _start(
    operation: StagedTrial, command: Sequence[str], given: Mapping[str, str], home: str, account: Account
) -> Start:
    """How the container is started: as it is configured to be, but under a name and a label of its own."""
    run = _run(command)
    _program(run.engine)
    own = ("--name", name_of(operation), "--label", f"{LABEL}={name_of(operation)}", "--pull=never")
    # Last of the options, so that they hold.
    environment = {**_environment({}, home, account), **_passed_on(run, account), **given}
    directory = operation.trial.directory if os.path.isdir(operation.trial.directory) else "/"
    return Start((*command[: run.image], *own, *command[run.image :]), environment, directory, account)


def _passed_on(run: ContainerRun, account: Account) -> dict[str, str]:
    """What an option passes on by its name alone: from the client's session, which for another account is not ours."""
    names = [name for name in values(run, "-e", "--env") if "=" not in name and name in os.environ]
    return {name: os.environ[name] for name in names} if account is None else {}


def name_of(operation: StagedTrial) -> str:
    """What its container is called: the same for one trial, and of no other."""
    told = f"{operation.real}#{operation.trial.pointer}#{operation.read}"
    return f"workbench-trial-{hashlib.sha256(told.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def _left_over(operation: StagedTrial, given: Mapping[str, str], home: str, account: Account) -> tuple[str, ...]:
    """The ids of its containers that are there. Raises Refused where the engine does not tell."""
    label = f"label={LABEL}={name_of(operation)}"
    told = _asked(operation, ("container", "ls", "--all", "--quiet", "--filter", label), given, home, account)
    return tuple(line for line in told.split() if re.fullmatch(r"[0-9a-f]{6,64}", line))


def _remove(operation: StagedTrial, given: Mapping[str, str], home: str, account: Account) -> bool:
    """Remove what is left of its container. Whether anything was. Raises Refused where something stays."""
    removed = False
    for _ in range(_TRIES):
        left = _left_over(operation, given, home, account)
        if not left:
            return removed
        removed = True
        try:
            _asked(operation, ("rm", "--force", "--volumes", *left), given, home, account)
        except Refused:
            time.sleep(_PAUSE)  # one that was run with --rm may be going by itself
    name = name_of(operation)
    raise Refused(f"the container {name} could not be removed: run {operation.engine[0]} rm --force {name}")


def _advice(complaint: str) -> str:
    """What to try where the container does not start or its server does not answer."""
    found = next((told for pattern, told in _ADVICE if re.search(pattern, complaint)), "")
    return found or "look whether it starts as it is configured now; then what it needs, and answer that"


def _run(command: Sequence[str]) -> ContainerRun:
    """The ``docker run`` of a command, where that leaves a wall between it and the host. Raises Refused."""
    run = container_run(command)
    if run is None or is_on(run, "-d", "--detach") or values(run, "--cidfile"):
        raise Refused("the plan starts something else than a container that is spoken to, which no plan may")
    if why := _open(run):
        raise Refused(
            f"its container would be open to the host: {why}", "containers/harden-run closes it: repair that first"
        )
    return run


def _open(run: ContainerRun) -> str:
    if is_on(run, "--privileged") or is_on(run, "--use-api-socket") or is_on(run, "--all-devices"):
        return "it is privileged"
    space = next((name for name in _SPACES for value in values(run, name) if value == "host"), "")
    if space:
        return f"{space} host"
    rules = [rule.replace(":", "=", 1).partition("=") for rule in values(run, "--security-opt")]
    held = [told.lower() not in ("false", "f", "0") for name, _, told in rules if name == "no-new-privileges"]
    if not held or not held[-1]:
        return "it may gain privileges"
    sources = [volume(value)[0] for value in values(run, "-v", "--volume")]
    for value in values(run, "--mount"):
        fields = dict(part.partition("=")[::2] for part in value.split(","))
        sources.append(fields.get("src") or fields.get("source") or "")
    for source in filter(None, sources):
        real = os.path.realpath(source) if source.startswith("/") else source
        if real == "/" or any(_SOCKET.search(path) for path in (source, real)):
            return f"it is given {visible(source, 200)}"
    return ""


def _program(engine: Sequence[str]) -> str:
    program = shutil.which(engine[0], path=_SEARCH)
    if program is None:
        raise Refused(f"{visible(engine[0], 100)} is not among the programs of this system", f"look in: {_SEARCH}")
    return program


def _environment(given: Mapping[str, str], home: str, account: Account) -> dict[str, str]:
    taken = {name: os.environ[name] for name in _OF_THE_SESSION if name in os.environ}
    if account is not None:
        # The session is root's: which engine is its own is none of that account's business.
        place = f"/run/user/{account[0]}"
        taken = {"XDG_RUNTIME_DIR": place} if os.path.isdir(place) else {}
    return {**taken, "PATH": _SEARCH, "HOME": home, **given}


def _asked(
    operation: StagedTrial, question: Sequence[str], given: Mapping[str, str], home: str, account: Account
) -> str:
    """What the engine answers. Raises Refused."""
    import subprocess

    command = (*operation.engine, *question)
    shown, begun = visible(" ".join(operation.engine), 200), began()
    try:
        done = subprocess.run(
            command,
            env=_environment(given, home, account),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            timeout=_ASKED_SECONDS,
            check=False,
            user=account[0] if account else None,
            group=account[1] if account else None,
            extra_groups=list(account[2]) if account else None,
        )
    except subprocess.TimeoutExpired as error:
        raise Refused(f"{shown} does not answer: look whether the engine runs") from error
    except OSError as error:
        raise Refused(f"{shown} cannot be started: {words(error)}") from error
    noted("ran", command, begun, done.returncode)
    if done.returncode != 0:
        said = visible(redact(done.stderr.decode("utf-8", "replace").strip()), 300)
        raise Refused(f"{shown} says: {said}. To try: {_advice(said)}")
    return done.stdout.decode("utf-8", "replace")
