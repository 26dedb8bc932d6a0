"""Wrappers that switch to another account, such as ``sudo``, ``su`` and ``setpriv``."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.launch.shells import unwrap_shell
from workbench.launch.step import Step
from workbench.launch.words import ASSIGNMENT, Options, Word, arity, basename, names_set, read_options

SUDO = arity(
    "-A -B -b -E -H -i -k -N -n -P -S -s --askpass --bell --background --preserve-env --set-home --login"
    " --reset-timestamp --no-update --non-interactive --preserve-groups --stdin --shell -e --edit -l --list -v"
    " --validate -K --remove-timestamp",
    "-a -C -c -D -g -h -p -R -r -t -T -U -u --auth-type --close-from --login-class --chdir --group --host --prompt"
    " --chroot --role --type --command-timeout --other-user --user",
)
_SUDO_RUNS_NOTHING = ("-e", "--edit", "-l", "--list", "-v", "--validate", "-K", "--remove-timestamp", "-V", "--version")
_ROUNDS = 8
_DOAS = arity("-L -n -s", "-a -C -u")
RUNUSER = arity(
    "-f --fast -l --login -m -p --preserve-environment -P --pty -T --no-pty -",
    "-c --command --session-command -g --group -G --supp-group -s --shell -u --user -w --whitelist-environment",
)
SETPRIV = arity(
    "-d --dump --no-new-privs --nnp --clear-groups --keep-groups --init-groups --reset-env",
    "--ambient-caps --inh-caps --bounding-set --list-caps --ruid --euid --rgid --egid --reuid --regid --groups"
    " --securebits --pdeathsig --ptracer --selinux-label --apparmor-profile --landlock-access --landlock-rule"
    " --seccomp-filter",
)
_RUN0 = arity(
    "--no-ask-password --slice-inherit --empower --via-shell --pty --pty-late --pipe --same-root-dir -i",
    "-u --user -g --group --unit --property --description --slice --nice -D --chdir --setenv --background --machine -M"
    " --shell-prompt-prefix --lightweight --area -a",
)


def unwrap_sudo(words: Sequence[Word]) -> Step | None:
    """``sudo -n -u mcp A=b command``."""
    options = read_options(words[1:], SUDO)
    sets: list[Word] = []
    for _ in range(_ROUNDS):
        # Of sudo, and of no other, options may follow the variables as well.
        start = _assignments(options.rest)
        if not start or not options.rest[start:] or not options.rest[start].text.startswith("-"):
            break
        sets += options.rest[:start]
        later = read_options(options.rest[start:], SUDO)
        options = Options((*options.given, *later.given), later.rest, options.understood and later.understood)
    else:
        options = Options(options.given, options.rest, understood=False)
    if options.has(*_SUDO_RUNS_NOTHING):
        return None
    user, group = options.value("-u", "--user"), options.value("-g", "--group")
    kept = (value.part(name) for value in options.all("--preserve-env") for name in value.text.split(","))
    default = "" if group and not user else "root"
    return _switched("sudo", user, default, options, (*kept, *sets), options.value("-D", "--chdir"))


def _assignments(words: Sequence[Word]) -> int:
    start = 0
    while start < len(words) and ASSIGNMENT.match(words[start].text):
        start += 1
    return start


def unwrap_doas(words: Sequence[Word]) -> Step | None:
    """``doas -u mcp command``."""
    options = read_options(words[1:], _DOAS)
    return _switched("doas", options.value("-u"), "root", options)


def unwrap_pkexec(words: Sequence[Word]) -> Step | None:
    """``pkexec --user mcp command``."""
    options = read_options(words[1:], arity("--disable-internal-agent --keep-cwd", "--user"))
    return _switched("pkexec", options.value("--user"), "root", options)


def unwrap_run0(words: Sequence[Word]) -> Step | None:
    """``run0 --user=mcp --setenv=A=b command``."""
    options = read_options(words[1:], _RUN0)
    user = options.value("-u", "--user")
    return _switched("run0", user, "root", options, options.all("--setenv"), options.value("-D", "--chdir"))


def _switched(
    name: str,
    user: Word | None,
    default: str,
    options: Options,
    kept: tuple[Word, ...] = (),
    directory: Word | None = None,
) -> Step | None:
    start = _assignments(options.rest)
    rest = options.rest[start:]
    if not rest:
        return None
    return Step(
        name,
        rest,
        account=user.text if user is not None else default,
        understood=options.understood,
        named=user,
        environment=names_set((*kept, *options.rest[:start])),
        directory=directory,
    )


def unwrap_su(words: Sequence[Word]) -> Step | None:
    """``su [-] USER -c "command"``, ``runuser -u USER -- command``. Options may follow the user."""
    name = basename(words[0].text)
    options = read_options(words[1:], RUNUSER)
    given, rest, understood = list(options.given), list(options.rest), options.understood
    kept = tuple(value.part(each) for value in options.all("-w", "--whitelist-environment") for each in _names(value))
    user = options.value("-u", "--user")
    if user is not None and rest:
        return Step(name, tuple(rest), account=user.text, understood=understood, named=user, environment=kept)
    if rest and rest[0].text == "-":
        rest = rest[1:]
    account: Word | None = None
    if rest:
        account = rest[0]
        later = read_options(rest[1:], RUNUSER)
        given += later.given
        understood = understood and later.understood
    string = Options(tuple(given), ()).value("-c", "--command", "--session-command")
    if string is None:
        return None
    whom = account.text if account is not None else "root"
    inner = unwrap_shell([words[0].part("sh"), words[0].part("-c"), string])
    if inner is None or not inner.rest:
        return Step(name, (), account=whom, understood=False, named=account)
    return Step(
        name,
        inner.rest,
        account=whom,
        understood=understood and inner.understood,
        named=account,
        environment=(*kept, *inner.environment),
        directory=inner.directory,
    )


def _names(value: Word) -> list[str]:
    return [name for name in value.text.split(",") if name]


def unwrap_gosu(words: Sequence[Word]) -> Step | None:
    """``gosu USER[:GROUP] command``."""
    if len(words) < 3:
        return None
    user = words[1].text.partition(":")[0]
    named = words[1] if user == words[1].text else words[1].part(user)
    return Step(basename(words[0].text), tuple(words[2:]), account=user, named=named)


def unwrap_setpriv(words: Sequence[Word]) -> Step | None:
    """``setpriv --reuid USER command``."""
    options = read_options(words[1:], SETPRIV)
    user = options.value("--reuid", "--euid")
    if not options.rest:
        return None
    account = user.text if user is not None else ""
    return Step("setpriv", options.rest, account=account, understood=options.understood, named=user)
