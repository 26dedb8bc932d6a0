"""What startup files export, which others they read, and what could not be read."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from workbench.host import session
from workbench.host.context import Context, Home
from workbench.host.startup.exports import read_script
from workbench.model.session import SessionFacts

TOKEN = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"
OTHER = "glpat-" + "9aZ3kQ7wLm2Xp8Rt5Vb1"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "root" / "etc").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def look(home: Path, **more: object) -> SessionFacts:
    settings: dict[str, object] = {
        "platform": "linux",
        "home": home,
        "uid": 1000,
        "environment": {},
        "working_directory": home,
        "managed_root": home.parent / "root",
    }
    return session.gather(Context(**{**settings, **more}))  # type: ignore[arg-type]


def found(facts: SessionFacts) -> dict[str, list[tuple[str, int]]]:
    """The secrets by file name: variable and line."""
    return {
        os.path.basename(file.path): [(secret.name, secret.line) for secret in file.secrets]
        for file in facts.startup
        if file.secrets
    }


@pytest.mark.parametrize(
    "text",
    [
        f"export GITHUB_TOKEN={TOKEN}",
        f"  export GITHUB_TOKEN='{TOKEN}' # work",
        f'export PATH="$PATH:/x" GITHUB_TOKEN="{TOKEN}"',
        f"GITHUB_TOKEN={TOKEN}; export GITHUB_TOKEN",
        f"export GITHUB_TOKEN; GITHUB_TOKEN={TOKEN}",
        f"declare -x GITHUB_TOKEN={TOKEN}",
        f"typeset -gx GITHUB_TOKEN={TOKEN}",
        f"builtin export GITHUB_TOKEN={TOKEN}",
        f"[ -z $X ] && export GITHUB_TOKEN={TOKEN}",
        f"if true; then export GITHUB_TOKEN={TOKEN}; fi",
        f"case $- in *i*) export GITHUB_TOKEN={TOKEN};; esac",
        f"set -a; GITHUB_TOKEN={TOKEN}; set +a",
        f"set -o allexport\nGITHUB_TOKEN={TOKEN}".replace("\n", "; "),
        f"export GITHUB_TOKEN=${{GITHUB_TOKEN:-{TOKEN}}}",
        f"export GITHUB_TOKEN={TOKEN[:9]}\\\n{TOKEN[9:]}",
        f"export GITHUB_TOKEN=\"{TOKEN[:9]}\"'{TOKEN[9:]}'",
        f"export GITHUB_TOKEN=$'{TOKEN}'",
        f"f() {{ export GITHUB_TOKEN={TOKEN}; }}; f",
        f"function f {{ export GITHUB_TOKEN={TOKEN}; }}; g() {{ f; }}; g",
    ],
)
def test_what_a_shell_exports_is_found(home: Path, text: str) -> None:
    write(home / ".bashrc", f"# first\n{text}\n")
    assert found(look(home)) == {".bashrc": [("GITHUB_TOKEN", 2)]}


@pytest.mark.parametrize(
    "text",
    [
        f"# export GITHUB_TOKEN={TOKEN}",
        f"GITHUB_TOKEN={TOKEN}",
        f"GITHUB_TOKEN={TOKEN} gh auth status",
        f"set -a; set +a; GITHUB_TOKEN={TOKEN}",
        f"cat > x <<EOF\nexport GITHUB_TOKEN={TOKEN}\nEOF",
        f"cat <<-'EOF'\n\texport GITHUB_TOKEN={TOKEN}\n\tEOF",
        f"echo 'export GITHUB_TOKEN={TOKEN}'",
        f"alias gh='GITHUB_TOKEN={TOKEN} gh'",
        f"f() {{ export GITHUB_TOKEN={TOKEN}; }}",
        f"function f {{\n  export GITHUB_TOKEN={TOKEN}\n}}",
        f"export GITHUB_TOKEN={TOKEN}; unset GITHUB_TOKEN",
        f"export GITHUB_TOKEN={TOKEN}; export -n GITHUB_TOKEN",
        'export GITHUB_TOKEN="$(cat ~/.secrets/github-9aZ3kQ7wLm2X)"',
        "export GITHUB_TOKEN=`pass show github-9aZ3kQ7wLm2X`",
        'export GITHUB_TOKEN="$(op read "op://Private/9aZ3kQ7wLm2X/$(id -un)")"',
        "export GITHUB_TOKEN=$OTHER_9aZ3kQ7wLm2X",
        "export GITHUB_TOKEN=op://Private/GitHub/9aZ3kQ7wLm2X",
        "export GITHUB_TOKEN=<your token>",
        "export MAX_OUTPUT_TOKENS=20000 EDITOR=vim",
    ],
)
def test_what_is_not_exported_or_no_secret_is_silent(home: Path, text: str) -> None:
    write(home / ".bashrc", text + "\n")
    facts = look(home)
    assert found(facts) == {}
    assert [os.path.basename(file.path) for file in facts.startup] == [".bashrc"]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        *((name, f"\nexport T={TOKEN}", 2) for name in (".bash_profile", ".profile", ".zshenv", ".zprofile", ".zshrc")),
        (".envrc", f"export T={TOKEN}", 1),
        (".pam_environment", f'\n\nT DEFAULT="{TOKEN}"', 3),
        (".config/environment.d/90-me.conf", f"# c\nT={TOKEN}", 2),
        (".config/fish/config.fish", f"if true\n  set -gx T {TOKEN}\nend", 2),
        (".config/fish/conf.d/me.fish", f"set --global --export T '{TOKEN}'", 1),
        (".config/fish/fish_variables", f"# x\nSETUVAR --export T:{TOKEN.replace('_', chr(92) + 'x5f')}", 2),
        ("../root/etc/environment", f'T="{TOKEN}"', 1),
        ("../root/etc/profile.d/corp.sh", f"export T={TOKEN}", 1),
        ("../root/etc/environment.d/10.conf", f"T={TOKEN}", 1),
    ],
)
def test_every_startup_file_is_read(home: Path, name: str, text: str, line: int) -> None:
    write(home / name, text)
    facts = look(home)
    assert found(facts) == {os.path.basename(name): [("T", line)]}
    (file,) = facts.startup
    assert file.owner == (None if "root" in name else 1000)


def test_fish_exports_only_what_it_says_to(home: Path) -> None:
    write(
        home / ".config/fish/config.fish",
        f"set T {TOKEN}\nset -g T {TOKEN}\nfunction f\n  if true\n    set -gx T {TOKEN}\n  end\nend\n"
        "set -gx T (cat ~/.t)\n",
    )
    assert found(look(home)) == {}


def test_sourced_files_are_followed_by_the_paths_that_are_written_out(home: Path) -> None:
    write(
        home / ".bashrc",
        '. ~/.one\n[ -f "$HOME/.two" ] && source "$HOME/.two"\nsource $UNKNOWN/x\nsource <(kubectl x)\n',
    )
    write(home / ".one", f"export ONE={TOKEN}\n. ~/.bashrc\n")
    write(home / ".two", f"source {home}/deep/three.sh\nexport TWO={OTHER}")
    write(home / "deep/three.sh", f"THREE={TOKEN}\nexport THREE")
    facts = look(home)
    assert found(facts) == {".one": [("ONE", 1)], ".two": [("TWO", 1 + 1)], "three.sh": [("THREE", 1)]}
    assert {os.path.basename(file.path): os.path.basename(file.read_by) for file in facts.startup} == {
        ".bashrc": "",
        ".one": ".bashrc",
        ".two": ".bashrc",
        "three.sh": ".two",
    }
    assert facts.state.status == "complete"


@pytest.mark.parametrize(
    "text",
    [
        "set -a; source ./proj/.env; set +a",
        "export $(grep -v '^#' ~/proj/.env | xargs)",
        'export $(cat "$HOME/proj/.env")',
    ],
)
def test_env_files_that_are_exported(home: Path, text: str) -> None:
    write(home / ".zshrc", text)
    write(home / "proj/.env", f"A=1\nT={TOKEN}\n")
    assert found(look(home)) == {".env": [("T", 2)]}


def test_an_env_file_that_is_sourced_and_not_exported_is_silent(home: Path) -> None:
    write(home / ".zshrc", "source ~/proj/.env")
    write(home / "proj/.env", f"T={TOKEN}\n")
    assert found(look(home)) == {}


def test_direnv_in_the_folder_that_the_session_is_in(home: Path) -> None:
    write(home / "proj/.envrc", "dotenv\nsource_env ../shared/.envrc\n")
    write(home / "proj/.env", f"T={TOKEN}")
    write(home / "shared/.envrc", f"export U={TOKEN}")
    (home / "proj/deep/er").mkdir(parents=True)
    os.chown(home / "proj/.envrc", os.getuid(), -1)
    assert found(look(home, uid=os.getuid(), working_directory=home / "proj/deep/er")) == {
        ".env": [("T", 1)],
        ".envrc": [("U", 1)],
    }
    assert found(look(home)) == {}
    # Another account's is not: direnv asks for what it has not been allowed.
    assert found(look(home, uid=os.getuid() + 1, working_directory=home / "proj/deep/er")) == {}


def test_each_inspected_home_is_looked_at(home: Path) -> None:
    other = home.parent / "other"
    write(other / ".bashrc", f"export T={TOKEN}")
    write(home / ".bashrc", "export A=b")
    facts = look(home, homes=(Home(home, 1000, {}), Home(other, 1001, {})))
    assert [(file.owner, bool(file.secrets)) for file in facts.startup] == [(1000, False), (1001, True)]


def test_places_that_the_environment_moves(home: Path) -> None:
    write(home / "zsh/.zshrc", f"export T={TOKEN}")
    write(home / "cfg/fish/config.fish", f"set -x U {TOKEN}")
    environment = {"ZDOTDIR": str(home / "zsh"), "XDG_CONFIG_HOME": str(home / "cfg")}
    facts = look(home, environment=environment)
    assert found(facts) == {".zshrc": [("T", 1)], "config.fish": [("U", 1)]}


def test_no_value_enters_the_facts_and_names_are_made_harmless(home: Path) -> None:
    write(home / ".bashrc", f"export T={TOKEN}\nexport {TOKEN}={OTHER}\n. '{home}/{TOKEN}\x1b2J'\n")
    (home / f"{TOKEN}\x1b2J").mkdir()
    facts = look(home)
    assert TOKEN not in repr(facts) and OTHER not in repr(facts) and "\x1b" not in repr(facts)
    assert len(facts.startup[0].secrets) == 2
    assert facts.state.unread[0].why == "it is a directory, not a regular file"


def test_what_cannot_be_read_is_a_stated_gap(home: Path) -> None:
    os.mkfifo(home / ".profile")
    write(home / ".zshrc", "x" * (1024 * 1024 + 1))
    (home / ".zshenv").symlink_to(".zshenv")
    write(home / ".bashrc", ". ~/.absent\n. /dev/stdin\n")
    facts = look(home)
    assert facts.state.status == "partial"
    assert {os.path.basename(unread.what): unread.facet for unread in facts.state.unread} == {
        ".profile": "startup",
        ".zshrc": "startup",
        ".zshenv": "startup",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_says_what_unlocks_it(home: Path) -> None:
    write(home / ".bashrc", "").chmod(0)
    (unread,) = look(home).state.unread
    assert (unread.why, unread.unlock) == ("permission denied", "look as root or as its owner")


def test_files_without_end_are_a_stated_gap(home: Path) -> None:
    write(home / ".bashrc", "\n".join(f". ~/f{place}" for place in range(300)))
    for place in range(300):
        write(home / f"f{place}", "")
    write(home / ".zshrc", ". ~/g0")
    for place in range(12):
        write(home / f"g{place}", f". ~/g{place + 1}")
    whys = {unread.why for unread in look(home).state.unread}
    assert whys == {"more than 200 files are read at the start"}
    (home / ".bashrc").unlink()
    assert {unread.why for unread in look(home).state.unread} == {"it is sourced by more than 8 files in a row"}


def test_no_more_is_read_closely_than_takes_a_moment(home: Path) -> None:
    for place in range(5):
        write(home / f"f{place}", f"export T={TOKEN}\n" + "x y z\n" * 100_000)
    write(home / ".bashrc", "".join(f". ~/f{place}\n" for place in range(5)) + f"export T={TOKEN}\n" * 3)
    write(home / ".profile", "".join(f"export T{place}={TOKEN}\n" for place in range(500)))
    start = time.perf_counter()
    facts = look(home)
    assert time.perf_counter() - start < 10
    assert {unread.why for unread in facts.state.unread} == {"more than 2 MiB are read at the start"}
    assert len(found(facts)[".profile"]) == 100
    assert found(facts)[".bashrc"] == [("T", 6), ("T", 7), ("T", 8)]


def test_a_long_library_without_secrets_is_passed_over_and_one_with_a_secret_is_not(home: Path) -> None:
    library = 'nvm_echo() {\n  command printf %s\\\\n "$*" 2>/dev/null\n}\n' * 2000
    write(home / ".bashrc", library)
    assert found(look(home)) == {}
    write(home / ".bashrc", library + f"export T={TOKEN}\n")
    assert found(look(home)) == {".bashrc": [("T", 6001)]}


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "'",
            '"',
            "$(",
            "${",
            "<<a1 ",
            "<<a\n",
            "`\\",
            "$'\\",
            "f(){ ",
            '"$(',
            "export A=",
            "\\",
            "{ ",
            "} ",
            "end\n",
        ),
        *("set -a\n", "f() { g; }\n", "if ", "function a ", ". x\n", "a=b ", "\0", "\udc80", "<<'", "((", "#", " #"),
    ],
)
@pytest.mark.parametrize("dialect", ["sh", "fish", "lines", "fish-variables"])
def test_what_is_no_script_takes_no_long_time(piece: str, dialect: str) -> None:
    start = time.perf_counter()
    read_script(piece * (100_000 // len(piece)), dialect)  # type: ignore[arg-type]
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize(
    ("options", "hidden"),
    [
        ("rw - proc proc rw", False),
        ("rw - proc proc rw,hidepid=2", True),
        ("rw - proc proc rw,hidepid=invisible,gid=27", True),
        ("rw - proc proc rw,hidepid=0", False),
        ("rw - proc proc rw,hidepid=off", False),
    ],
)
def test_whether_processes_are_hidden(home: Path, options: str, hidden: bool) -> None:
    proc = home.parent / "proc"
    write(proc / "self/status", "Umask:\t0022\n")
    write(proc / "self/mountinfo", f"24 30 0:22 / /sys rw - sysfs sysfs rw\n25 30 0:23 / /proc {options}\n")
    assert look(home, proc=proc).processes_hidden is hidden
    (proc / "self/mountinfo").unlink()
    assert look(home, proc=proc).processes_hidden is None
    assert look(home, proc=proc, platform="darwin").processes_hidden is None
