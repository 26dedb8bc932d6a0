"""Command lines that no one would write: they are survived, in a time that grows no faster than they do."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.launch import understand
from workbench.launch.known_servers import KNOWN

HOME = "/home/dev"
_MANY = 20_000
_HUGE = 120_000


@pytest.mark.parametrize(
    "command",
    [
        ["npx", "x", *["a"] * _MANY],
        ["sudo"] * _MANY,
        ["sudo", *["A=b", "-n"] * _MANY, "x"],
        ["env", "-S" * _HUGE + " x"],
        ["env", *["-S"] * _MANY, "x"],
        ["uv", "run"] * _MANY,
        ["docker", "run", *["-e", "A"] * _MANY, "img"],
        ["docker", "run", "-v", "/:" + ":" * _HUGE, "img"],
        ["docker", "run", "${a" * _MANY],
        ["python", *["-W", "x"] * _MANY, "-m", "x"],
        ["uvx", "--with", ",a" * _MANY, "x"],
        ["deno", "run", *["-RWNA"] * _MANY, "x"],
        ["sh", "-c", '"$@" "$@" "$@"', "sh", *["a"] * _MANY],
        ["sh", "-c", 'sh -c "$0" "$0"', "set " + "a " * 50_000 + '; sh -c "$0" "$0"'],
        ["sh", "-c", '"' * _HUGE + "'"],
        ["sh", "-c", "\\" * (_HUGE - 1)],
        ["sh", "-c", '"' + "\\a" * (_HUGE // 2)],
        ["sh", "-c", "cd a && " * 10_000 + "x"],
        ["sh", "-c", "\ue000999999999999999999\ue001 \ue0005\ue001 <secret: a, 1 characters>"],
        ["cmd", "/c", "cd a" + " " * _HUGE + "b && npx x"],
        ["powershell", "-c", "cd a" + " " * _HUGE + "b ; npx x"],
        ["npx " + "a " * (4 * _HUGE)],
        ["node", "/a" * _HUGE + "/index.js"],
        ["npx", "x" * 1_000_000],
        ["npx", "supergateway", "--stdio", "npx supergateway --stdio " * 1_000],
        *([engine, "run"] * 3_000 for engine in ("docker", "pixi", "poetry", "op")),
    ],
    ids=lambda command: " ".join(command)[:24].encode("unicode_escape").decode(),
)
def test_bounded(command: list[str]) -> None:
    begin = time.process_time()
    understand(command, HOME)
    assert time.process_time() - begin < 5


def test_what_is_too_deep_is_not_understood() -> None:
    deep = "npx p"
    for _ in range(9):
        deep = 'sh -c "' + deep.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert not understand(["sh", "-c", deep], HOME).understood
    assert not understand(["sudo"] * 30 + ["npx", "p"], HOME).understood
    assert understand(["sudo"] * 3 + ["npx", "p"], HOME).understood
    assert understand(["sh", "-c", "sh -c 'sh -c \"npx p\"'"], HOME).understood


_WORDS = st.one_of(
    st.sampled_from((
        *("sudo", "env", "sh", "bash", "-c", "-C", "-u", "--", "npx", "-y", "-p", "uvx", "--from", "--with", "docker"),
        *("run", "mcp", "gateway", "--servers", "a,b", "supergateway", "--stdio", "mcp-proxy", "mcp-remote", "-m"),
        *("--directory", "/srv", "tsx", "cross-env", "A=b", "cd /srv && node x.js", "export A=b; npx x", "go", "nix"),
        *("deno", "-A", "npm:x", "mise", "exec", "cmd", "/c", "set A=b&& npx x", "powershell", "-Command", "fastmcp"),
        *("$env:A='b'; npx x", "@smithery/cli", "claude", "serve", "python", "pipx", "uv", "--prefix", "npm", "$0"),
        *("'\"$@\"'", "\x00", "", "@", ":", "${", "img:1@sha256:a", "--rootfs", "postgres://h", "~", ".", "-S", "-e"),
        *("\ue0000\ue001",),
    )),
    st.text(max_size=8),
)  # fmt: skip


@settings(deadline=None, max_examples=500)
@given(st.lists(_WORDS, max_size=12))
def test_any_words_are_survived_and_every_index_is_one(command: list[str]) -> None:
    launch = understand(command, HOME)
    places = [launch.account_argument, launch.sandbox_argument, launch.script_argument, launch.remote_argument]
    places += [variable.argument for variable in launch.environment]
    places += [ability.argument for ability in launch.abilities]
    places += [package.argument for package in launch.inner]
    places += [launch.image.argument] if launch.image is not None else []
    assert all(0 <= place < len(command) for place in places if place is not None)
    assert len({ability.kind for ability in launch.abilities}) == len(launch.abilities)


@given(st.sampled_from(sorted(KNOWN)), st.text(max_size=6))
@settings(deadline=None, max_examples=100)
def test_every_known_name_is_found_as_a_package_or_an_image(name: str, version: str) -> None:
    found = (
        understand(["docker", "run", name], HOME) if "/" in name and name[0] != "@" else understand(["npx", name], HOME)
    )
    assert {ability.kind for ability in found.abilities} == set(KNOWN[name][1])
