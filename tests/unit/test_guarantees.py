"""Every guarantee of the repairs has a test that is named after it: ``test_g4_…`` is one of the fourth."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
GUARANTEES = {
    1: "a scan writes nothing",
    2: "the preview is the exact bytes and commands; what changed since is refused",
    3: "the backup is durable first, private, and outside every folder that is read as configuration",
    4: "owner, group, mode, access list and attributes are kept; the old file or the new one, never half of one",
    5: "no foreign link and no second name is followed",
    6: "the consumer's own parser accepts the staged copy before it is published",
    7: "nothing differs in the parsed model but what was promised",
    8: "the same check passes afterwards, and nothing else got worse",
    9: "what did not help is rolled back; every end has a name",
    10: "kill -9 anywhere can be recovered from; one writer at a time",
    11: "undo brings back what was there, and removes what was made",
    12: "undo respects what was written since, and can itself be undone",
    13: "a second apply does nothing",
    14: "nobody is locked out; what is risky is undone by itself unless it is confirmed",
    15: "only exact commands of root's own programs run as root, and nothing that the account could have written",
    16: "what may not be looked at is no finding and no pass",
    17: "a secret is seen nowhere",
    18: "text of the host cannot drive the terminal",
    19: "what hangs or floods is ended, with all it started",
    20: "a waiver has its end, and hides no worse state",
    21: "a plugin that others can write is not loaded",
    22: "a client that takes a repair back is noticed",
    23: "the same snapshot gives the same report",
}


def test_every_guarantee_has_its_test() -> None:
    named = {
        int(number) for file in TESTS.rglob("test_*.py") for number in re.findall(r"def test_g(\d+)_", file.read_text())
    }
    assert named == set(GUARANTEES)
