"""Wrappers that confine what they start, such as ``bwrap``, ``firejail`` and ``systemd-run``."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.expressions import expression
from workbench.launch.step import Mount, Step
from workbench.launch.words import Word, arity, names_set, read_options

_BWRAP_ONE = (
    "--args --argv0 --userns --userns2 --pidns --uid --gid --hostname --chdir --unsetenv --lock-file --sync-fd"
    " --remount-ro --exec-label --file-label --proc --dev --tmpfs --mqueue --dir --seccomp --add-seccomp-fd --block-fd"
    " --userns-block-fd --info-fd --json-status-fd --cap-add --cap-drop --perms --size --overlay-src --tmp-overlay"
    " --ro-overlay --level-prefix-fd"
)
_BWRAP_TWO = (
    "--setenv --bind --bind-try --dev-bind --dev-bind-try --ro-bind --ro-bind-try --bind-fd --ro-bind-fd --file"
    " --bind-data --ro-bind-data --symlink --chmod"
)
BWRAP = arity(
    "--help --version --unshare-all --share-net --unshare-user --unshare-user-try --unshare-ipc --unshare-pid"
    " --unshare-net --unshare-uts --unshare-cgroup --unshare-cgroup-try --disable-userns --assert-userns-disabled"
    " --clearenv --new-session --die-with-parent --as-pid-1 --level-prefix",
    _BWRAP_ONE,
    {**{name: 2 for name in _BWRAP_TWO.split()}, "--overlay": 3},
)
FIREJAIL = arity("-c", "", lenient=True)
SYSTEMD_RUN = arity(
    "--user --system --scope -q --quiet --pipe -P -t --pty -T --pty-late --wait --collect -G --no-block -r"
    " --remain-after-exit --same-dir -d --send-sighup --no-ask-password --shell -S --slice-inherit --ignore-failure -v"
    " --verbose --no-pager --on-timezone-change --on-clock-change",
    "-p --property -E --setenv -u --unit --uid --gid --slice --description -M --machine -H --host --service-type"
    " --working-directory --nice --on-active --on-boot --on-startup --on-unit-active --on-unit-inactive --on-calendar"
    " --timer-property --path-property --socket-property --background --expand-environment --job-mode -C --capsule"
    " --json --root-directory",
)
# Settings of systemd that keep a process away from something. Without any of these it only starts it.
_CONFINES = expression(
    r"(?:DynamicUser|NoNewPrivileges|Protect\w+|Private\w+|Restrict\w+|ReadOnlyPaths|InaccessiblePaths|NoExecPaths"
    r"|TemporaryFileSystem|RootDirectory|RootImage|SystemCallFilter|CapabilityBoundingSet|IPAddressDeny|LockPersonality"
    r"|MemoryDenyWriteExecute)="
)
_ENVIRONMENT = expression(r"[\"']?([A-Za-z_]\w*)=")
_OFF = ("no", "false", "0", "off", "")
_NSJAIL_SETS = ("-E", "--env")


def unwrap_bwrap(words: Sequence[Word]) -> Step | None:
    """``bwrap --unshare-all --setenv A b --ro-bind / / command``."""
    options = read_options(words[1:], BWRAP)
    mounts: list[Mount] = []
    for option in options.given:
        kind = option.name.removesuffix("-try")
        if kind in ("--bind", "--ro-bind", "--dev-bind") and len(option.values) == 2:
            mounts.append(Mount(option.values[1].text, option.values[0]))
        elif (
            option.name in ("--tmpfs", "--proc", "--dev", "--mqueue", "--tmp-overlay", "--ro-overlay") and option.values
        ):
            mounts.append(Mount(option.values[-1].text, None))
        elif option.name == "--overlay" and len(option.values) == 3:
            mounts.append(Mount(option.values[2].text, None))
    # What is in the file descriptor of --args cannot be known from here.
    understood = options.understood and not options.has("--args") and bool(options.rest)
    # With all of the host in it, to be written, and nothing laid over that, it only starts the program.
    open_to_all = [mount.inside for mount in mounts] == ["/"] and any(
        option.name in ("--bind", "--dev-bind") and [value.text for value in option.values] == ["/", "/"]
        for option in options.given
    )
    return Step(
        "bwrap",
        options.rest,
        "" if open_to_all else "bwrap",
        mounts=tuple(mounts),
        understood=understood,
        environment=tuple(option.values[0] for option in options.given if option.name == "--setenv" and option.values),
    )


def unwrap_firejail(words: Sequence[Word]) -> Step | None:
    """``firejail --net=none --env=A=b command``. Its options have their values attached."""
    options = read_options(words[1:], FIREJAIL)
    if not options.rest:
        return None
    return Step("firejail", options.rest, "firejail", environment=names_set(options.all("--env")))


def unwrap_nsjail(words: Sequence[Word]) -> Step | None:
    """``nsjail … -- command``. What it mounts is not followed, so it is never understood."""
    for at, word in enumerate(words):
        if word.text == "--":
            sets = names_set(words[place + 1] for place in range(1, at - 1) if words[place].text in _NSJAIL_SETS)
            return Step("nsjail", tuple(words[at + 1 :]), "nsjail", mounts=(), understood=False, environment=sets)
    return Step("nsjail", (), "nsjail", understood=False)


def unwrap_systemd_run(words: Sequence[Word]) -> Step | None:
    """``systemd-run --user --pipe -p ProtectHome=tmpfs -E A=b command``."""
    options = read_options(words[1:], SYSTEMD_RUN)
    if not options.rest:
        return None
    settings = options.all("-p", "--property")
    confines = any(
        _CONFINES.match(setting.text) and setting.text.partition("=")[2].lower() not in _OFF for setting in settings
    )
    if options.has("--scope"):
        confines = False  # a scope takes a process in, it does not change it
    user = options.value("--uid")
    if user is None:
        user = next((each.part(each.text[5:]) for each in settings if each.text.startswith("User=")), None)
    account = user.text if user is not None else ""
    if not account and not options.has("--user", "--scope"):
        account = "root"
    within = [
        setting.part(name)
        for setting in settings
        if setting.text.startswith("Environment=")
        for part in setting.text.removeprefix("Environment=").split()
        for name in _ENVIRONMENT.findall(part)[:1]
    ]
    return Step(
        "systemd-run",
        options.rest,
        "systemd-run" if confines else "",
        account,
        understood=options.understood,
        named=user if account else None,
        environment=(*names_set(options.all("-E", "--setenv")), *within),
        directory=options.value("--working-directory"),
    )


def unwrap_sandbox_exec(words: Sequence[Word]) -> Step | None:
    """``sandbox-exec -f profile command`` of macOS."""
    options = read_options(words[1:], arity("", "-f -n -p -D"))
    return Step("sandbox-exec", options.rest, "sandbox-exec", understood=options.understood) if options.rest else None
