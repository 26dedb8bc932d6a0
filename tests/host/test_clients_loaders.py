"""The variables that decide which code a server loads: what each value means, and that none of it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.host.client_homes import TOKEN, look, servers, write
from workbench.model.clients import LoaderVariable


def _read(home: Path, name: str, value: object, **more: Any) -> LoaderVariable | None:
    entry = {"command": "/nowhere/server", "env": {"OTHER": "x", name: value}, **more}
    write(home / ".cursor/mcp.json", {"mcpServers": {"a": entry}})
    loaders = servers(look(home))["a"].loaders
    return loaders[0] if loaders else None


@pytest.mark.parametrize(
    ("name", "value", "effect", "relative"),
    [
        ("LD_PRELOAD", "/usr/lib/x.so", "code", 0),
        ("LD_PRELOAD", "x.so y.so", "code", 2),
        ("LD_PRELOAD", "", "nothing", 0),
        ("LD_PRELOAD", "${LIBRARY}", "code", 0),
        ("LD_AUDIT", "/a.so:/b.so", "code", 0),
        ("DYLD_INSERT_LIBRARIES", "/a.dylib", "code", 0),
        ("PYTHONSTARTUP", "/home/x/start.py", "code", 0),
        ("BASH_ENV", "/home/x/.env", "code", 0),
        ("ENV", "production", "nothing", 0),
        ("ENV", "/etc/shrc", "search", 0),
        ("NODE_OPTIONS", "--max-old-space-size=4096", "nothing", 0),
        ("NODE_OPTIONS", "--max-old-space-size 4096 --no-warnings --dns-result-order=ipv4first", "nothing", 0),
        ("NODE_OPTIONS", "--experimental-vm-modules", "nothing", 0),
        ("NODE_OPTIONS", "--require /tmp/x.js", "code", 0),
        ("NODE_OPTIONS", "-r ./x.js", "code", 1),
        ("NODE_OPTIONS", "--import=tsx", "code", 0),
        ("NODE_OPTIONS", "--no-warnings --loader ts-node/esm", "code", 0),
        ("NODE_OPTIONS", "--inspect=0.0.0.0:9229", "code", 0),
        ("NODE_OPTIONS", '"--require" "/a b.js"', "code", 0),
        ("NODE_OPTIONS", "${NODE_OPTIONS}", "unknown", 0),
        ("NODE_OPTIONS", "", "nothing", 0),
        ("PERL5OPT", "-w", "nothing", 0),
        ("PERL5OPT", "-MEvil", "code", 0),
        ("RUBYOPT", "-W0", "nothing", 0),
        ("RUBYOPT", "-rbundler/setup", "code", 0),
        ("JAVA_TOOL_OPTIONS", "-Xmx512m -Dfile.encoding=UTF-8", "nothing", 0),
        ("JAVA_TOOL_OPTIONS", "-javaagent:/opt/agent.jar", "code", 0),
        ("PATH", "/opt/homebrew/bin:/usr/bin:/bin", "search", 0),
        ("PATH", "/usr/bin::/bin", "search", 1),
        ("PATH", "/usr/bin:", "search", 1),
        ("PATH", ".:/usr/bin", "search", 1),
        ("PATH", "", "search", 1),
        ("PATH", "$PATH:/usr/local/bin", "search", 0),
        ("PATH", "${env:PATH}:/usr/local/bin", "search", 0),
        ("PATH", "/usr/local/bin:${SOMETHING}/bin", "unknown", 0),
        ("PYTHONPATH", "", "nothing", 0),
        ("PYTHONPATH", "src", "search", 1),
        ("PYTHONPATH", "/usr/lib:", "search", 1),
        ("PYTHONPATH", "${PYTHONPATH}:/usr/lib", "search", 0),
        ("PYTHONPATH", "${workspaceFolder}/src", "unknown", 0),
        ("PYTHONHOME", "/usr", "search", 0),
        ("NODE_PATH", ":/usr/lib/node_modules:", "search", 0),
        ("PERL5LIB", "/usr/share/perl5::", "search", 0),
        ("RUBYLIB", "lib", "search", 1),
        ("LD_LIBRARY_PATH", "/usr/lib:", "search", 1),
    ],
)
def test_what_a_value_means(tmp_path: Path, name: str, value: str, effect: str, relative: int) -> None:
    variable = _read(tmp_path, name, value)
    assert variable is not None
    assert (variable.name, variable.effect, variable.relative) == (name, effect, relative)


@pytest.mark.parametrize("name", ["PORT", "NODE_ENV", "PYTHONUNBUFFERED", "HOME", "path", "LANG", "JAVA_HOME"])
def test_other_variables(tmp_path: Path, name: str) -> None:
    assert _read(tmp_path, name, "/tmp/x") is None


@pytest.mark.parametrize("value", [None, 3, True, ["/tmp"], {"a": 1}])
def test_values_of_the_wrong_shape(tmp_path: Path, value: object) -> None:
    assert _read(tmp_path, "PYTHONPATH", value) is None


def test_which_of_a_path_exists(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    variable = _read(tmp_path, "PYTHONPATH", f"{tmp_path}/lib:{tmp_path}/gone/deep:~/lib")
    assert variable is not None
    assert [(place.path, place.there) for place in variable.places] == [
        (f"{tmp_path}/lib", f"{tmp_path}/lib"),
        (f"{tmp_path}/gone/deep", str(tmp_path)),
        (f"{tmp_path}/lib", f"{tmp_path}/lib"),
    ]
    known = {fact.asked for fact in look(tmp_path).files}
    assert {place.there for place in variable.places} <= known


def test_a_relative_name_means_what_it_means_in_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "app/src").mkdir(parents=True)
    variable = _read(tmp_path, "PYTHONPATH", "src:", cwd=str(tmp_path / "app"))
    assert variable is not None
    assert [place.path for place in variable.places] == [f"{tmp_path}/app/src", f"{tmp_path}/app"]
    assert variable.relative == 0
    # This one is read again by all that the server starts, wherever that is.
    variable = _read(tmp_path, "PATH", "bin:/usr/bin", cwd=str(tmp_path / "app"))
    assert variable is not None and variable.relative == 1


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (["env", "PYTHONPATH=/tmp/x", "python3", "-m", "server"], {"PYTHONPATH": "search"}),
        (["sh", "-c", "LD_PRELOAD=/tmp/x.so exec server"], {"LD_PRELOAD": "code"}),
        (["sh", "-c", 'NODE_OPTIONS="--require /tmp/x.js" node s.js'], {"NODE_OPTIONS": "code"}),
        (["docker", "run", "-e", "PYTHONPATH=/tmp", "-i", "image"], {}),
        (["env", "A=b", "server"], {}),
    ],
)
def test_what_the_command_line_sets(tmp_path: Path, command: list[str], found: dict[str, str]) -> None:
    write(tmp_path / ".cursor/mcp.json", {"mcpServers": {"a": {"command": command[0], "args": command[1:]}}})
    loaders = servers(look(tmp_path))["a"].loaders
    assert {variable.name: variable.effect for variable in loaders} == found


def test_the_variables_of_every_shape(tmp_path: Path) -> None:
    table = {"LD_PRELOAD": "/x.so"}
    write(tmp_path / ".config/opencode/opencode.json", {"mcp": {"a": {"command": ["x"], "environment": table}}})
    write(tmp_path / ".config/goose/config.yaml", "extensions:\n  b:\n    cmd: x\n    envs:\n      LD_PRELOAD: /x.so\n")
    write(tmp_path / ".config/zed/settings.json", {"context_servers": {"c": {"command": {"path": "x", "env": table}}}})
    assert {name: len(server.loaders) for name, server in servers(look(tmp_path)).items()} == {"a": 1, "b": 1, "c": 1}


def test_no_value_is_kept(tmp_path: Path) -> None:
    _read(tmp_path, "NODE_OPTIONS", f"--require /opt/{TOKEN}/x.js --token={TOKEN}")
    assert TOKEN not in repr(look(tmp_path))
    _read(tmp_path, "PYTHONPATH", "/srv/not-a-word-of-this:" + TOKEN)
    assert TOKEN not in repr(look(tmp_path))


@pytest.mark.parametrize(
    "value", [":" * 30_000, "/a:" * 9000, "${" * 9000, "'" * 9999, "\0", "\ud800", "/" + "x" * 32_000]
)
def test_hostile_values(tmp_path: Path, value: str) -> None:
    for name in ("PATH", "NODE_OPTIONS", "LD_PRELOAD"):
        assert _read(tmp_path, name, value) is not None
