"""Every screen shows what its snapshot says, word for word, and its footer fits."""

from __future__ import annotations

import difflib

import pytest

from scripts.scenes import NARROW, WALKS, WIDE, Scene, Size, Walk, walk_of
from scripts.snapshots import FOLDER, LIGHT, in_words, name, names
from tests.tui.scenery import every, taken

RENEW = "Where it is meant to be so: make snapshots, look at the difference, and commit it."
EVERY = [
    pytest.param(
        *each, id=name(each[1].name, each[2]).removesuffix(".txt"), marks=pytest.mark.xdist_group(each[0].name)
    )
    for each in every()
]
MOST = 7


def differs(file: str, now: str) -> str:
    """What is to be said where a snapshot is missing or is not what is shown now; "" where it is."""
    path = FOLDER / file
    if not path.is_file():
        return f"there is no {path.name} yet. {RENEW}"
    kept = path.read_text(encoding="utf-8")
    lines = difflib.unified_diff(kept.splitlines(), now.splitlines(), f"kept/{file}", f"now/{file}", lineterm="", n=1)
    return "" if kept == now else "\n".join([*lines, RENEW])


@pytest.mark.parametrize(("walk", "scene", "size"), EVERY)
def test_it_shows_what_its_snapshot_says(walk: Walk, scene: Scene, size: Size) -> None:
    said = differs(name(scene.name, size), taken(walk, scene, size).text)
    assert not said, said


def test_no_snapshot_is_of_a_scene_that_is_gone() -> None:
    assert sorted(path.name for path in FOLDER.iterdir() if path.name not in names()) == [], RENEW


def test_no_two_scenes_have_one_name() -> None:
    told = [scene.name for walk in WALKS for scene in walk.scenes if scene.name]
    assert len(told) == len(set(told))


def test_a_snapshot_that_differs_or_is_missing_is_told_with_the_way_to_renew_it() -> None:
    file = name("main", NARROW)
    kept = (FOLDER / file).read_text(encoding="utf-8")
    assert differs(file, kept) == ""
    said = differs(file, kept.replace("Grade F", "Grade A"))
    assert "Grade F" in said and "Grade A" in said and "make snapshots" in said
    assert "there is no nowhere.txt" in differs("nowhere.txt", "")


@pytest.mark.parametrize("name_of", LIGHT)
def test_the_colours_of_a_light_theme_are_as_they_were(name_of: str) -> None:
    walk = walk_of(name_of)
    scene = next(each for each in walk.scenes if each.name == name_of)
    said = differs(name(name_of, WIDE, "-light"), in_words(taken(walk, scene, WIDE).colours))
    assert not said, said


@pytest.mark.parametrize(("walk", "scene", "size"), EVERY)
def test_the_footer_fits(walk: Walk, scene: Scene, size: Size) -> None:
    found = taken(walk, scene, size).keys
    assert size != NARROW or len(found) <= MOST, [each.words for each in found]
    assert all(each.left >= 0 and each.right <= size[0] for each in found), found
