"""What the lessons tell people to write is itself in order."""

from __future__ import annotations

import json
import re

import pytest

from tests import builders
from tests.plugins.loading import plugins, run_check
from workbench.knowledge.base import known_flaws
from workbench.launch import understand
from workbench.model.clients import ClientFacts

LESSONS = {check.id: check.lesson for check in plugins().checks.values()}
LESSONS |= {fix.id: fix.lesson for fix in plugins().fixes.values()}
_PINNED = re.compile(r"(?<![\w/@.-])((?:@[\w.-]+/)?[A-Za-z][\w.-]*?)(?:@|==)(\d[\w.-]*\w)")


@pytest.mark.parametrize("identity", sorted(LESSONS))
def test_no_lesson_recommends_a_version_with_a_known_flaw(identity: str) -> None:
    steps = LESSONS[identity].partition("How to fix it by hand\n")[2]
    for name, version in _PINNED.findall(steps):
        for ecosystem in ("npm", "pypi"):
            flaws = known_flaws({(ecosystem, name)}).get((ecosystem, name), ())
            assert not [flaw.id for flaw in flaws if flaw.judge(ecosystem, version) == "affected"], (name, version)


def test_the_sandbox_that_is_recommended_is_one() -> None:
    """The launch that clients/no-isolation shows passes clients/no-isolation, and shows no more than its folders."""
    text = LESSONS["clients/no-isolation"]
    arguments = json.loads(re.search(r'"args": (\["--unshare-all".*?\])', text, re.S)[1])  # type: ignore[index]
    command = ("bwrap", *arguments)
    entry = builders.server("files", command, launch=understand(command, "/home/dev"))
    host = builders.snapshot(clients=ClientFacts(builders.COMPLETE, configs=(builders.config([entry]),)))
    for check in ("clients/no-isolation", "clients/broad-root", "clients/shell-server"):
        assert not builders.findings(run_check(check, host)), check


def test_the_container_that_is_recommended_is_closed() -> None:
    text = LESSONS["clients/container-flags"]
    shown = re.search(r"    (docker run -i.*?DIGEST)", text, re.S)[1]  # type: ignore[index]
    command = tuple(shown.replace("DIGEST", "0" * 64).split())
    entry = builders.server("files", command, launch=understand(command, "/home/dev"))
    host = builders.snapshot(clients=ClientFacts(builders.COMPLETE, configs=(builders.config([entry]),)))
    for check in ("clients/container-flags", "clients/unpinned-image", "clients/no-isolation", "clients/broad-root"):
        assert not builders.findings(run_check(check, host)), check
