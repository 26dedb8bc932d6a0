"""README, changelog and screenshots say what is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from workbench import __version__
from workbench.cli import run
from workbench.exits import MEANINGS
from workbench.plugins import load

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
LIST = "import sys; sys.path.insert(0, 'scripts'); import catalogue; print(catalogue.{}(), end='')"
LISTS = {kind: (ROOT / kind / "README.md").read_text() for kind in ("checks", "fixes")}


def test_every_file_the_readme_names_exists_and_every_screenshot_is_shown() -> None:
    linked = set(re.findall(r"\]\((?!http|#)([^)]+)\)", README)) | set(re.findall(r'src="(?!http)([^"]+)"', README))
    assert linked
    for name in linked:
        assert (ROOT / name).is_file(), name
    shown = {Path(name).name for name in linked if name.startswith("screenshots/")}
    drawn = {file.name for file in (ROOT / "screenshots").glob("*.svg")}
    assert shown <= drawn
    assert drawn, "run: make screenshots"


def test_the_lists_of_checks_and_fixes_are_those_of_the_plugins() -> None:
    for kind in LISTS:
        made = subprocess.run([sys.executable, "-c", LIST.format(kind)], cwd=ROOT, capture_output=True, text=True)
        assert LISTS[kind] == made.stdout, "run: make catalogue"
        assert f"]({kind}/README.md)" in README


def test_the_readme_lists_every_fix_and_every_area() -> None:
    plugins = load()
    for identity in plugins.fixes:
        assert f"`{identity}`" in README, identity
    for area in {check.area for check in plugins.checks.values()}:
        assert f"| {area} |" in README, area


def test_the_readme_names_nothing_that_does_not_exist() -> None:
    plugins = load()
    areas = {identity.partition("/")[0] for identity in [*plugins.checks, *plugins.fixes]}
    for identity in re.findall(r"`([a-z]+/[a-z-]+)`", README):
        if identity.partition("/")[0] in areas:
            assert identity in {*plugins.checks, *plugins.fixes}, identity


def test_the_readme_documents_every_exit_status() -> None:
    for status, meaning in MEANINGS.items():
        assert f"| {int(status)} | {meaning} |" in README, f"| {int(status)} | {meaning} |"


def test_the_readme_documents_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    for option in re.findall(r"(?<![\w-])--[a-z-]+", capsys.readouterr().out):
        assert f"{option}" in README, option


def test_every_make_target_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make ([a-z-]+)", README):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_the_changelog_knows_this_version_or_what_comes() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert "## [Unreleased]" in changelog or f"## [{__version__}]" in changelog
