"""Real shells are asked for the umask that a repaired startup file gives, and for what it no longer exports."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.live import support
from tests.plugins.startup_files import repaired

pytestmark = pytest.mark.live

TOKEN = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"

# Each shell with how it is started, and the files that it then reads.
CASES = [
    (("bash", "--login"), {".profile": "a=1\n"}),
    (("bash", "--login"), {".profile": "a=1"}),
    (("bash", "--login"), {".profile": "a=1\r\n# b\r\n"}),
    (("bash", "--login"), {".bash_profile": "umask 022 # as ever\n", ".profile": "umask 002\n"}),
    (("bash", "--login"), {".bash_login": ". ~/.more\n", ".more": "if true; then\n\tumask 0022;\nfi\n"}),
    (("bash", "-i"), {".bashrc": "umask 022\n"}),
    (("dash", "-l"), {".profile": "umask 022\n"}),
    (("zsh",), {".zshenv": "a=1\n"}),
    (("zsh", "--login"), {".zprofile": "umask 022\n"}),
    (("zsh", "-i"), {".zshrc": "a=1"}),
    (("fish",), {".config/fish/config.fish": "if true\n  umask 022\nend\n"}),
    (("fish", "--login"), {".config/fish/config.fish": "set a b\n"}),
]


def asked(shell: tuple[str, ...], home: Path, command: str) -> str:
    """What a command prints in a shell that begins in the home, under the usual umask."""
    program = support.require_program(shell[0])
    done = subprocess.run(
        [program, *shell[1:], "-c", command],
        capture_output=True,
        text=True,
        cwd=home,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        umask=0o022,
        timeout=30,
        start_new_session=True,
        check=False,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(("shell", "files"), CASES)
def test_a_new_shell_has_the_umask(tmp_path: Path, shell: tuple[str, ...], files: dict[str, str]) -> None:
    home = tmp_path / "home"
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(text.encode())
    assert int(asked(shell, home, "umask"), 8) in (0o022, 0o002)
    repaired(home, tmp_path / "state", "session/private-umask", "session/umask", f"/usr/bin/{shell[0]}")
    assert int(asked(shell, home, "umask"), 8) == 0o077


@pytest.mark.parametrize(
    ("shell", "name", "line"),
    [
        (("bash", "--login"), ".profile", f"export GH_TOKEN={TOKEN}"),
        (("bash", "-i"), ".bashrc", f"declare -x GH_TOKEN='{TOKEN}'"),
        (("zsh",), ".zshenv", f"typeset -gx GH_TOKEN={TOKEN}"),
        (("fish",), ".config/fish/config.fish", f"set -gx GH_TOKEN {TOKEN}"),
    ],
)
def test_a_new_shell_no_longer_exports_it(tmp_path: Path, shell: tuple[str, ...], name: str, line: str) -> None:
    home = tmp_path / "home"
    other = "set -gx OTHER kept" if shell[0] == "fish" else "export OTHER=kept"
    (home / name).parent.mkdir(parents=True)
    (home / name).write_text(f"{line}\n{other}\n")
    assert TOKEN in asked(shell, home, "env")
    repaired(home, tmp_path / "state", "secrets/shell-startup", "secrets/in-shell-startup")
    after = asked(shell, home, "env")
    assert "OTHER=kept" in after and "GH_TOKEN" not in after
