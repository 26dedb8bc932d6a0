"""The launcher of a sandbox: it says what it was made of, and nothing that differs from it counts."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from workbench.launch import understand
from workbench.launch.sandbox_script import BWRAP, Sandbox, read_script, script_of, too_much, words_of, wrong_with

HOME = "/home/dev"
SANDBOX = Sandbox(
    HOME,
    reads=("/opt/tools", "/home/dev/.nvm/versions/node/v20"),
    tries=("/home/dev/.local/share/uv/python",),
    writes=("/srv/a b", "/home/dev/work"),
    names=("LANG", "API_KEY"),
    network=True,
    filtered=True,
    search="/home/dev/.nvm/versions/node/v20/bin:/usr/bin",
    kept="/home/dev/.local/share/workbench/homes/x-1",
    directory="/home/dev/work",
)
HOSTILE = ("$(id)", "`id`", "a'b", 'a"b', "a;b", "a|b && c", "-rf", "*", "a\tb"[:1] + "é", "--bind", ") ;;", "#x")


@pytest.mark.parametrize(
    "sandbox",
    [
        SANDBOX,
        Sandbox(HOME),
        Sandbox(HOME, names=("A",), sets_home=False, directory="/srv"),
        replace(SANDBOX, kept="", network=False, filtered=False, search="", reads=(), writes=()),
        *(Sandbox(HOME, writes=(f"/srv/{name}",), reads=(f"{HOME}/x/{name}",), kept=f"/k/{name}") for name in HOSTILE),
    ],
)
def test_it_says_what_it_was_made_of(sandbox: Sandbox) -> None:
    assert wrong_with(sandbox) == ""
    assert read_script(script_of(sandbox), HOME) == sandbox
    words = words_of(sandbox)
    assert words[0] == BWRAP and words[-1] == "--"
    for path in sandbox.writes:
        at = words.index(path)
        assert words[at - 1 : at + 2] == ("--bind", path, path)
    for path in sandbox.reads:
        assert words[words.index(path) - 1] == "--ro-bind"


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_of_a_path_is_interpreted(name: str) -> None:
    path = f"/srv/{name}"
    lines = [line.strip().removesuffix(" \\") for line in script_of(Sandbox(HOME, writes=(path,))).splitlines()]
    (bound,) = [line for line in lines if line.startswith("--bind ")]
    assert shlex.split(bound) == ["--bind", path, path]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("--unshare-all", "--unshare-pid"),
        ("    --unshare-all \\\n", ""),
        ("    --share-net \\\n", "    --share-net \\\n    --share-net \\\n"),
        ("--tmpfs /tmp", "--tmpfs /tmp \\\n    --bind / /"),
        ("--tmpfs /tmp", "--tmpfs /tmp \\\n    --bind /home/dev /home/dev"),
        ("--tmpfs /tmp", "--tmpfs /tmp \\\n    --bind /run/user/1000 /run/user/1000"),
        ("--bind /home/dev/work /home/dev/work", "--bind /home/dev /home/dev/work"),
        ("--bind /home/dev/work /home/dev/work", "--bind / /home/dev/work"),
        ("--ro-bind /usr /usr", "--ro-bind / /"),
        ("--cap-drop ALL", "--cap-add ALL"),
        ("umask 077", "umask 000"),
        ("    --seccomp 9 \\\n", ""),
        ("base64 -d", "base64"),
        ("IAAAAAQAAAAV", "IAAAAAQAAAAW"),
        ("exec /usr/bin/env", "sh -c true; exec /usr/bin/env"),
        ("LANG|API_KEY", "*"),
        ("LANG|API_KEY", "LANG|$(id)"),
        ('*) set -- -u "', '*) : set -- -u "'),
        ("/usr/bin/bwrap", "/tmp/bwrap"),
        ('-- "$@"\n', '"$@"\n'),
        ("#!/bin/sh", "#!/home/dev/sh"),
        ("#!/bin/sh\n", "#!/bin/sh\nexec \"$@\"\n"),
        ('exec /usr/bin/env "$@"\n', 'exec /usr/bin/env "$@"\n# end\n'),
        ("set -f", "exec 2>/dev/null"),
        ("/home/dev/work", "/home/dev/../dev/work"),
        ("\n", "\r\n"),
    ],
)  # fmt: skip
def test_one_that_was_edited_counts_for_nothing(old: str, new: str) -> None:
    text = script_of(SANDBOX)
    assert old in text
    assert read_script(text.replace(old, new), HOME) is None


@pytest.mark.parametrize("text", ["", "#!/bin/sh\n", "\0", "é" * 70_000, "set -- " * 20_000, script_of(SANDBOX)[:-1]])
def test_any_other_text_is_none(text: str) -> None:
    assert read_script(text, HOME) is None


def test_the_home_that_counts_is_that_of_the_account() -> None:
    elsewhere = Sandbox("/home/other", writes=("/home/dev/.ssh",))
    assert wrong_with(elsewhere) == ""
    assert read_script(script_of(elsewhere), HOME) is None


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/home", "/home/dev", "/root", "/usr", "/tmp", "/var", "/etc", "/etc/ssh", "/run", "/run/user/1000"),
        *("/proc/1/root", "/dev", "/sys", "/var/run/docker.sock", "/home/dev/.ssh", "/home/dev/.ssh/keys"),
        *("/home/dev/.config", "/home/dev/.local", "/home/dev/.local/share", "/home/dev/.config/Claude"),
        *("/home/dev/.config/workbench/launchers", "/home/dev/.bashrc", "/home/dev/.cargo", "/home/dev/.aws/x"),
        *("/home/dev/.config/rclone", "/home/dev/.vault-token", "/home/dev/.config/glab-cli", "/home/dev/.terraform.d"),
        *("/home/dev/.gem", "/home/dev/snap", "/home/dev/.npmrc", "/home/dev/.cargo/credentials", "/home/dev/.zshenv"),
        *("relative", "", "/a/../b", "/a/./b", "//a", "/a/", "/a:b", "/a\nb", "/a\u202eb", "/a\\b", "~/x"),
    ],
)
def test_what_no_sandbox_may_show(path: str) -> None:
    assert too_much(path, HOME)
    for shown in (Sandbox(HOME, writes=(path,)), Sandbox(HOME, reads=(path,)), Sandbox(HOME, kept=path or "/")):
        assert wrong_with(shown)


@pytest.mark.parametrize(
    "path",
    [
        *("/srv/data", "/opt/tools", "/home/dev/work", "/home/dev/.nvm/versions/node/v20", "/tmp/work"),
        *("/home/dev/.local/share/uv/python", "/home/dev/.local/bin/uvx", "/home/develop", "/var/www/site"),
        *("/home/dev/Documents", "/home/dev/.gem/ruby/3.3.0", "/home/dev/bin/tool", "/home/dev/.config/app"),
    ],
)
def test_what_may_be_shown(path: str) -> None:
    assert too_much(path, HOME) == ""


def test_the_file_of_moved_secrets_may_be_read_and_not_written() -> None:
    file = f"{HOME}/.config/workbench/secrets/x.env"
    assert wrong_with(Sandbox(HOME, reads=(file,))) == ""
    assert wrong_with(Sandbox(HOME, writes=(file,)))


@pytest.mark.parametrize(
    "name",
    ["bin", "bin/x", ".local/bin", ".local/lib/python3.12", ".gitconfig", ".vscode/extensions", ".config/git/hooks"],
)
def test_what_is_started_outside_may_be_read_and_not_written(name: str) -> None:
    path = f"{HOME}/{name}"
    assert wrong_with(Sandbox(HOME, reads=(path,))) == ""
    for written in (Sandbox(HOME, writes=(path,)), Sandbox(HOME, kept=path)):
        assert "decides what you start yourself" in wrong_with(written)
        assert read_script(script_of(written), HOME) is None


def test_of_what_lies_beside_certificates_no_key_is_shown() -> None:
    shown = [words.split()[1] for words in script_of(SANDBOX).splitlines() if words.strip().startswith("--ro-bind-try")]
    assert "/etc/ssl/certs" in shown
    keys = ("/etc/ssl/private", "/etc/pki/tls/private", "/etc/pki/entitlement", "/etc/pki/rpm-gpg")
    assert not [key for key in keys for path in shown if key == path or key.startswith(f"{path}/")]


@pytest.mark.parametrize(
    "sandbox",
    [
        Sandbox(HOME, writes=("/srv/a",), reads=("/srv/a/program",)),
        Sandbox(HOME, writes=("/srv/a", "/srv/a/b")),
        Sandbox(HOME, writes=("/srv/a",), kept="/srv/a/home"),
        Sandbox(HOME, kept="/srv/home", writes=("/srv/home/x",)),
    ],
)
def test_nothing_is_shown_that_the_server_could_make_a_link_of(sandbox: Sandbox) -> None:
    assert "which it may write" in wrong_with(sandbox)
    assert read_script(script_of(sandbox), HOME) is None


@pytest.mark.parametrize("name", ["", "a b", "A|B", "A;id", "*", "1A", "A\nB", "IFS", "esac", "workbench_filter"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    wrong = Sandbox(HOME, names=(name,))
    assert wrong_with(wrong)
    # Where it reads as other names, it is a launcher that hands on just those.
    assert read_script(script_of(wrong), HOME) in (None, Sandbox(HOME, names=tuple(filter(None, name.split("|")))))


def test_a_command_is_understood_through_it() -> None:
    command = ("/l.sh", "npx", "-y", "@modelcontextprotocol/server-filesystem@1.2.3", "/home/dev/work", "/etc")
    launch = understand(command, HOME, (), {"/l.sh": words_of(SANDBOX)})
    assert (launch.sandbox, launch.wrappers, launch.program) == ("bwrap", ("bwrap",), "npx")
    assert launch.understood and launch.package is not None and launch.package.argument == 3
    # What is not shown inside is none of its roots.
    assert [root.path for root in launch.roots] == ["/home/dev/work"]
    assert all(each.argument == 0 for each in launch.environment)
    around = ("/bin/sh", "-c", 'umask 077; exec "$@"', "sh", *command)
    assert understand(around, HOME, (), {"/l.sh": words_of(SANDBOX)}).sandbox == "bwrap"
    # A launcher that is not known is a program like any other.
    unknown = understand(command, HOME)
    assert (unknown.sandbox, unknown.understood) == ("", False)
    edited = understand(command, HOME, (), {"/l.sh": ()})
    assert (edited.sandbox, edited.understood, edited.program, edited.package) == ("", False, "npx", launch.package)


def test_one_that_names_itself_comes_to_an_end() -> None:
    launch = understand(("/l", "/l", "x"), HOME, (), {"/l": ("/l",), "/m": (BWRAP, "--", "/m")})
    assert launch.program
    assert understand(("/m", "x"), HOME, (), {"/m": (BWRAP, "--", "/m")}).sandbox == "bwrap"
