"""Programs that only start another program: ``sudo``, ``timeout``, ``bwrap`` … and the real arity of their options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from workbench.launch.accounts import (
    unwrap_doas,
    unwrap_gosu,
    unwrap_pkexec,
    unwrap_run0,
    unwrap_setpriv,
    unwrap_su,
    unwrap_sudo,
)
from workbench.launch.containers import unwrap_container
from workbench.launch.sandboxes import (
    unwrap_bwrap,
    unwrap_firejail,
    unwrap_nsjail,
    unwrap_sandbox_exec,
    unwrap_systemd_run,
)
from workbench.launch.shells import unwrap_env, unwrap_shell
from workbench.launch.step import Step, Unwrap
from workbench.launch.windows import unwrap_cmd, unwrap_powershell, unwrap_wsl
from workbench.launch.words import Arity, Word, arity, basename, read_options

TIMEOUT = arity("--preserve-status --foreground -f -p -v --verbose", "-k --kill-after -s --signal")
UNSHARE = arity(
    "-i --ipc -m --mount -n --net -p --pid -u --uts -U --user -C --cgroup -T --time -f --fork -r --map-root-user -c"
    " --map-current-user --map-auto --keep-caps --mount-proc --kill-child --mount-binfmt",
    "--map-user --map-group --map-users --map-groups --propagation --setgroups -R --root -w --wd -S --setuid"
    " -G --setgid --monotonic --boottime --load-interp -l",
)


def _plain(name: str, known: Arity, operands: int = 0) -> Unwrap:
    """A wrapper that only has options, and a number of operands before the command."""

    def unwrap(words: Sequence[Word]) -> Step | None:
        options = read_options(words[1:], known)
        rest = options.rest[operands:]
        return Step(name, tuple(rest), understood=options.understood) if rest else None

    return unwrap


def _nice(words: Sequence[Word]) -> Step | None:
    rest = list(words[1:])
    if rest and re.fullmatch(r"-{1,2}\d+", rest[0].text):
        return Step("nice", tuple(rest[1:]))
    return _plain("nice", arity("", "-n --adjustment"))(words)


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
    """``poetry -C DIR run command``, ``conda run -n NAME command``."""

    def unwrap(words: Sequence[Word]) -> Step | None:
        before = read_options(words[1:], known)
        if len(before.rest) < 2 or before.rest[0].text != verb:
            return None
        options = read_options(before.rest[1:], known)
        name = f"{basename(words[0].text)} {verb}"
        directory = options.value("-C", "--directory", "--cwd") or before.value("-C", "--directory", "--cwd")
        understood = before.understood and options.understood
        return Step(name, options.rest, understood=understood, directory=directory) if options.rest else None

    return unwrap


def _mise(words: Sequence[Word]) -> Step | None:
    """``mise exec node@22 -- command``, ``mise x -c "command"``."""
    options = read_options(words[1:], _MISE)
    if not options.rest or options.rest[0].text not in ("exec", "x"):
        return None
    name = f"mise {options.rest[0].text}"
    directory = options.value("-C", "--cd")
    rest = options.rest[1:]
    at = next((place for place, word in enumerate(rest) if word.text == "--"), len(rest))
    for place, word in enumerate(rest[:at]):
        attached = word.text.startswith("--command=")
        if attached or (word.text in ("-c", "--command") and place + 1 < len(rest)):
            string = word.attached(word.text.partition("=")[2]) if attached else rest[place + 1]
            step = unwrap_shell([word.part("sh"), word.part("-c"), string])
            return replace(step, name=name, directory=step.directory or directory) if step is not None else None
    if at + 1 >= len(rest):
        return None
    return Step(name, tuple(rest[at + 1 :]), understood=options.understood, directory=directory)


_MISE = arity("-q --quiet -v --verbose -y --yes --raw --silent", "-C --cd -E --env -j --jobs")


def _taskset(words: Sequence[Word]) -> Step | None:
    options = read_options(words[1:], arity("-a -c --all-tasks --cpu-list", ""))
    return Step("taskset", options.rest[1:], understood=options.understood) if len(options.rest) > 1 else None


def _direnv(words: Sequence[Word]) -> Step | None:
    return Step("direnv exec", tuple(words[3:])) if len(words) > 3 and words[1].text == "exec" else None


SIMPLE = {
    "nohup": arity(),
    "setsid": arity("-c -f -w --ctty --fork --wait"),
    "stdbuf": arity("", "-i -o -e --input --output --error"),
    "ionice": arity("-t --ignore", "-c -n --class --classdata"),
    "caffeinate": arity("-d -i -m -s -u", "-t -w"),
    "time": arity("-p -v -a --portability --verbose --append", "-o -f --output --format"),
    "unbuffer": arity("-p"),
    "tini": arity("-s -g -v -w -l", "-p -e"),
    "dumb-init": arity("-c --single-child -v --verbose", "-r --rewrite"),
    "arch": arity("-x86_64 -arm64 -i386", "-arch -e -d"),
    "xvfb-run": arity(
        "-a --auto-servernum -l --listen-tcp",
        "-s --server-args -n --server-num -e --error-file -f --auth-file -p --xauth-protocol -w --wait",
    ),
}
WRAPPERS: Mapping[str, Unwrap] = {
    "sudo": unwrap_sudo,
    "doas": unwrap_doas,
    "pkexec": unwrap_pkexec,
    "run0": unwrap_run0,
    "su": unwrap_su,
    "runuser": unwrap_su,
    "gosu": unwrap_gosu,
    "su-exec": unwrap_gosu,
    "setpriv": unwrap_setpriv,
    "env": unwrap_env,
    **dict.fromkeys(("sh", "bash", "zsh", "dash", "ash", "ksh", "fish"), unwrap_shell),
    "cmd": unwrap_cmd,
    "powershell": unwrap_powershell,
    "pwsh": unwrap_powershell,
    "wsl": unwrap_wsl,
    "nice": _nice,
    "timeout": _plain("timeout", TIMEOUT, operands=1),
    "gtimeout": _plain("timeout", TIMEOUT, operands=1),
    **{name: _plain(name, known) for name, known in SIMPLE.items()},
    "taskset": _taskset,
    "chrt": _plain("chrt", arity("-a -b -f -i -o -r -R", "-T -P -D"), operands=1),
    "chroot": _plain("chroot", arity("--skip-chdir", "--userspec --groups"), operands=1),
    "unshare": _plain("unshare", UNSHARE),
    "ip": _ip,
    "bwrap": unwrap_bwrap,
    "firejail": unwrap_firejail,
    "nsjail": unwrap_nsjail,
    "systemd-run": unwrap_systemd_run,
    "sandbox-exec": unwrap_sandbox_exec,
    **dict.fromkeys(("docker", "podman", "nerdctl", "docker-compose", "podman-compose", "finch"), unwrap_container),
    "op": _before_dashes("run"),
    "doppler": _before_dashes("run"),
    "infisical": _before_dashes("run"),
    "dotenvx": _before_dashes("run"),
    "aws-vault": _before_dashes("exec"),
    "chamber": _before_dashes("exec"),
    "mise": _mise,
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
