"""Where the options of ``docker run`` stand, word by word; what is not all understood is not touched."""

from __future__ import annotations

import pytest

from workbench.launch.container_runs import container_run, is_on, places, values

SECRET_LAUNCHER = ("/bin/sh", "-c", '. "$0" && export API_KEY && exec "$@"', "/home/x/key.env")


def test_each_option_knows_its_words() -> None:
    command = ("docker", "-H", "unix:///x", "run", "-i", "--memory", "1g", "-v/a:/b", "--user=7", "img", "-i", "x")
    run = container_run(command)
    assert run is not None
    assert (run.engine, run.first, run.image, run.before) == (("docker", "-H", "unix:///x"), 4, 9, 0)
    assert [sorted(places(option)) for option in run.options] == [[4], [5, 6], [7], [8]]
    assert values(run, "-m", "--memory") == ("1g",) and values(run, "-v", "--volume") == ("/a:/b",)


@pytest.mark.parametrize(
    ("words", "on"),
    [
        ((), False),
        (("-i",), True),
        (("--interactive=false",), False),
        (("-i", "--interactive=0"), False),
        (("-it",), True),
    ],
)
def test_the_last_word_on_a_switch_counts(words: tuple[str, ...], on: bool) -> None:
    run = container_run(("docker", "run", *words, "img"))
    assert run is not None and is_on(run, "-i", "--interactive") is on


@pytest.mark.parametrize(
    ("command", "before"),
    [
        (("podman", "run", "img"), 0),
        (("/usr/bin/docker", "container", "run", "img"), 0),
        ((*SECRET_LAUNCHER, "docker", "run", "-e", "API_KEY", "img"), 4),
    ],
    ids=str,
)
def test_what_is_a_run_of_an_engine(command: tuple[str, ...], before: int) -> None:
    run = container_run(command)
    assert run is not None and run.before == before and command[run.image] == "img"


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("docker",),
        ("docker", "run"),
        ("docker", "run", "-i"),
        ("docker", "run", "--memory"),
        ("docker", "run", ""),
        ("docker", "run", "--", "img"),
        ("docker", "run", "--unheard-of", "img"),
        ("docker", "--unheard-of", "run", "img"),
        ("docker", "run", "--rootfs", "/x"),
        ("docker", "exec", "-i", "x", "sh"),
        ("docker", "compose", "run", "x"),
        ("nerdctl", "run", "img"),
        ("sudo", "docker", "run", "img"),
        ("sh", "-c", "docker run img"),
        ("/bin/sh", "-c", 'curl x | sh && exec "$@"', "/x", "docker", "run", "img"),
    ],
    ids=str,
)
def test_what_is_none_or_not_understood(command: tuple[str, ...]) -> None:
    assert container_run(command) is None
