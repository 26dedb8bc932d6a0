"""Programs that only start another program: ``sudo``, ``timeout``, ``bwrap`` … and the real arity of their options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from workbench.launch.containers import unwrap_container
from workbench.launch.shells import unwrap_cmd, unwrap_env, unwrap_powershell, unwrap_shell
from workbench.launch.step import Mount, Step, Unwrap
from workbench.launch.words import Arity, Options, Word, arity, basename, read_options

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_SUDO = arity(
    "-A -B -b -E -H -i -k -N -n -P -S -s --askpass --bell --background --preserve-env --set-home --login"
    " --reset-timestamp --no-update --non-interactive --preserve-groups --stdin --shell",
    "-a -C -c -D -g -h -p -R -r -t -T -U -u --auth-type --close-from --login-class --chdir --group --host --prompt"
    " --chroot --role --type --command-timeout --other-user --user",
)
_SUDO_RUNS_NOTHING = ("-e", "--edit", "-l", "--list", "-v", "--validate", "-K", "--remove-timestamp", "-V", "--version")
_DOAS = arity("-L -n -s", "-a -C -u")
_RUNUSER = arity(
    "-f --fast -l --login -m -p --preserve-environment -P --pty -",
    "-c --command -g --group -G --supp-group -s --shell -u --user -w --whitelist-environment",
)
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
_BWRAP = arity(
    "--help --version --unshare-all --share-net --unshare-user --unshare-user-try --unshare-ipc --unshare-pid"
    " --unshare-net --unshare-uts --unshare-cgroup --unshare-cgroup-try --disable-userns --assert-userns-disabled"
    " --clearenv --new-session --die-with-parent --as-pid-1 --level-prefix",
    _BWRAP_ONE,
    {**{name: 2 for name in _BWRAP_TWO.split()}, "--overlay": 3},
)
_SYSTEMD_RUN = arity(
    "--user --system --scope -q --quiet --pipe -P -t --pty -T --pty-late --wait --collect -G --no-block -r"
    " --remain-after-exit --same-dir -d --send-sighup --no-ask-password --shell -S --slice-inherit --ignore-failure -v"
    " --verbose --no-pager",
    "-p --property -E --setenv -u --unit --uid --gid --slice --description -M --machine -H --host --service-type"
    " --working-directory --nice --on-active --on-boot --on-startup --on-unit-active --on-unit-inactive --on-calendar"
    " --timer-property --path-property --socket-property --background --expand-environment --job-mode -C --capsule"
    " --json --root-directory",
)
# Settings of systemd that keep a process away from something. Without any of these it only starts it.
_CONFINES = re.compile(
    r"(?:DynamicUser|NoNewPrivileges|Protect\w+|Private\w+|Restrict\w+|ReadOnlyPaths|InaccessiblePaths|NoExecPaths"
    r"|TemporaryFileSystem|RootDirectory|RootImage|SystemCallFilter|CapabilityBoundingSet|IPAddressDeny|LockPersonality"
    r"|MemoryDenyWriteExecute)="
)
_UNSHARE = arity(
    "-i --ipc -m --mount -n --net -p --pid -u --uts -U --user -C --cgroup -T --time -f --fork -r --map-root-user -c"
    " --map-current-user --map-auto --keep-caps --mount-proc --kill-child --mount-binfmt",
    "--map-user --map-group --map-users --map-groups --propagation --setgroups -R --root -w --wd -S --setuid"
    " -G --setgid --monotonic --boottime --load-interp -l",
)
_SETPRIV = arity(
    "-d --dump --no-new-privs --nnp --clear-groups --keep-groups --init-groups --reset-env",
    "--ambient-caps --inh-caps --bounding-set --list-caps --ruid --euid --rgid --egid --reuid --regid --groups"
    " --securebits --pdeathsig --ptracer --selinux-label --apparmor-profile --landlock-access --landlock-rule"
    " --seccomp-filter",
)
_WSL = arity("-e --exec -~ --system", "-d --distribution --distribution-id -u --user --cd --shell-type")


def _plain(name: str, known: Arity, operands: int = 0) -> Unwrap:
    """A wrapper that only has options, and a number of operands before the command."""

    def unwrap(words: Sequence[Word]) -> Step | None:
        options = read_options(words[1:], known)
        rest = options.rest[operands:]
        return Step(name, tuple(rest), understood=options.understood) if rest else None

    return unwrap


def _sudo(words: Sequence[Word]) -> Step | None:
    options = read_options(words[1:], _SUDO)
    if options.has(*_SUDO_RUNS_NOTHING):
        return None
    user, group = options.value("-u", "--user"), options.value("-g", "--group")
    account = user.text if user else "" if group else "root"
    return _as_account("sudo", account, options)


def _doas(words: Sequence[Word]) -> Step | None:
    options = read_options(words[1:], _DOAS)
    user = options.value("-u")
    return _as_account("doas", user.text if user else "root", options)


def _as_account(name: str, account: str, options: Options) -> Step | None:
    rest = list(options.rest)
    while rest and _ASSIGNMENT.match(rest[0].text):
        rest = rest[1:]
    return Step(name, tuple(rest), account=account, understood=options.understood) if rest else None


def _pkexec(words: Sequence[Word]) -> Step | None:
    options = read_options(words[1:], arity("--disable-internal-agent --keep-cwd", "--user"))
    user = options.value("--user")
    return _as_account("pkexec", user.text if user else "root", options)


def _su(words: Sequence[Word]) -> Step | None:
    """``su [-] USER -c "command"``, ``runuser -u USER -- command``. Options may follow the user."""
    name = basename(words[0].text)
    options = read_options(words[1:], _RUNUSER)
    given, rest, understood = list(options.given), list(options.rest), options.understood
    user = options.value("-u", "--user")
    if user is not None and rest:
        return Step(name, tuple(rest), account=user.text, understood=understood)
    if rest and rest[0].text == "-":
        rest = rest[1:]
    account = "root"
    if rest:
        account = rest[0].text
        later = read_options(rest[1:], _RUNUSER)
        given += later.given
        understood = understood and later.understood
    string = Options(tuple(given), ()).value("-c", "--command")
    if string is None:
        return None
    inner = unwrap_shell([words[0].part("sh"), words[0].part("-c"), string])
    if inner is None or not inner.rest:
        return Step(name, (), account=account, understood=False)
    return Step(name, inner.rest, account=account, understood=understood and inner.understood)


def _gosu(words: Sequence[Word]) -> Step | None:
    if len(words) < 3:
        return None
    return Step(basename(words[0].text), tuple(words[2:]), account=words[1].text.partition(":")[0])


def _setpriv(words: Sequence[Word]) -> Step | None:
    options = read_options(words[1:], _SETPRIV)
    user = options.value("--reuid", "--euid")
    rest = options.rest
    if not rest:
        return None
    return Step("setpriv", rest, account=user.text if user else "", understood=options.understood)


def _timeout(words: Sequence[Word]) -> Step | None:
    known = arity("--preserve-status --foreground -f -p -v --verbose", "-k --kill-after -s --signal")
    return _plain("timeout", known, operands=1)(words)


def _nice(words: Sequence[Word]) -> Step | None:
    rest = list(words[1:])
    if rest and re.fullmatch(r"-{1,2}\d+", rest[0].text):
        return Step("nice", tuple(rest[1:]))
    return _plain("nice", arity("", "-n --adjustment"))(words)


def _bwrap(words: Sequence[Word]) -> Step | None:
    options = read_options(words[1:], _BWRAP)
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
    return Step("bwrap", options.rest, "" if open_to_all else "bwrap", mounts=tuple(mounts), understood=understood)


def _firejail(words: Sequence[Word]) -> Step | None:
    options = read_options(words[1:], arity("-c", "", lenient=True))
    return Step("firejail", options.rest, "firejail") if options.rest else None


def _nsjail(words: Sequence[Word]) -> Step | None:
    for at, word in enumerate(words):
        if word.text == "--":
            return Step("nsjail", tuple(words[at + 1 :]), "nsjail", mounts=(), understood=False)
    return Step("nsjail", (), "nsjail", understood=False)


def _systemd_run(words: Sequence[Word]) -> Step | None:
    options = read_options(words[1:], _SYSTEMD_RUN)
    settings = [
        option.values[0].text for option in options.given if option.name in ("-p", "--property") and option.values
    ]
    confines = any(_CONFINES.match(setting) and setting.partition("=")[2].lower() not in _OFF for setting in settings)
    user = options.value("--uid")
    account = user.text if user else next((s.partition("=")[2] for s in settings if s.startswith("User=")), "")
    if not account and not options.has("--user", "--scope"):
        account = "root"
    if options.has("--scope"):
        confines = False  # a scope takes a process in, it does not change it
    sandbox = "systemd-run" if confines else ""
    return Step("systemd-run", options.rest, sandbox, account, understood=options.understood) if options.rest else None


_OFF = ("no", "false", "0", "off", "")


def _sandbox_exec(words: Sequence[Word]) -> Step | None:
    options = read_options(words[1:], arity("", "-f -n -p -D"))
    return Step("sandbox-exec", options.rest, "sandbox-exec", understood=options.understood) if options.rest else None


def _wsl(words: Sequence[Word]) -> Step | None:
    rest = list(words[1:])
    if rest and rest[0].text == "~":
        rest = rest[1:]
    options = read_options(rest, _WSL)
    user = options.value("-u", "--user")
    if not options.rest:
        return None
    return Step("wsl", options.rest, account=user.text if user else "", understood=options.understood)


def _ip(words: Sequence[Word]) -> Step | None:
    texts = [word.text for word in words[:4]]
    return Step("ip netns exec", tuple(words[4:])) if texts[1:3] == ["netns", "exec"] and len(words) > 4 else None


def _before_dashes(*verbs: str) -> Unwrap:
    """``op run --env-file=x -- command``: everything before the dashes belongs to the wrapper."""

    def unwrap(words: Sequence[Word]) -> Step | None:
        texts = [word.text for word in words]
        if "--" not in texts[1:] or (verbs and (len(texts) < 2 or texts[1] not in verbs)):
            return None
        at = texts.index("--")
        name = f"{basename(texts[0])} {texts[1]}" if verbs else basename(texts[0])
        return Step(name, tuple(words[at + 1 :])) if at + 1 < len(words) else None

    return unwrap


def _in_environment(verb: str, known: Arity) -> Unwrap:
    """``poetry run command``, ``conda run -n NAME command``."""

    def unwrap(words: Sequence[Word]) -> Step | None:
        if len(words) < 3 or words[1].text != verb:
            return None
        options = read_options(words[2:], known)
        name = f"{basename(words[0].text)} {verb}"
        return Step(name, options.rest, understood=options.understood) if options.rest else None

    return unwrap


def _taskset(words: Sequence[Word]) -> Step | None:
    options = read_options(words[1:], arity("-a -c --all-tasks --cpu-list", ""))
    return Step("taskset", options.rest[1:], understood=options.understood) if len(options.rest) > 1 else None


def _direnv(words: Sequence[Word]) -> Step | None:
    return Step("direnv exec", tuple(words[3:])) if len(words) > 3 and words[1].text == "exec" else None


_SIMPLE = {
    "nohup": arity(),
    "setsid": arity("-c -f -w --ctty --fork --wait"),
    "stdbuf": arity("", "-i -o -e --input --output --error"),
    "ionice": arity("-t --ignore", "-c -n --class --classdata"),
    "caffeinate": arity("-d -i -m -s -u", "-t -w"),
    "time": arity("-p -v -a --portability --verbose --append", "-o -f --output --format"),
    "unbuffer": arity("-p"),
    "tini": arity("-s -g -v -w", "-p -e"),
    "dumb-init": arity("-c --single-child -v --verbose", "-r --rewrite"),
    "arch": arity("-x86_64 -arm64 -i386", "-arch -e -d"),
    "xvfb-run": arity(
        "-a --auto-servernum -l --listen-tcp",
        "-s --server-args -n --server-num -e --error-file -f --auth-file -p --xauth-protocol -w --wait",
    ),
}
WRAPPERS: Mapping[str, Unwrap] = {
    "sudo": _sudo,
    "doas": _doas,
    "pkexec": _pkexec,
    "run0": _pkexec,
    "su": _su,
    "runuser": _su,
    "gosu": _gosu,
    "su-exec": _gosu,
    "setpriv": _setpriv,
    "env": unwrap_env,
    **dict.fromkeys(("sh", "bash", "zsh", "dash", "ash", "ksh", "fish"), unwrap_shell),
    "cmd": unwrap_cmd,
    "powershell": unwrap_powershell,
    "pwsh": unwrap_powershell,
    "wsl": _wsl,
    "nice": _nice,
    "timeout": _timeout,
    "gtimeout": _timeout,
    **{name: _plain(name, known) for name, known in _SIMPLE.items()},
    "taskset": _taskset,
    "chrt": _plain("chrt", arity("-a -b -f -i -o -r -R", "-T -P -D"), operands=1),
    "chroot": _plain("chroot", arity("--skip-chdir", "--userspec --groups"), operands=1),
    "unshare": _plain("unshare", _UNSHARE),
    "ip": _ip,
    "bwrap": _bwrap,
    "firejail": _firejail,
    "nsjail": _nsjail,
    "systemd-run": _systemd_run,
    "sandbox-exec": _sandbox_exec,
    **dict.fromkeys(("docker", "podman", "nerdctl", "docker-compose", "podman-compose", "finch"), unwrap_container),
    "op": _before_dashes("run"),
    "doppler": _before_dashes("run"),
    "infisical": _before_dashes("run"),
    "dotenvx": _before_dashes("run"),
    "aws-vault": _before_dashes("exec"),
    "chamber": _before_dashes("exec"),
    "mise": _before_dashes("exec", "x"),
    "dotenv": _before_dashes(),
    "poetry": _in_environment("run", arity("-q --quiet -v", "-C --directory -P --project")),
    "pdm": _in_environment("run", arity("-s --site-packages", "-p --project --venv")),
    "hatch": _in_environment("run", arity("", "")),
    "rye": _in_environment("run", arity("", "--pyproject")),
    "pixi": _in_environment("run", arity("--frozen --locked", "-e --environment --manifest-path")),
    **dict.fromkeys(
        ("conda", "mamba", "micromamba"),
        _in_environment(
            "run",
            arity(
                "-v --verbose --dev --debug-wrapper-scripts --no-capture-output --live-stream",
                "-n --name -p --prefix --cwd",
            ),
        ),
    ),
    "direnv": _direnv,
}
