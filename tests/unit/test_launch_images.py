"""Names of container images, and which word of a command line is one."""

from __future__ import annotations

import pytest

from workbench.launch import understand
from workbench.launch.images import parse_image

HOME = "/home/dev"


@pytest.mark.parametrize(
    ("text", "name", "tag", "digest"),
    [
        ("mcp/time", "mcp/time", "", ""),
        ("mcp/time:1.2", "mcp/time", "1.2", ""),
        ("registry.local:5000/team/time", "registry.local:5000/team/time", "", ""),
        ("registry.local:5000/team/time:1.2", "registry.local:5000/team/time", "1.2", ""),
        ("mcp/time@sha256:ab", "mcp/time", "", "sha256:ab"),
        ("r:5000/mcp/time:1.2@sha256:ab", "r:5000/mcp/time", "1.2", "sha256:ab"),
        ("docker://ghcr.io/o/n:v1", "ghcr.io/o/n", "v1", ""),
        ("${IMAGE}", "${IMAGE}", "", ""),
        ("${IMAGE:-mcp/time:1}", "${IMAGE:-mcp/time:1}", "", ""),
        ("mcp/time:${TAG}", "mcp/time", "${TAG}", ""),
        ("mcp/time:${TAG:-1.2}", "mcp/time", "${TAG:-1.2}", ""),
        ("${REGISTRY:-r:5000}/time:1", "${REGISTRY:-r:5000}/time", "1", ""),
        ("mcp/time@${DIGEST:-sha256:ab}", "mcp/time", "", "${DIGEST:-sha256:ab}"),
        ("${OPEN", "${OPEN", "", ""),
        (":", "", "", ""),
        ("", "", "", ""),
    ],
)
def test_parts_of_a_name(text: str, name: str, tag: str, digest: str) -> None:
    image = parse_image(text, 3)
    assert (image.text, image.name, image.tag, image.digest, image.argument) == (text, name, tag, digest, 3)


@pytest.mark.parametrize(
    ("command", "image"),
    [
        (["docker", "run", "--pids-limit", "100", "mcp/time"], ("mcp/time", 4)),
        (["podman", "run", "--unsetenv-all", "--pids-limit", "100", "mcp/time"], ("mcp/time", 5)),
        (["nerdctl", "--snapshotter", "x", "run", "mcp/time"], ("mcp/time", 4)),
        (["docker", "--log-level", "info", "run", "--memory=1g", "mcp/time", "run", "x"], ("mcp/time", 5)),
        (["sudo", "docker", "run", "mcp/time"], ("mcp/time", 3)),
        (["sh", "-c", "docker run mcp/time"], ("mcp/time", None)),
        (["npx", "supergateway", "--stdio", "docker run -i mcp/time"], ("mcp/time", None)),
        (["docker", "compose", "run", "time"], None),
        (["docker", "compose", "-f", "x.yaml", "exec", "-e", "A", "time"], None),
        (["docker", "exec", "-i", "time", "node"], None),
        (["docker", "start", "-i", "time"], None),
        (["docker", "mcp", "gateway", "run", "--servers", "time"], None),
        (["podman", "run", "--rootfs", "/srv/root", "node", "x.js"], None),
        (["docker", "ps"], None),
    ],
)
def test_word_that_is_the_image(command: list[str], image: tuple[str, int | None] | None) -> None:
    found = understand(command, HOME).image
    assert (None if found is None else (found.text, found.argument)) == image


def test_folder_given_with_rootfs_is_understood() -> None:
    launch = understand(["podman", "run", "--rootfs", "/srv/root", "node", "x.js"], HOME)
    assert (launch.program, launch.script, launch.understood) == ("node", "x.js", True)
