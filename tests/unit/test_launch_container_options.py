"""What ``docker run`` is told of its container, whichever form its options have."""

from __future__ import annotations

import pytest

from workbench.launch import understand
from workbench.model.launch import ContainerOptions, LaunchMount


def _of(*command: str) -> ContainerOptions:
    container = understand(command, "/home/dev").container
    assert container is not None
    return container


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        (("-u", "1000"), "--user", "1000"),
        (("-u1000",), "--user", "1000"),
        (("--user=1000",), "--user", "1000"),
        (("--net", "host"), "--network", "host"),
        (("-itm", "1g"), "--memory", "1g"),
        (("--privileged",), "--privileged", ""),
        (("--privileged=false",), "--privileged", "false"),
        (("--cap-drop", "ALL"), "--cap-drop", "ALL"),
    ],
)
def test_an_option_by_its_long_name(options: tuple[str, ...], name: str, value: str) -> None:
    found = {option.name: option.value for option in _of("docker", "run", *options, "image").options}
    assert found[name] == value


def test_the_index_of_a_value() -> None:
    container = _of("sudo", "-n", "docker", "run", "--user", "0", "-v=/:/host", "image")
    assert [(option.name, option.argument) for option in container.options] == [("--user", 5), ("--volume", 6)]
    assert [mount.argument for mount in container.mounts] == [6]


@pytest.mark.parametrize(
    ("options", "mount"),
    [
        (("-v", "/a:/b"), LaunchMount("/a", "/b", False, 3)),
        (("-v", "/a:/b:ro"), LaunchMount("/a", "/b", True, 3)),
        (("-v", "/a:/b:ro,z"), LaunchMount("/a", "/b", True, 3)),
        (("-v", "/a:/b:Z,ro"), LaunchMount("/a", "/b", True, 3)),
        (("-v", "/a/ro:/b/ro"), LaunchMount("/a/ro", "/b/ro", False, 3)),
        (("-v", "C:\\a:/b:ro"), LaunchMount("C:\\a", "/b", True, 3)),
        (("--mount", "type=bind,src=/a,dst=/b"), LaunchMount("/a", "/b", False, 3)),
        (("--mount", "type=bind,source=/a,target=/b,readonly"), LaunchMount("/a", "/b", True, 3)),
        (("--mount", "type=bind,source=/a,target=/b,ro=true"), LaunchMount("/a", "/b", True, 3)),
        (("--mount", "type=bind,source=/a,target=/b,readonly=false"), LaunchMount("/a", "/b", False, 3)),
    ],
)
def test_a_mount_of_the_host(options: tuple[str, ...], mount: LaunchMount) -> None:
    assert _of("docker", "run", *options, "image").mounts == (mount,)


@pytest.mark.parametrize(
    "options", [("-v", "cache:/b"), ("-v", "/b"), ("--mount", "type=volume,src=a,dst=/b"), ("-v", "")]
)
def test_a_mount_of_nothing_of_the_host(options: tuple[str, ...]) -> None:
    assert _of("docker", "run", *options, "image").mounts == ()


def test_variables_and_names_are_left_out() -> None:
    container = _of("podman", "run", "-e", "A=b", "--env=C=d", "--name", "x", "-l", "e=f", "image", "--privileged")
    assert container == ContainerOptions("podman")


@pytest.mark.parametrize(
    "command", [("docker", "exec", "-i", "x", "y"), ("docker", "compose", "run", "x"), ("npx", "x")]
)
def test_other_commands_tell_nothing(command: tuple[str, ...]) -> None:
    assert understand(command, "/home/dev").container is None


def test_of_two_the_outermost_counts() -> None:
    container = _of("docker", "run", "--privileged", "image", "podman", "run", "--read-only", "inner")
    assert (container.engine, [option.name for option in container.options]) == ("docker", ["--privileged"])
