"""The launcher that starts one server in a sandbox of bubblewrap: its text, and what such a text says.

A launcher counts for a sandbox only where it is, byte for byte, what the workbench itself would write for what it says.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from functools import cache

from workbench.model.record import record
from workbench.text import is_visible

FOLDER = ".config/workbench/launchers"
"""Where launchers lie, below the home of their account."""
BWRAP = "/usr/bin/bwrap"
NEEDS = (
    *(BWRAP, "/bin/sh", "/bin/mkdir", "/bin/mktemp", "/bin/rm", "/bin/sed"),
    *("/usr/bin/base64", "/usr/bin/env", "/usr/bin/tr"),
)
"""The programs that a launcher cannot do without."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SEARCH = re.compile(r"/[^:]*(?::/[^:]*)*")
_OPTIONS = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop ALL")
# What programs of the system need. None of it is secret, and most systems have only a part of it. Keys lie beside the
# certificates, which a server of root's could open: so only what is public is named.
_SYSTEM = (
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/ca-certificates", "/etc/crypto-policies"),
    *("/etc/group", "/etc/hosts", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime"),
    *("/etc/nsswitch.conf", "/etc/passwd", "/etc/pki/ca-trust", "/etc/pki/tls/cert.pem", "/etc/pki/tls/certs"),
    *("/etc/pki/tls/openssl.cnf", "/etc/pki/tls/openssl.d", "/etc/resolv.conf", "/etc/ssl/cert.pem", "/etc/ssl/certs"),
    *("/etc/ssl/openssl.cnf", "/etc/timezone"),
)
_HEAD = """\
#!/bin/sh
# Starts one MCP server in a sandbox of bubblewrap: see bwrap(1). The client adds the command of the server.
# Made by the workbench, clients/sandbox-launcher. It knows only what it wrote itself: do not edit this, make a new one.
umask 077
set -f
IFS='
'
"""
# The names of the variables that are there, never a value: what follows is on command lines, which everybody can read.
# They are taken away before bwrap starts, for its own environment can be read inside. Without names nothing is started.
_TAIL = """\
    -- "$@"
workbench_names=$(/usr/bin/env -0 | LC_ALL=C /bin/sed -z -n 's/=.*//p' | /usr/bin/tr '\\0' '\\n')
test -n "$workbench_names" || exit 1
for workbench_name in $workbench_names; do
    case $workbench_name in
        %s) ;;
        *) set -- -u "$workbench_name" "$@" ;;
    esac
done
exec /usr/bin/env "$@"
"""
# What the shell or this script sets itself: under such a name no value gets through. And what would end its own list.
_TAKEN = ("esac", "IFS", "OPTIND", "PPID", "workbench_filter", "workbench_name", "workbench_names")
_BEGIN = f"set -- {BWRAP} \\\n"
_HOME_FOLDER = "/bin/mkdir -p "
_FILTER = """\
# System calls that no server needs are refused, such as ptrace, bpf, mount and new namespaces: see seccomp(2).
workbench_filter=$(TMPDIR=/tmp /bin/mktemp) || exit 1
/usr/bin/base64 -d >"$workbench_filter" <<'END' || exit 1
%s
END
exec 9<"$workbench_filter"
/bin/rm -f "$workbench_filter"
"""
# What is worth stealing in a home, or decides what runs outside of the sandbox.
_PRIVATE = (
    *(".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store", ".mozilla", ".thunderbird", ".netrc"),
    *(".config/gcloud", ".config/gh", ".config/google-chrome", ".config/chromium", ".config/BraveSoftware"),
    *(".config/Claude", ".config/Code", ".config/systemd", ".config/autostart", ".config/workbench", ".claude"),
    *(".claude.json", ".cursor", ".codex", ".gemini", ".local/share/keyrings", ".local/state/workbench", ".bashrc"),
    *(".profile", ".bash_profile", ".bash_login", ".bash_aliases", ".zshrc", ".zprofile", ".zshenv", ".xprofile"),
    *(".config/environment.d", ".config/fish", ".pam_environment"),
)
# Where what may be written there decides what runs outside, and what is read there is a program like any other.
_STARTED = (
    *("bin", ".local/bin", ".local/lib", ".local/share/applications", ".local/share/dbus-1", ".local/share/systemd"),
    *(".config/git", ".config/nvim", ".gitconfig", ".oh-my-zsh", ".vim", ".vimrc", ".vscode", ".vscode-server"),
)
_READABLE = f"{FOLDER.rpartition('/')[0]}/secrets/"
_WHOLE = (
    *("/", "/home", "/media", "/mnt", "/opt", "/root", "/srv", "/usr", "/var", "/var/lib"),
    *("/tmp", "/var/tmp"),  # noqa: S108 - nothing is made there
)
_SYSTEMS = ("/boot", "/dev", "/etc", "/proc", "/run", "/sys", "/var/run", "/var/lib/docker", "/var/lib/containers")


@record
class Sandbox:
    """What one sandbox shows of this host and what it hands on. Every path is absolute and the same inside.

    ``home`` is the home of the account, which is empty inside at each start; ``kept`` is the folder that the server is
    given for its own, "" for that empty one. ``reads`` are shown read-only, ``tries`` too where they exist, ``writes``
    to be written. ``names`` are the variables that are handed on, ``filtered`` is whether system calls are refused.
    ``search`` is the PATH inside and ``sets_home`` whether HOME is set, "" and False where the server's entry sets
    these itself. ``directory`` is where the server is started, "" for its home.
    """

    home: str
    reads: tuple[str, ...] = ()
    tries: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    network: bool = False
    filtered: bool = False
    search: str = ""
    sets_home: bool = True
    kept: str = ""
    directory: str = ""


def wrong_with(sandbox: Sandbox, home: str = "") -> str:
    """Why a launcher of this would not start, or would be no sandbox; "" where it is one.

    ``home`` is that of the account, where that need not be what the launcher says.
    """
    paths = (sandbox.home, *sandbox.reads, *sandbox.tries, *sandbox.writes, *filter(None, (sandbox.kept,)))
    for path in (*paths, *filter(None, (sandbox.directory,))):
        if not _is_plain(path):
            return "a path in it is not plain and absolute"
    if not all(_NAME.fullmatch(name) and name not in _TAKEN for name in sandbox.names):
        return "a variable of it has a name that no shell could hand on"
    if sandbox.search and not (_SEARCH.fullmatch(sandbox.search) and is_visible(sandbox.search)):
        return "its PATH is not plain"
    written = (*sandbox.writes, *filter(None, (sandbox.kept,)))
    for folder in written:
        # What may be written may be made a link, and bwrap would follow that from outside at the next start.
        inner = next((each for each in paths[1:] if each != folder and _holds(folder, each)), "")
        if inner:
            return f"{inner} lies in {folder}, which it may write"
    if len(set(paths)) < len(paths):
        return "it names a path twice"
    home = home or sandbox.home
    own = f"{home}/{_READABLE}"
    for path in written:
        place = next((each for name in _STARTED if _touch(each := f"{home}/{name}", path)), "")
        if place:
            return f"{path} is, holds or lies in {place}, and what is written there decides what you start yourself"
    shown = [*written, *(path for path in (*sandbox.reads, *sandbox.tries) if not path.startswith(own))]
    return next(filter(None, (too_much(path, home) for path in shown)), "")


def too_much(path: str, home: str) -> str:
    """Why a sandbox that shows this is none, "" where it may be shown."""
    if not _is_plain(path):
        return "that is not a plain absolute path"
    if path in _WHOLE or path == home or home.startswith(f"{path}/"):
        return f"{path} is far more than a workspace"
    if any(_holds(system, path) for system in _SYSTEMS):
        return f"{path} belongs to the system"
    for name in _private():
        private = f"{home}/{name}"
        if _touch(private, path):
            return f"{path} is, holds or lies in {private}"
    return ""


@cache
def _private() -> tuple[str, ...]:
    """What a sandbox shows nothing of, below a home: also wherever something worth stealing is known to lie."""
    from workbench.host.assets.kinds import PLACES

    known = [place.replace("{config}", "~/.config") for places in PLACES.values() for place in places]
    # Of a pattern the folder before it; one that may match in the home itself names no folder.
    folders = [place.partition("*")[0].rpartition("/")[0] if "*" in place else place for place in known]
    below = [folder.removeprefix("~/") for folder in folders if folder.startswith("~/") and folder != "~/Documents"]
    return tuple(dict.fromkeys((*_PRIVATE, *below)))


def script_of(sandbox: Sandbox) -> str:
    """The launcher. Nothing that a server's entry says is in it but names and paths, each quoted."""
    lines = [*_OPTIONS, *(["--share-net"] if sandbox.network else [])]
    lines += ["--seccomp 9"] if sandbox.filtered else []
    lines += [f"--setenv PATH {shlex.quote(sandbox.search)}"] if sandbox.search else []
    lines += [f"--setenv HOME {shlex.quote(sandbox.kept or sandbox.home)}"] if sandbox.sets_home else []
    lines += ["--ro-bind /usr /usr", *(f"--ro-bind-try {path} {path}" for path in _SYSTEM)]
    lines += ["--proc /proc", "--dev /dev", "--tmpfs /tmp", f"--tmpfs {shlex.quote(sandbox.home)}"]
    shown = [(path, "--ro-bind") for path in sandbox.reads]
    shown += [(path, "--ro-bind-try") for path in sandbox.tries]
    shown += [(path, "--bind") for path in (*sandbox.writes, *filter(None, (sandbox.kept,)))]
    # The outer ones first, or they would be laid over what lies in them.
    shown.sort(key=lambda each: (each[0].count("/"), each))
    lines += [f"{option} {shlex.quote(path)} {shlex.quote(path)}" for path, option in shown]
    lines.append(f"--chdir {shlex.quote(sandbox.directory or sandbox.kept or sandbox.home)}")
    made = f"{_HOME_FOLDER}{shlex.quote(sandbox.kept)}\n" if sandbox.kept else ""
    text = "".join(f"    {line} \\\n" for line in lines)
    return f"{_HEAD}{made}{_filter(filtered=sandbox.filtered)}{_BEGIN}{text}{_TAIL % ('|'.join(sandbox.names) or '-')}"


def read_script(text: str, home: str = "") -> Sandbox | None:
    """What a launcher says; None where it is not exactly what ``script_of`` gives, or is no sandbox in that home."""
    sandbox = _read(text)
    if sandbox is None or wrong_with(sandbox, home) or script_of(sandbox) != text:
        return None
    return sandbox


def words_of(sandbox: Sandbox) -> tuple[str, ...]:
    """The command line that the launcher becomes, up to the command of the server."""
    lines = script_of(sandbox).partition(_BEGIN)[2].partition('    -- "$@"\n')[0]
    return (BWRAP, *shlex.split(lines.replace("\\\n", " ")), "--")


def _read(text: str) -> Sandbox | None:
    before, begin, rest = text.partition(_BEGIN)
    lines, end, tail = rest.partition('    -- "$@"\n')
    names = re.search(r"^ {8}(\S+)\) ;;$", tail, re.MULTILINE)
    if not begin or not end or names is None or len(text) > 65_536:
        return None
    reads: list[str] = []
    tries: list[str] = []
    writes: list[str] = []
    home = search = directory = ""
    made = next((line for line in before.splitlines() if line.startswith(_HOME_FOLDER)), "")
    kept = _unquoted(made.removeprefix(_HOME_FOLDER))
    network = sets_home = filtered = False
    for line in lines.split(" \\\n"):
        try:
            words: Sequence[str] = shlex.split(line)
        except ValueError:
            return None
        match words:
            case ["--share-net"]:
                network = True
            case ["--seccomp", "9"]:
                filtered = True
            case ["--setenv", "PATH", value]:
                search = value
            case ["--setenv", "HOME", _]:
                sets_home = True
            case ["--tmpfs", value] if value != "/tmp":  # noqa: S108 - that of the sandbox
                home = value
            case ["--chdir", value]:
                directory = value
            case ["--bind", one, _] if one != kept:
                writes.append(one)
            case ["--ro-bind", one, _] if one != "/usr":
                reads.append(one)
            case ["--ro-bind-try", one, _] if one not in _SYSTEM:
                tries.append(one)
    given = () if names[1] == "-" else tuple(names[1].split("|"))
    return Sandbox(
        home=home,
        reads=tuple(reads),
        tries=tuple(tries),
        writes=tuple(writes),
        names=given,
        network=network,
        filtered=filtered,
        search=search,
        sets_home=sets_home,
        kept=kept,
        directory="" if directory == (kept or home) else directory,
    )


def _filter(*, filtered: bool) -> str:
    if not filtered:
        return ""
    from workbench.launch.sandbox_filter import spelled

    return _FILTER % spelled()


def _unquoted(text: str) -> str:
    try:
        words = shlex.split(text)
    except ValueError:
        return ""
    return words[0] if len(words) == 1 else ""


def _is_plain(path: str) -> bool:
    parts = path.split("/")[1:]
    plain = path.startswith("/") and path != "/" and all(part not in ("", ".", "..") for part in parts)
    return plain and is_visible(path) and "\\" not in path and ":" not in path


def _touch(one: str, other: str) -> bool:
    return _holds(one, other) or _holds(other, one)


def _holds(folder: str, path: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
