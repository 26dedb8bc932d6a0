"""Start a configured server once through the launcher that a plan makes for it, before the configuration names that.

Only what the workbench itself would write as a launcher is ever started so, and as the account of the configuration.
What the values of its variables are is read when it is started, given to it, and said nowhere.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from workbench.documents import Malformed, parse
from workbench.documents.proof import value_or_nothing
from workbench.launch.sandbox_script import NEEDS, Sandbox, read_script, wrong_with
from workbench.model.operations import CreateFile, TrialStart
from workbench.model.plan import Plan
from workbench.model.run import Change
from workbench.repair.creating import ABSENT, is_there, to_make
from workbench.repair.exchange import Outcome, Start, exchange
from workbench.repair.fingerprint import Fingerprint, exists, read, status_of
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
from workbench.secrets import redact_arguments
from workbench.text import visible

Tell = Callable[[str], None]
_SEARCH = "/usr/local/bin:/usr/bin:/bin"
_LONGEST_SECONDS = 300
_INSTALL = "install bubblewrap first: sudo apt install bubblewrap, or sudo dnf install bubblewrap"
# What bwrap and servers say when they cannot start, and what to try then. The first that fits is told.
_ADVICE = (
    (
        r"bwrap: (?:setting up uid map|No permissions to creat|Creating new namespace|loopback|Can't mount proc)",
        "this system does not let your account make a sandbox. Look with: sysctl"
        " kernel.apparmor_restrict_unprivileged_userns kernel.unprivileged_userns_clone; on Ubuntu an AppArmor profile"
        " for bwrap permits it, which apparmor-profiles brings: bwrap-userns-restrict",
    ),
    (r"bwrap: Can't find source path", "a folder that was answered does not exist: make it, or answer another"),
    (r"bwrap: Can't chdir", "the folder that it is started in is not among those that it may use: add it"),
    (
        r"bwrap: execvp .*Operation not permitted|namespace.*Operation not permitted|No usable sandbox",
        "it makes a system call that the filter refuses: answer filter=no",
    ),
    (r"bwrap: execvp", "its program is not to be seen inside: add the folder that it lies in to programs"),
    (
        r"peer certificate|CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|UNABLE_TO_\w+_CERT|UnknownIssuer",
        "it does not trust the certificate that it is shown, such as a proxy's: name the file of that one in the env of"
        " the entry (SSL_CERT_FILE; for Node NODE_EXTRA_CA_CERTS), and add its folder to programs",
    ),
    (
        r"ENOTFOUND|EAI_AGAIN|ENETUNREACH|getaddrinfo|name resolution|resolve host|dns error|error sending request"
        r"|Network is unreachable|Connection refused|ECONNREFUSED",
        "it asks for the network: answer network=yes",
    ),
    (
        r"Cannot find module|ModuleNotFoundError|No module named|ENOENT|[Nn]o such file|not found|EROFS|EACCES"
        r"|Read-only file system|[Pp]ermission denied",
        "it misses a file: add the folder that it lies in to programs, or to its folders",
    ),
)


def worked_out(wanted: TrialStart, plan: Plan) -> tuple[StagedTrial, Change, bytes]:
    """What the trial comes to, on the system as it is now. Starts nothing. Raises Refused."""
    if not 0 < wanted.seconds <= _LONGEST_SECONDS:
        raise Refused(f"a server is given at most {_LONGEST_SECONDS} seconds to start")
    if wanted.path == wanted.source:
        from workbench.repair import container_trial

        return container_trial.worked_out(wanted, plan)
    made, sandbox = _launcher(wanted, plan)
    for path in filter(None, (wanted.source, wanted.kept)):
        require_plain(path)
    missing = next((program for program in NEEDS if not os.access(program, os.X_OK)), "")
    if missing:
        raise Refused(f"{missing} is not on this system, and nothing else here makes the sandbox", _INSTALL)
    source, command, _ = _as_configured(wanted)
    uid = source.uid
    _no_way_out(sandbox, uid)
    launcher = to_make(made.path, made.content.encode(), made.mode)
    if launcher.uid != uid:
        raise Refused(
            f"{visible(wanted.source)} belongs to the account with the uid {uid}, its launcher would to {launcher.uid}",
            "run the workbench as the account whose client it is",
        )
    folders = to_make(f"{wanted.kept}/new", b"", 0o600).folders if wanted.kept and not is_there(wanted.kept) else ()
    shown = visible(" ".join(redact_arguments(list(command))[0]), 300)
    home = f" It may fill {visible(wanted.kept)}, which goes again if this fails." if folders else ""
    said = (
        f"start the server once in its sandbox, as its client will, and wait at most {wanted.seconds} seconds for its"
        f" first answer (initialize); then it is ended. This runs what is configured: {shown}.{home} Only when it"
        " answered is the configuration changed"
    )
    staged = StagedTrial(wanted.path, launcher.real, ABSENT, wanted, folders, uid, source.gid, source.sha256)
    return staged, Change(visible(wanted.path), said), b""


def ready(operation: StagedTrial) -> bytes:
    """Whether the configuration is as it was shown, and nothing stands where its folder is to be. Raises Refused."""
    if operation.engine:
        from workbench.repair import container_trial

        container_trial.as_shown(operation)
        return b""
    if operation.folders and is_there(operation.trial.kept):
        raise Refused(f"{visible(operation.trial.kept)} is there already", "look at the plan again")
    _as_shown(operation)
    return b""


def carry_out(number: int, operation: StagedTrial, note: Callable[[Intent], None], tell: Tell) -> None:
    """Start the server and talk to it. Raises Refused where it does not answer as a server does."""
    if operation.engine:
        from workbench.repair import container_trial

        container_trial.carry_out(number, operation, note, tell)
        return
    trial = operation.trial
    with spot(operation.real) as place:
        now, content = read(place)
    sandbox = read_script(content.decode("utf-8", "replace"))
    if sandbox is None or (now.uid, now.mode) != (operation.uid, 0o700):
        raise Refused(f"{visible(trial.path)} is not the launcher of the plan any more")
    _no_way_out(sandbox, operation.uid)
    command, values = _as_shown(operation)
    note(Intent(number, ""))
    tell(f"starting the server in its sandbox, for at most {trial.seconds} seconds")
    directory = trial.directory if os.path.isdir(trial.directory) else "/"
    environment = {**_session(sandbox), **values}
    start = Start((operation.real, *command), environment, directory, account_of(operation.uid, operation.gid))
    try:
        outcome = exchange(start, trial.seconds)
    except (OSError, ValueError) as error:
        why = words(error) if isinstance(error, OSError) else "a word of its command cannot be given to a program"
        raise Refused(f"the server could not be started in its sandbox: {why}") from error
    secrets = [*values.values(), *secret_words(command)]
    if outcome.failure:
        raise Refused(_failed(outcome, secrets))
    tell(answered(outcome, secrets))


def put_back(operation: StagedTrial, tell: Tell) -> bool:
    """Take away the folder that was made for the server, which holds nothing but what this one start fetched.

    False where there is none. Raises Refused.
    """
    if operation.engine:
        from workbench.repair import container_trial

        container_trial.put_back(operation, tell)
        return False  # it is no part of what was there before
    if not operation.folders:
        return False
    kept = operation.trial.kept
    if any(path.startswith(f"{kept}/") for path in (operation.real, operation.trial.source)):
        raise Refused(f"{visible(kept)} holds more than what the server was given; it was left as it is")
    removed = False
    try:
        for folder in reversed(operation.folders):
            if not is_there(folder):
                continue
            with spot(folder) as place:
                if place.path != folder or not exists(place):
                    raise Refused(f"{visible(folder)} leads elsewhere; it was left as it is")
                if status_of(place).uid != operation.uid:
                    raise Refused(f"{visible(folder)} belongs to another account; it was left as it is")
                if folder == kept:
                    shutil.rmtree(place.name, dir_fd=place.folder)
                    tell(f"removed {visible(folder)}")
                else:
                    os.rmdir(place.name, dir_fd=place.folder)
                removed = True
    except OSError as error:
        if not is_there(kept):
            return removed  # a folder above it holds something else by now
        raise Refused(f"{visible(kept)} could not be removed: {words(error)}", f"run: rm -r {kept}") from error
    return removed


def left_over(operation: StagedTrial) -> str:
    """What ``put_back`` would take away now, in words; "" for nothing. Raises Refused."""
    if operation.engine:
        from workbench.repair.container_trial import name_of

        asked = visible(shlex.join(operation.engine))
        return f"remove the container {name_of(operation)} of the one start, if it is there still, by: {asked} rm"
    there = [folder for folder in reversed(operation.folders) if is_there(folder)]
    if operation.trial.kept not in there:
        return ""
    above = "".join(f", and the folder {visible(each)} if it is empty" for each in there[1:])
    return f"remove {visible(there[0])} with everything in it, which the one start of the server fetched{above}"


def _launcher(wanted: TrialStart, plan: Plan) -> tuple[CreateFile, Sandbox]:
    """The launcher as this plan makes it, before it is started and before the configuration names it."""
    at = plan.operations.index(wanted)
    before = [each for each in plan.operations[:at] if isinstance(each, CreateFile) and each.path == wanted.path]
    edits = [number for number, each in enumerate(plan.operations) if each.path == wanted.source]
    if len(before) != 1 or before[0].mode != 0o700 or not edits or min(edits) < at:
        raise Refused("the plan starts a server in another order than is safe")
    sandbox = read_script(before[0].content)
    if sandbox is None:
        raise Refused("the plan starts a program that is no launcher of a sandbox, which no plan may")
    if not set(wanted.names) <= set(sandbox.names) or wanted.kept != sandbox.kept:
        raise Refused("the plan says of its launcher what that does not say")
    return before[0], sandbox


def _no_way_out(sandbox: Sandbox, uid: int) -> None:
    """Refuse what is a sandbox by its paths, and is none by where links lead: bubblewrap follows them.

    It is judged by the home of the account as well, for a plan that was read from a file may name any.
    """

    def real(paths: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(os.path.realpath(path) for path in paths))

    reads = real(sandbox.reads)
    found = replace(
        sandbox,
        home=os.path.realpath(sandbox.home),
        reads=reads,
        tries=tuple(path for path in real(sandbox.tries) if path not in reads),
        writes=real(sandbox.writes),
        kept="".join(real(filter(None, (sandbox.kept,)))),
        directory="",
    )
    homes = dict.fromkeys((sandbox.home, found.home, *home_of(uid)))
    why = next(filter(None, (wrong_with(found, home) for home in homes)), "")
    if why:
        raise Refused(
            f"what the sandbox shows is no workspace, or a link leads out of it: {why}",
            "answer folders made for this work",
        )


def _as_shown(operation: StagedTrial) -> tuple[tuple[str, ...], dict[str, str]]:
    """The command and the variables of the entry, where the configuration is what was shown. Raises Refused."""
    source, command, values = _as_configured(operation.trial)
    if (source.uid, source.gid, source.sha256) != (operation.uid, operation.gid, operation.read):
        raise Refused(f"{visible(operation.trial.source)} changed since it was shown", "look at the plan again")
    return command, values


def _as_configured(wanted: TrialStart) -> tuple[Fingerprint, tuple[str, ...], dict[str, str]]:
    """The configuration as it is now, and the command and the variables of the entry as they stand there."""
    shown = visible(wanted.source)
    with spot(wanted.source) as place:
        now, raw = read(place)
    try:
        document = parse(raw, wanted.format).value
    except Malformed as why:
        raise Refused(f"{shown} is not {wanted.format.upper()} any more: {why.message}", "scan again") from why
    command = [value_or_nothing(document, pointer) for pointer in wanted.command]
    if not command or not all(isinstance(text, str) and "\0" not in text for text in command):
        raise Refused(f"the command in {shown} is not what was scanned", "scan again")
    entry = value_or_nothing(document, wanted.pointer)
    values = {name: variable(entry, name, shown) for name in wanted.names}
    if any(REFERENCE.search(text) for text in command):
        raise Refused(f"the command in {shown} refers to something that only its client can put in", BY_HAND)
    return now, tuple(command), values


def _session(sandbox: Sandbox) -> dict[str, str]:
    """What a client's own session would hand to a launcher, as far as the launcher takes it."""
    taken = {name: os.environ[name] for name in sandbox.names if name in os.environ}
    return {**taken, "PATH": _SEARCH, "HOME": sandbox.home}


def _failed(outcome: Outcome, secrets: Sequence[str]) -> str:
    advice = next((advice for pattern, advice in _ADVICE if re.search(pattern, outcome.complaint)), "")
    told = complaint(outcome, secrets)
    more = advice or "look whether it starts without one at all; then what it needs: network=yes, or another folder"
    return f"the server does not start in this sandbox, {outcome.failure}{told}. To try: {more}"
