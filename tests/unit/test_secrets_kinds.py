"""Every kind of token fires, wherever it stands. The tokens are made here, so that none stands in the repository."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from re import _parser  # type: ignore[attr-defined]
from urllib.parse import quote

import pytest

from tests.secret_samples import SHAPES, make
from tests.unit.test_regular_expressions import _looks_ahead_while_it_repeats as looks_ahead_while_it_repeats
from workbench.secrets import recognise, recognise_argument, redact
from workbench.secrets.kinds import kinds, kinds_in

_SAMPLES = 25
_KEYWORDS = [keyword for kind in kinds() for keyword in kind.keywords]


def test_every_kind_has_a_sample_here() -> None:
    assert {kind.name for kind in kinds()} == set(SHAPES)


@pytest.mark.parametrize("around", ["", "long/" * 60], ids=["short", "long"])
@pytest.mark.parametrize("seed", range(10))
def test_no_kind_is_passed_over_whose_keyword_stands_in_the_text(seed: int, around: str) -> None:
    chance = random.Random(seed)
    for _ in range(200):
        words = (chance.choice(_KEYWORDS)[: chance.randrange(1, 12)] for _ in range(chance.randrange(1, 6)))
        text = "".join(f"{word}{''.join(chance.choices('aAE1-_.:= é', k=chance.randrange(3)))}" for word in words)
        standing = {kind.name for kind in kinds() if any(keyword in text for keyword in kind.keywords)}
        assert standing <= {kind.name for kind in kinds_in(around + text + around)}, text


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_form_is_read_alike_on_every_python(kind: str) -> None:
    (form,) = (known.form for known in kinds() if known.name == kind)
    assert not looks_ahead_while_it_repeats(_parser.parse(form))


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_kind_is_recognised_by_its_form_alone(kind: str) -> None:
    tokens = [make(kind, seed) for seed in range(_SAMPLES)]
    assert [recognise("VALUE", token) for token in tokens] == [kind] * _SAMPLES


_CONTEXTS: dict[str, Callable[[str], str]] = {
    "quoted": lambda token: f'API_KEY="{token}"',
    "in a header argument": lambda token: f"--header=Authorization: Bearer {token}",
    "percent-encoded": lambda token: f"https://example.com/mcp?a=b%20{quote(token, safe='')}",
    "escaped line end": lambda token: f"first\\n{token}",
    "in JSON inside of an argument": lambda token: f'{{"x": "{token}"}}',
    "as a default": lambda token: f"${{NAME:-{token}}}",
    "in a shell string": lambda token: f"exec server --token {token} --verbose",
}


@pytest.mark.parametrize("context", sorted(_CONTEXTS))
@pytest.mark.parametrize(
    "kind", ["anthropic", "github-classic", "slack-bot", "notion", "stripe", "firecrawl", "supabase"]
)
def test_token_inside_of_something_longer(kind: str, context: str) -> None:
    for seed in range(5):
        token = make(kind, seed)
        text = _CONTEXTS[context](token)
        assert recognise("", text) == kind
        shown = redact(text)
        assert token not in shown
        assert f"<secret: {kind}, " in shown


@pytest.mark.parametrize("kind", sorted(set(SHAPES) - {"private-key"}))
def test_redaction_leaves_nothing_of_the_random_part(kind: str) -> None:
    token = make(kind, 7)
    longest = max(re.split(r"[^A-Za-z0-9]", token), key=len)
    shown = redact(f'before "{token}" after')
    assert longest not in shown
    assert shown.startswith("before")
    assert shown.endswith("after")


def test_redaction_of_a_private_key_takes_the_whole_block() -> None:
    block = make("private-key", 1)
    shown = redact(f"a\n{block}\nb")
    assert shown == f"a\n<secret: private-key, {len(block)} characters>\nb"
    one_line = block.replace("\n", "\\n")
    assert "BEGIN" not in redact(f'"private_key": "{one_line}"')


def test_placeholder_word_inside_of_a_random_token_does_not_silence_it() -> None:
    dice = random.Random(3)
    body = "".join(dice.choice(string.ascii_letters + string.digits) for _ in range(40))
    assert recognise("ANTHROPIC_API_KEY", f"sk-ant-api03-{body}-realAnthropicKeyHere-{body}") == "anthropic"
    assert recognise("X", "ghp_" + "example" + body[:33]) == "github-classic"


@pytest.mark.parametrize(
    "value",
    [
        "sk-ant-api03-" + "x" * 90,
        "ghp_" + "x" * 36,
        "ghp_" + "0" * 36,
        "sk-proj-your-openai-api-key-goes-here",
        "sk-" + "1234567890abcdef" * 2,
        "AKIA" + "IOSFODNN7" + "EXAMPLE",
        "sbp_" + "0123456789" * 4,
        "xoxb-your-bot-token-goes-here",
        "glpat-xxxxxxxxxxxxxxxxxxxx",
        "fc-" + "0" * 32,
        "sk_test_" + "x" * 24,
    ],
)
def test_token_of_filler_is_silent(value: str) -> None:
    assert recognise("API_KEY", value) is None


def test_token_in_an_argument_by_itself() -> None:
    token = make("github-classic", 1)
    assert recognise_argument(["npx", "-y", "server", token], 3) == "github-classic"
    assert recognise_argument(["npx", "-y", "server", token], 2) is None
