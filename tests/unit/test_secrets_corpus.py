"""A corpus of what is no secret, made-up ordinary values, and twins of tokens that are nearly tokens: all silent."""

from __future__ import annotations

import random
import string
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.secret_samples import SHAPES, make
from workbench.secrets import recognise, redact, redact_arguments
from workbench.secrets.names import words

CORPUS = Path(__file__).parents[1] / "data" / "secrets" / "benign.txt"


def benign() -> list[tuple[str, str]]:
    lines = [line for line in CORPUS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return [(name, value) for name, _, value in (line.partition("=") for line in lines)]


def test_the_corpus_is_large_and_repeats_nothing() -> None:
    assert len(benign()) >= 150
    assert len(set(benign())) == len(benign())


@pytest.mark.parametrize(("name", "value"), benign())
def test_benign_value_is_silent(name: str, value: str) -> None:
    assert recognise(name, value) is None
    assert redact_arguments(["server", f"{name}={value}"])[1] == ()
    assert redact_arguments(["server", f"--{name}", value])[1] == ()


_WORDS = sorted(
    words(
        "access account agent api audit auth backup batch billing blob branch bucket build cache client cloud cluster"
        " commit config connection context core cursor data debug default deploy design dev directory docker document"
        " editor engine env event export fetch file filesystem flag folder format gateway git graph group handler"
        " host http image import index inspector instance issue item job kernel key language layout level library"
        " listener local log manager map memory message metric mode model module monitor name network node notion"
        " operator output package page parser path pipeline plugin policy pool port preview process prod profile"
        " prompt provider proxy queue reader record region registry release remote replica report request"
        " role root route rule runner runtime sandbox schema scope script search secret section server service session"
        " setting shell signal slack socket source stage state storage stream stripe string style sync system table tag"
        " target task team template tenant test text thread token tool trace tracker transport tree trigger type user"
        " vector version view volume watch webhook window worker workspace zone"
    )
)


_TOPS = ("/home/dev", "/usr/lib", "/srv", "~", "./", "../", r"C:\Users\dev", "/Users/dev/Library", "/nix/store")


def _identifier(dice: random.Random) -> str:
    parts = dice.choices(_WORDS, k=dice.randint(1, 6))
    form = dice.randrange(6)
    if form == 0:
        return parts[0] + "".join(part.title() for part in parts[1:])
    if form == 1:
        return "".join(part.title() for part in parts)
    text = dice.choice("_-./").join(parts)
    return text.upper() if form == 2 else f"{text}{dice.randrange(100)}" if form == 3 else text


def _path(dice: random.Random) -> str:
    top = dice.choice(_TOPS)
    extra = [f"{dice.getrandbits(64):x}"] if dice.random() < 0.3 else []
    return dice.choice(("/", "\\") if ":" in top else "/").join([top, *extra, *(_identifier(dice) for _ in range(3))])


def _version(dice: random.Random) -> str:
    number = ".".join(str(dice.randrange(3000)) for _ in range(dice.randint(3, 4)))
    more = dice.choice(("", "-beta.2", "-rc1", f"+{dice.getrandbits(28):07x}", "-alpine3.20", ".dev0", "-SNAPSHOT"))
    name = "-".join(dice.choices(_WORDS, k=3))
    return dice.choice(("", "v", "^", "~", ">=", f"@scope/{name}@", f"{name}==")) + number + more


def _hexadecimal(dice: random.Random) -> str:
    return f"{dice.getrandbits(4 * (length := dice.choice((7, 8, 12, 16, 32, 40, 64, 128)))):0{length}x}"


def _uuid(dice: random.Random) -> str:
    text = f"{dice.getrandbits(128):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _url(dice: random.Random) -> str:
    where = dice.choice((_identifier, _uuid, _hexadecimal))(dice)
    return f"https://{dice.choice(_WORDS)}.example.com:{dice.randrange(65536)}/{where}?{_identifier(dice)}={_version(dice)}"


@pytest.mark.parametrize("make_value", [_identifier, _path, _version, _hexadecimal, _uuid, _url])
def test_random_ordinary_values_are_silent(make_value: Callable[[random.Random], str]) -> None:
    dice = random.Random(make_value.__name__)
    for _ in range(1500):
        value = make_value(dice)
        assert recognise("VALUE", value) is None, value
        assert redact_arguments(["npx", "-y", value, "--config", value])[1] == (), value


@pytest.mark.parametrize("make_value", [_identifier, _path, _version])
def test_random_ordinary_values_are_silent_even_under_the_name_of_a_secret(
    make_value: Callable[[random.Random], str],
) -> None:
    dice = random.Random(make_value.__name__)
    alarms = [value for value in (make_value(dice) for _ in range(1500)) if recognise("API_KEY", value)]
    assert alarms == []


_EXACT = [
    *("openrouter", "openai-legacy", "replicate", "google-api", "google-oauth", "github-classic", "github-fine"),
    *("notion", "linear", "airtable", "firecrawl", "supabase", "sendgrid", "twilio", "npm", "aws-key-id"),
    *("digitalocean", "databricks", "telegram-bot", "huggingface", "artifactory", "clickhouse", "nuget", "trello"),
    *("maxmind", "easypost", "zoho", "adobe", "prefect", "octopus", "infisical", "sourcegraph", "crates-io"),
]


@pytest.mark.parametrize("kind", _EXACT)
def test_token_that_is_one_character_short_is_not_of_its_kind(kind: str) -> None:
    shortest = {"notion": "secret_<a43>", "linear": "lin_api_<a40>"}.get(kind, SHAPES[kind])
    for seed in range(10):
        token = make(shortest if kind in ("notion", "linear") else kind, seed)
        assert recognise("VALUE", token) == kind
        assert recognise("VALUE", token[:-1]) != kind, token


@pytest.mark.parametrize("kind", sorted(set(SHAPES) - {"private-key", "jwt", "azure-key", "azure-devops", "maxmind"}))
def test_token_with_another_prefix_is_not_of_its_kind(kind: str) -> None:
    for seed in range(10):
        token = make(kind, seed)
        for wrong in (f"q{token}", f"X{token[1:]}" if "://" not in token else token.replace(".", "-", 2)):
            if "=" not in token and not token[0].isdigit():
                assert recognise("VALUE", wrong) != kind or kind in _OF_ANY_BEGINNING, wrong


# Their fixed part stands further in.
_OF_ANY_BEGINNING = {"mailchimp", "terraform", "azure-client-secret", "discord-webhook", "slack-webhook", "zapier-mcp"}


def test_the_search_grows_with_the_text_and_no_faster() -> None:
    def seconds(text: str) -> float:
        start = time.perf_counter()
        redact(text)
        return time.perf_counter() - start

    line = '      "PATH_OF_STATE": "/home/dev/ws", "LEVEL": "debug", "args": ["-y", "@scope/server@1.2.3"]\n'
    redact(line * 100)
    once, four_times = min(seconds(line * 2000) for _ in range(3)), min(seconds(line * 8000) for _ in range(3))
    assert four_times < once * 12, (once, four_times)


@pytest.mark.parametrize("value", ["a" * 20_000_000, "sk-" * 1_000_000, "a.b-c_" * 1_000_000, "=" * 3_000_000])
def test_one_huge_value_is_looked_through_in_time(value: str) -> None:
    start = time.perf_counter()
    recognise("API_KEY", value)
    recognise("VALUE", value)
    assert time.perf_counter() - start < 30


def test_a_hundred_thousand_short_values_are_looked_through_in_time() -> None:
    dice = random.Random(5)
    values = ["".join(dice.choices(string.ascii_letters + string.digits, k=24)) for _ in range(100_000)]
    start = time.perf_counter()
    for value in values:
        recognise("NAME", value)
    assert time.perf_counter() - start < 30
