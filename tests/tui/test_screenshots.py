"""The pictures that the README shows are there, and show the words that the app shows now."""

from __future__ import annotations

import html
import re

import pytest

from scripts.scenes import walk_of
from scripts.screenshots import FOLDER, PICTURES, Picture, text_of
from tests.tui.scenery import taken

README = FOLDER.parent / "README.md"


def test_every_picture_of_the_readme_is_one_that_the_script_draws() -> None:
    named = set(re.findall(r"screenshots/([\w.-]+)\.svg", README.read_text(encoding="utf-8")))
    assert named and named <= {each.name for each in PICTURES}


def test_every_picture_is_there_and_no_other() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {each.name for each in PICTURES}


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_its_words_are_those_that_the_app_shows(picture: Picture) -> None:
    walk = walk_of(picture.scene)
    scene = next(each for each in walk.scenes if each.name == picture.scene)
    drawn = (FOLDER / f"{picture.name}.svg").read_text(encoding="utf-8")
    now = taken(walk, scene, picture.size).text
    wanted = [_without_blocks(line) for line in now.splitlines()]
    assert text_of(drawn, picture.size) == wanted, "Where it is meant to be so: make screenshots, and look at them."


def _without_blocks(line: str) -> str:
    return re.sub("[█▀▄]", " ", line).rstrip()


def test_what_a_picture_says_is_read_where_it_stands() -> None:
    said = html.escape("a <b> & c")
    text = f'<text class="r1" x="24.4" y="44.4" textLength="109.8" clip-path="url(#x)">{said}</text>'
    assert text_of(text, (20, 3)) == ["", "  a <b> & c", ""]
