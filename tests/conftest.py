"""What holds for every test."""

from __future__ import annotations

import signal
import threading

import pytest


def pytest_configure() -> None:
    """Let every program that a test starts take Ctrl+C, also where the tests run in the background, without it."""
    in_front = threading.current_thread() is threading.main_thread()
    if in_front and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail where tests that share a part of the machine run beside each other, of which nothing else would say a word.

    ``pytest-xdist`` keeps a group on one worker by the end of the tests' names, which not every pytest lets it write.
    """
    group = item.get_closest_marker("xdist_group")
    grouped = getattr(item.config.option, "loadgroup", False)
    if grouped and group is not None and "@" not in item.nodeid.rpartition("]")[2]:
        pytest.fail("this pytest-xdist does not keep the tests of a group on one worker", pytrace=False)
