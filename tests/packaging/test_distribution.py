"""The wheel: what is in it, and that the plugins load from it, from an editable install and from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.live, pytest.mark.xdist_group("packaging")]


def run(*command: str | Path, cwd: Path, **more: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | more
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=cwd, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("venv")
    # The dependencies are this environment's own; what is tested is where our files end up.
    run(sys.executable, "-m", "venv", "--system-site-packages", folder, cwd=folder)
    run(folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", wheel, cwd=folder)
    return folder / "bin"


def test_the_wheel_pollutes_nothing(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"workbench", next(top for top in tops if top.endswith(".dist-info"))}
    allowed = (".py", ".json", ".tcss", ".typed", ".yaml", ".md", ".sh", "demo/files.txt")
    strays = [name for name in names if name.startswith("workbench/") and not name.endswith(allowed)]
    assert not strays


def test_every_plugin_of_the_checkout_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for kind in ("checks", "fixes"):
        for file in (ROOT / kind).rglob("*.py"):
            assert f"workbench/{file.relative_to(ROOT)}" in names
    schemas = ("report", "servers", "audit-trail", "plan", "run", "history", "batch", "batch-run", "backups", "compare")
    assert {f"workbench/report/schema/{name}-v1.json" for name in (*schemas, "watch", "waivers")} <= set(names)
    assert any(name.endswith(".tcss") for name in names)
    assert {"workbench/report/script/library.sh", "workbench/report/script/new_file.sh"} <= set(names)
    assert {"workbench/demo/snapshot.json", "workbench/demo/files.txt"} <= set(names)


def test_the_wheel_names_the_licence(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    metadata = next(name for name in archive.namelist() if name.endswith("METADATA"))
    assert "License-Expression: Apache-2.0" in archive.read(metadata).decode()
    assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


def test_the_installed_command_lists_the_same_plugins_as_the_checkout(installed: Path, tmp_path: Path) -> None:
    from_wheel = run(installed / "workbench", "list", "checks", cwd=tmp_path)
    from_checkout = run(sys.executable, "-m", "workbench", "list", "checks", cwd=ROOT)
    assert from_wheel == from_checkout
    assert from_wheel.count("\n") >= 16
    assert run(installed / "python", "-m", "workbench", "--version", cwd=tmp_path).startswith("workbench ")
    assert run(installed / "workbench", "servers", "--demo", cwd=tmp_path).startswith("This is a demo")


def test_a_foreign_package_named_checks_is_no_obstacle(installed: Path, tmp_path: Path) -> None:
    for kind in ("checks", "fixes"):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "__init__.py").write_text("raise RuntimeError('not ours')")
    listed = run(installed / "workbench", "list", "fixes", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert "clients/pin-version" in listed


def test_an_editable_install_sees_the_checkout(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    run(sys.executable, "-m", "venv", "--system-site-packages", venv, cwd=tmp_path)
    run(venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--editable", ROOT, cwd=tmp_path)
    listed = run(venv / "bin" / "workbench", "list", "checks", cwd=tmp_path)
    assert "sockets/connectable-by-others" in listed
    where = run(venv / "bin" / "python", "-c", "import workbench; print(workbench.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(ROOT)
