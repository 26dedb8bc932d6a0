"""The command line as a script meets it: output, exit statuses, quiet ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from itertools import combinations
from pathlib import Path

import pytest

from tests.unit.test_snapshot_file import full
from workbench.cli import _PLAIN, _parser, run
from workbench.model.report import Status
from workbench.report.snapshot_file import to_json

ROOT = Path(__file__).parents[2]


def workbench(*arguments: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT), **more}
    return subprocess.run(
        [sys.executable, "-m", "workbench", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=home,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


@pytest.fixture
def snapshot(tmp_path: Path) -> str:
    file = tmp_path / "host.json"
    file.write_text(to_json(full()))
    return str(file)


def test_version(tmp_path: Path) -> None:
    done = workbench("--version", home=tmp_path)
    assert (done.returncode, done.stdout) == (0, "workbench 0.1.0\n")


def test_help_names_every_exit_status(tmp_path: Path) -> None:
    done = workbench("--help", home=tmp_path)
    assert done.returncode == 0
    for status in ("0", "1", "2", "3", "4", "5", "130", "141"):
        assert any(line.split()[:1] == [status] for line in done.stdout.splitlines()), status


def test_json_is_one_document_and_nothing_else(tmp_path: Path, snapshot: str) -> None:
    done = workbench("--headless", "--json", "--replay", snapshot, home=tmp_path)
    document = json.loads(done.stdout)
    assert document["schema_version"] == 1
    assert all(check["status"] in set(Status) for check in document["checks"])
    assert all(len(finding["identity"]) == 16 for finding in document["findings"])
    assert "sockets/connectable-by-others" in {finding["check"] for finding in document["findings"]}
    assert done.stderr == ""


def test_g23_the_same_snapshot_gives_the_same_report_anywhere(tmp_path: Path, snapshot: str) -> None:
    first = workbench("--headless", "--json", "--replay", snapshot, home=tmp_path)
    second = workbench("--headless", "--json", "--replay", snapshot, home=tmp_path, GITHUB_TOKEN="x" * 40)
    assert first.stdout == second.stdout


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((), 1),
        (("--fail-on", "critical"), 1),
        (("--fail-on", "never"), 0),
        (("--fail-on", "never", "--min-coverage", "100"), 3),
        (("--fail-on", "never", "--min-coverage", "1%"), 0),
        (("--min-coverage", "101"), 2),
        (("--fail-on", "awful"), 2),
        (("--nonsense",), 2),
    ],
)
def test_exit_statuses(tmp_path: Path, snapshot: str, arguments: tuple[str, ...], status: int) -> None:
    done = workbench("--headless", "--replay", snapshot, *arguments, home=tmp_path)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr


def test_a_bad_replay_is_a_usage_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    done = workbench("--headless", "--replay", "bad.json", home=tmp_path)
    assert done.returncode == 2
    assert "workbench snapshot > host.json" in done.stderr
    assert done.stdout == ""


def test_without_a_terminal_the_app_says_what_to_use(tmp_path: Path) -> None:
    done = workbench(home=tmp_path)
    assert done.returncode == 2
    assert "--headless" in done.stderr


def test_list_and_explain(tmp_path: Path) -> None:
    listed = workbench("list", "checks", home=tmp_path)
    assert listed.returncode == 0
    assert "sockets/connectable-by-others" in listed.stdout
    assert "clients/pin-version" in workbench("list", "fixes", home=tmp_path).stdout
    explained = workbench("explain", "sockets/connectable-by-others", home=tmp_path)
    assert "How an attacker uses it" in explained.stdout
    assert "sockets/restrict-mode" in explained.stdout
    wrong = workbench("explain", "sockets/connectable", home=tmp_path)
    assert wrong.returncode == 2
    assert "did you mean sockets/connectable-by-others" in wrong.stderr


def test_a_plugin_folder_that_is_none(tmp_path: Path) -> None:
    done = workbench("list", "checks", "--plugins", "nowhere", home=tmp_path)
    assert done.returncode == 2
    assert "nowhere is not a folder" in done.stderr


def test_a_broken_user_plugin_is_said_and_stops_nothing(tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "workbench" / "checks" / "session"
    folder.mkdir(parents=True)
    (folder / "broken.py").write_text("raise RuntimeError")
    for made in (folder / "broken.py", folder, *folder.parents[:4]):
        made.chmod(0o700)
    done = workbench("list", "checks", home=tmp_path)
    assert done.returncode == 0
    assert "plugin not loaded" in done.stderr


def test_undo_of_a_run_that_never_was(tmp_path: Path) -> None:
    done = workbench("undo", "nothing", home=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_broken_pipe_is_quiet(tmp_path: Path, snapshot: str) -> None:
    command = f"{sys.executable} -m workbench --headless --json --replay {snapshot} | true"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, env=environment
    )
    assert done.stderr == ""
    assert done.returncode in (141, 1)  # 1 where the reader left only after everything was written


def test_ctrl_c_is_quiet(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    slow = (
        "import time, workbench.commands as commands; commands.headless = lambda options: time.sleep(30);"
        "from workbench.cli import run; print('ready', flush=True); raise SystemExit(run(['--headless']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", slow], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (130, "")


def test_an_internal_error_is_one_line_without_the_message(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    broken = (
        "import workbench.commands as commands; commands.headless = lambda options: {}['ghp_secret'];"
        "from workbench.cli import run; raise SystemExit(run(['--headless']))"
    )
    done = subprocess.run([sys.executable, "-c", broken], env=environment, capture_output=True, text=True)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert "KeyError" in done.stderr
    assert "ghp_secret" not in done.stderr


def test_an_account_without_a_home_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert run(["--headless"]) == 2
    assert "no home folder" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", ["--headless", "--headless --json", "snapshot", "list checks"])
def test_a_closed_standard_output_is_one_line_and_no_internal_error(tmp_path: Path, arguments: str) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m workbench {arguments} >&-', sys.executable],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (
        2,
        "workbench: standard output is closed: there is nowhere to put the answer\n",
    )


def test_with_standard_error_closed_nothing_else_gets_into_the_answer(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -m workbench --headless --replay nothing 2>&-', sys.executable],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("flags", [(), *combinations(sorted(_PLAIN), 1), *combinations(sorted(_PLAIN), 2)])
def test_options_alone_mean_the_same_whether_the_commands_are_known_or_not(flags: tuple[str, ...]) -> None:
    known, unknown = (vars(_parser(commands=commands).parse_args(list(flags))) for commands in (True, False))
    assert known == unknown


@pytest.mark.parametrize("arguments", [("--help",), ("--headless", "nothing"), ("--json", "-x")])
def test_a_wrong_line_and_the_help_name_the_commands(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = workbench(*arguments, home=tmp_path)
    assert "COMMAND" in result.stdout + result.stderr
