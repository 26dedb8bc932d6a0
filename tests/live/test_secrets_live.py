"""What the checks of secrets say of the system, asked of the system: what children inherit, what ps shows to whom."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import builders
from tests.live import support
from tests.plugins.loading import run_check
from workbench.host import session
from workbench.host.context import Context
from workbench.host.startup.exports import read_script
from workbench.model.processes import ProcessFacts
from workbench.model.severity import Severity
from workbench.secrets import secrets_in_commands

pytestmark = pytest.mark.live

STRANGER = "61011"
TOKEN = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"
PRINT = "import json, os; print(json.dumps(dict(os.environ)))"

# Each line with the names it exports, in the shells that know it.
SCRIPTS = [
    ("export T=one", ("sh", "bash", "zsh")),
    ("T=one; export T", ("sh", "bash", "zsh")),
    ("export T; T=one", ("sh", "bash", "zsh")),
    ("T=one", ("sh", "bash", "zsh")),
    ("T=one true", ("sh", "bash", "zsh")),
    ("declare -x T=one", ("bash", "zsh")),
    ("typeset -gx T=one", ("bash", "zsh")),
    ("typeset T=one", ("bash", "zsh")),
    ("set -a\nT=one\nset +a\nU=two", ("sh", "bash", "zsh")),
    ("set -o allexport; T=one; set +o allexport; U=two", ("bash", "zsh")),
    ("export T='one two' U=\"a'b\" V=a\\ b W=x#y # c", ("sh", "bash", "zsh")),
    ("export T=one\\\ntwo U=three", ("sh", "bash", "zsh")),
    ("export T=$'it\\'s'", ("bash", "zsh")),
    ("if true; then export T=one; fi", ("sh", "bash", "zsh")),
    ("case x in x) export T=one;; esac", ("sh", "bash", "zsh")),
    ("f() { export T=one; }", ("sh", "bash", "zsh")),
    ("f() { export T=one; }; f", ("sh", "bash", "zsh")),
    ("function f { export T=one; }\nf", ("bash", "zsh")),
    ("export T=one; unset T", ("sh", "bash", "zsh")),
    ("export T=one; export -n T", ("bash",)),
    ("cat >/dev/null <<E\nexport T=one\nE\nexport U=two", ("sh", "bash", "zsh")),
    ("cat >/dev/null <<-'E'\n\texport T=one\n\tE\nexport U=two", ("sh", "bash", "zsh")),
    ("echo 'export T=one' >/dev/null; # export U=two\nexport V=three", ("sh", "bash", "zsh")),
    ("alias x='T=one true'", ("sh", "bash", "zsh")),
    ('export T="a$(echo \')\' "(")b" U=`echo x`', ("sh", "bash", "zsh")),
    ("set -gx T one; set U two; set -x V 'it\\'s'; export W=four", ("fish",)),
    ("if true\n  set -gx T one\nelse if true\n  set U x\nend\nset --export V x # c", ("fish",)),
    ("function f\n  set -gx T one\nend\nset -gx U x", ("fish",)),
    ("function f\n  set -gx T one\nend\nf", ("fish",)),
    ("set -gx T one; set -e T", ("fish",)),
]


def _shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        if name in ("sh", "bash"):
            support.missing(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return found


@pytest.mark.parametrize(("script", "shell"), [(script, shell) for script, shells in SCRIPTS for shell in shells])
def test_what_a_child_of_the_shell_sees_is_what_the_file_is_said_to_export(
    script: str, shell: str, tmp_path: Path
) -> None:
    program = _shell(shell)
    file = tmp_path / "startup"
    file.write_text(script + "\n")
    sourced = f". {file}\n{sys.executable} -c '{PRINT}'"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}.get(shell, [])
    done = subprocess.run(
        [program, *options, "-c", sourced], env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    seen = {name: value for name, value in json.loads(done.stdout).items() if name in ("T", "U", "V", "W")}
    said = {
        export.name: export.value
        for export in read_script(file.read_text(), "fish" if shell == "fish" else "sh").exports
    }
    assert set(said) == set(seen)
    assert all(value == seen[name] for name, value in said.items() if "$()" not in value)


def test_a_login_hands_the_secret_of_its_startup_file_to_a_server(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text(". ~/.more\n")
    (tmp_path / ".more").write_text(f"export GITHUB_TOKEN={TOKEN}\n")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    command = [_shell("bash"), "--login", "-c", f"{sys.executable} -c '{PRINT}'"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=30)
    assert json.loads(done.stdout)["GITHUB_TOKEN"] == TOKEN
    facts = session.gather(
        Context("linux", tmp_path, os.getuid(), environment, tmp_path, managed_root=tmp_path / "nothing")
    )
    (finding,) = builders.findings(run_check("secrets/in-shell-startup", builders.snapshot(session=facts)))
    assert finding.subject.key == str(tmp_path / ".more")
    shown = subprocess.run(finding.evidence[0].command, capture_output=True, text=True, check=True).stdout
    assert shown == "1:GITHUB_TOKEN\n"


@pytest.fixture
def server() -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", "input()", "--token", TOKEN]
    environment = {"PATH": "/usr/bin:/bin", "NPM_TOKEN": "npm_secret_of_mine"}
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        process.communicate(b"\n", timeout=10)


def _as_stranger(*command: str) -> subprocess.CompletedProcess[str]:
    setpriv = support.require_program("setpriv")
    account = [setpriv, f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups"]
    return subprocess.run([*account, *command], capture_output=True, text=True, check=False, timeout=30)


def test_another_account_sees_arguments_and_no_environment(server: subprocess.Popen[bytes]) -> None:
    support.require_root()
    ps = support.require_program("ps")
    hidden = session.gather(Context.of_this_host()).processes_hidden
    assert hidden is not None
    seen = _as_stranger(ps, "-ww", "-o", "args=", "-p", str(server.pid)).stdout
    assert (TOKEN in seen) is not hidden
    assert _as_stranger("cat", f"/proc/{server.pid}/environ").returncode != 0

    facts = secrets_in_commands([Path(f"/proc/{server.pid}/cmdline").read_text().rstrip("\0").split("\0")])
    running = builders.process(pid=server.pid, argument_secrets=facts)
    snapshot = builders.snapshot(
        processes=ProcessFacts(builders.COMPLETE, (running,)), session=session.gather(Context.of_this_host())
    )
    (finding,) = builders.findings(run_check("secrets/in-process-arguments", snapshot))
    assert finding.severity is (Severity.MEDIUM if hidden else Severity.HIGH)
    shown = subprocess.run(finding.evidence[0].command, capture_output=True, text=True, check=True).stdout
    assert shown.startswith("-r--r--r-- ")
    assert TOKEN not in shown


def test_with_hidepid_another_account_sees_nothing_and_the_workbench_knows(server: subprocess.Popen[bytes]) -> None:
    support.require_root()
    unshare = support.require_program("unshare")
    with tempfile.TemporaryDirectory() as folder:
        look = Path(folder) / "look.py"
        look.write_text(
            "from workbench.host import session\nfrom workbench.host.context import Context\n"
            "print(session.gather(Context.of_this_host()).processes_hidden)\n"
        )
        stranger = f"setpriv --reuid={STRANGER} --regid={STRANGER} --clear-groups"
        script = (
            "mount -t proc -o hidepid=2 proc /proc || exit 77\n"
            f"{stranger} sh -c 'cat /proc/1/cmdline' >/dev/null 2>&1 && echo visible || echo hidden\n"
            f"PYTHONPATH={Path(__file__).parents[2]} {sys.executable} {look}\n"
        )
        done = subprocess.run(
            [unshare, "--mount", "--pid", "--fork", "sh", "-c", script], capture_output=True, text=True, timeout=60
        )
    if done.returncode == 77:
        support.missing(f"this machine lets nobody mount /proc: {done.stderr.strip()}")
    assert done.stdout.split() == ["hidden", "True"]
