"""Many words looked for in many command lines at once."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.host.processes.needles import holds_any

FILLING = [b"unrelated-%d" % number for number in range(100)]


@given(
    st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=8),
    st.lists(st.binary(max_size=6), max_size=6),
    st.booleans(),
)
def test_it_is_what_an_expression_of_all_words_says(words: list[bytes], pieces: list[bytes], many: bool) -> None:
    text = b"".join(piece + word for piece, word in zip(pieces, words, strict=False)) + b"".join(pieces)
    wanted = [*words, *(FILLING if many else [])]
    expected = re.search(b"|".join(map(re.escape, wanted)), text) is not None
    assert holds_any(wanted)(text) is expected


@pytest.mark.parametrize("text", [b"server-3999", b"node\0/x/server-3999/index.js", b"npx\0-y\0@a/server-3999@1"])
def test_one_of_thousands(text: bytes) -> None:
    holds = holds_any([b"server-%d" % number for number in range(1000, 4000)])
    assert holds(text)
    assert not holds(text.replace(b"3999", b"4999"))


def test_thousands_of_words_in_thousands_of_texts_take_no_time() -> None:
    began = time.thread_time()
    holds = holds_any([b"@acme/server-%d" % number for number in range(8000)])
    assert not any(holds(b"/usr/lib/some/daemon\0--option\0/a/path/of/some/length/%d" % n) for n in range(2000))
    used = time.thread_time() - began
    assert used < 0.6, f"{used:.2f} s of processor time"
