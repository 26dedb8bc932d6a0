"""Secrets by their name and place: generic keys, passwords, URLs, arguments; facts without values; redaction."""

from __future__ import annotations

import random
import string
import time

import pytest

from tests.unit.test_secrets_benign import ENVIRONMENT
from workbench.secrets import (
    capture,
    fingerprint,
    recognise,
    recognise_argument,
    redact,
    redact_arguments,
    redact_url,
    redact_values,
)

_DICE = random.Random(20260102)


def _letters(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(_DICE.choice(alphabet) for _ in range(length))


HEX32 = _letters(32, "0123456789abcdef")
HEX64 = _letters(64, "0123456789abcdef")
UUID = "-".join(_letters(length, "0123456789abcdef") for length in (8, 4, 4, 4, 12))
MIXED = _letters(40)
PASSWORD = "Tr0ub4dor&3x!"


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("API_KEY", HEX32, "generic"),
        ("API_KEY", f'"{HEX64}"', "generic"),
        ("SMITHERY_KEY", UUID, "generic"),
        ("AWS_SECRET_ACCESS_KEY", _letters(40, string.ascii_letters + string.digits + "+/"), "generic"),
        ("exaApiKey", UUID, "generic"),
        ("AUTHORIZATION", f"Bearer {MIXED}", "authorization"),
        ("X", f"Authorization: Basic {MIXED}", "authorization"),
        ("CLIENT_SECRET", MIXED, "generic"),
        ("DB_PASSWORD", PASSWORD, "password"),
        ("DB_PASSWORD", "correct horse battery staple", "password"),
        ("DB_PASSWORD", "pa$$w0rd-of-mine", "password"),
        ("PGPASSWORD", "hunter2hunter2", "password"),
        ("API_KEY", f"${{API_KEY:-{HEX32}}}", "generic"),
        ("X", f"${{DB_PASSWORD:-{PASSWORD}}}", "password"),
        ("DATABASE_URL", "postgresql://u:p@h", "db-url"),
        ("DATABASE_URL", "postgresql://dev:p%40ss%2Fw0rd@db.example.com:5432/app", "db-url"),
        ("DATABASE_URL", "mongodb+srv://dev:s3cret99@cluster0.example.mongodb.net", "db-url"),
        ("REDIS_URL", f"redis://:{HEX32}@cache:6379/0", "db-url"),
        ("HTTPS_PROXY", "http://dev:s3cretProxy@proxy.example.com:3128", "url-password"),
        ("REMOTE", f"https://{MIXED}@git.example.com/o/r.git", "url-token"),
        ("CONNECTION", "Server=db;User Id=sa;Password=abc123;Encrypt=yes", "connection-string"),
        ("DSN", "host=db dbname=app user=dev password=abc123", "connection-string"),
        ("HEADERS", f'{{"Authorization": "Bearer {MIXED}"}}', "authorization"),
        ("CONFIG", f'{{"apiKey":"{HEX32}"}}', "generic"),
        ("CONFIG", f'{{\\"apiKey\\":\\"{HEX32}\\"}}', "generic"),
        ("ARGS", f"--token {HEX32} --verbose", "generic"),
        ("DB_PASSWORD", "Winter@2.51", "password"),
        ("OKTA", f"Authorization: SSWS 00{MIXED}", "generic"),
        ("SITE_SECRET", MIXED, "generic"),
        ("DATABASE_URL", f"postgresql://{MIXED}:{MIXED}@db/app", "url-token"),
        ("", f"https://mcp.example.com/sse?api_key={HEX32}&profile=main", "generic"),
    ],
)
def test_secret_by_its_name_or_place(name: str, value: str, kind: str) -> None:
    assert recognise(name, value) == kind


@pytest.mark.parametrize("length", [16, 20, 24, 32, 40, 64])
@pytest.mark.parametrize("alphabet", [string.ascii_letters + string.digits, "0123456789abcdef"])
def test_generic_rule_hardly_ever_misses(length: int, alphabet: str) -> None:
    dice = random.Random(f"{length} {len(alphabet)}")
    values = ["".join(dice.choice(alphabet) for _ in range(length)) for _ in range(400)]
    missed = [value for value in values if recognise("SERVICE_TOKEN", value) is None]
    assert len(missed) <= (8 if length > 16 else 24), missed


@pytest.mark.parametrize(
    ("arguments", "place", "kind"),
    [
        (["npx", "server", "--api-key", HEX32], 3, "generic"),
        (["npx", "server", "--token", UUID], 3, "generic"),
        (["npx", "server", f"--key={HEX32}"], 2, "generic"),
        (["npx", "server", f'API_KEY="{HEX64}"'], 2, "generic"),
        (["docker", "run", "-e", f"API_KEY={HEX32}", "image"], 3, "generic"),
        (["docker", "run", f"--env=DB_PASSWORD={PASSWORD}", "image"], 2, "password"),
        (["docker", "run", "-e", "DATABASE_URL=postgresql://u:pw@h/d", "image"], 3, "db-url"),
        (["npx", "mcp-remote", "https://x.example", "--header", f"Authorization: Bearer {MIXED}"], 4, "authorization"),
        (["npx", "mcp-remote", "https://x.example", "--header", f"X-Api-Key: {HEX32}"], 4, "generic"),
        (["server", "--password", PASSWORD], 2, "password"),
        (["npx", "-y", "@smithery/cli", "run", "srv", "--config", f'{{"apiKey":"{UUID}"}}'], 6, "generic"),
        (["sh", "-c", f"exec npx -y server --token {HEX32}"], 2, "generic"),
        ([f"npm exec server --token {HEX32}"], 0, "generic"),
    ],
)
def test_secret_argument(arguments: list[str], place: int, kind: str) -> None:
    found = [recognise_argument(arguments, index) for index in range(len(arguments))]
    assert found == [kind if index == place else None for index in range(len(arguments))]


def test_capture_keeps_no_value() -> None:
    fact = capture("API_KEY", f"  {HEX32} ", "env.API_KEY\x1b[2J")
    assert fact is not None
    assert (fact.kind, fact.length) == ("generic", 32)
    assert fact.place == "env.API_KEY\\x1b[2J"
    assert len(fact.fingerprint) == 12
    assert HEX32 not in repr(fact)
    assert capture("API_KEY", "${API_KEY}", "env.API_KEY") is None


def test_equal_secrets_have_equal_fingerprints_wherever_they_stand() -> None:
    in_environment = capture("TOKEN", HEX32, "env.TOKEN")
    _, in_arguments = redact_arguments(["server", f"--token={HEX32}", "--token", f'"{HEX32}"'])
    assert in_environment is not None
    assert {fact.fingerprint for fact in in_arguments} == {in_environment.fingerprint}
    assert fingerprint(HEX32) == in_environment.fingerprint
    assert fingerprint(HEX64) != in_environment.fingerprint


def test_redacted_arguments_keep_all_but_the_secret() -> None:
    token = "ghp_" + MIXED[:36]
    shown, facts = redact_arguments(
        ["npx", "-y", "server\x1b[0m", "--header", f"Authorization: Bearer {token}", "--key", HEX32, "/home/dev"]
    )
    assert shown == (
        "npx",
        "-y",
        "server\\x1b[0m",
        "--header",
        "Authorization: Bearer <secret: github-classic, 40 characters>",
        "--key",
        "<secret: generic, 32 characters>",
        "/home/dev",
    )
    assert [(fact.kind, fact.place, fact.length) for fact in facts] == [
        ("github-classic", "args[4]", 40),
        ("generic", "args[6]", 32),
    ]


def test_redacting_twice_changes_nothing() -> None:
    once, _ = redact_arguments(["server", "--key", HEX32, f"--password={PASSWORD}"])
    assert redact_arguments(once) == (once, ())


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            f"https://mcp.example.com/sse?api_key={HEX32}&profile=main",
            "https://mcp.example.com/sse?api_key=<secret: generic, 32 characters>&profile=main",
        ),
        ("https://dev:s3cret99@example.com/mcp", "https://dev:<secret: url-password, 8 characters>@example.com/mcp"),
        (f"https://{MIXED}@example.com/mcp", "https://<secret: url-token, 40 characters>@example.com/mcp"),
    ],
)
def test_redacted_url(url: str, shown: str) -> None:
    redacted, fact = redact_url(url)
    assert redacted == shown
    assert fact is not None
    assert fact.place == "url"


def test_redacted_diff_keeps_its_lines() -> None:
    diff = (
        "@@ -1,4 +1,4 @@\n"
        f'-    "API_KEY": "{HEX32}",\r\n'
        '+    "API_KEY": "${env:API_KEY}",\r\n'
        f'     "args": ["--access-token",\n+      "{UUID}"],\n'
        f"-export DB_PASSWORD='{PASSWORD}'\n"
        f'-token = "{MIXED}"\n'
    )
    assert redact(diff) == (
        "@@ -1,4 +1,4 @@\n"
        '-    "API_KEY": "<secret: generic, 32 characters>",\r\n'
        '+    "API_KEY": "${env:API_KEY}",\r\n'
        '     "args": ["--access-token",\n+      "<secret: generic, 36 characters>"],\n'
        f"-export DB_PASSWORD='<secret: password, {len(PASSWORD)} characters>'\n"
        '-token = "<secret: generic, 40 characters>"\n'
    )


def test_known_values_are_replaced_however_they_are_spelled() -> None:
    value = 'a"b\\c/ü'
    text = 'plain a"b\\c/ü json "a\\"b\\\\c/ü" ascii "a\\"b\\\\c/\\u00fc" url a%22b%5Cc%2F%C3%BC end'
    shown = redact_values(text, [value, ""])
    mark = "<secret: 7 characters>"
    assert shown == f'plain {mark} json "{mark}" ascii "{mark}" url {mark} end'


def test_longer_known_values_are_replaced_first_and_short_ones_only_where_they_stand_alone() -> None:
    assert redact_values("secretly secret pw pwd", ["secret", "secretly", "pw"]) == (
        "<secret: 8 characters> <secret: 6 characters> <secret: 2 characters> pwd"
    )


def test_whole_environment_is_cheap() -> None:
    environment = {**ENVIRONMENT, **{f"SOME_VARIABLE_{place}": f"/opt/{place}/share" for place in range(10)}}
    recognise("WARM_UP", HEX64)

    def seconds() -> float:
        start = time.perf_counter()
        for name, value in environment.items():
            recognise(name, value)
        return time.perf_counter() - start

    # A guard against patterns that explode, not a measurement: the machine may be busy.
    assert min(seconds() for _ in range(30)) < 0.1


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a",
            "key=",
            "--token ",
            '"--key", ',
            "://",
            "-----BEGIN PRIVATE KEY-----",
            "${",
            "a:b@",
            "x://",
            "password=;",
        ),
        *('key="', "eyJ", "sk-", "Bearer ", "key ", "{{", "&#x3C;", "\\n", "%20", "host=a password=b;", "1//0"),
    ],
)
def test_hostile_text_takes_no_long_time(piece: str) -> None:
    text = "://" + piece * (200_000 // len(piece)) + "@"
    start = time.perf_counter()
    redact(text)
    recognise("API_KEY", text)
    assert time.perf_counter() - start < 20


def test_a_password_that_only_repeats_the_account_is_hidden_and_not_reported() -> None:
    url = "postgres://acme:acme@db.example.com/app"
    assert recognise("DATABASE_URL", url) is None
    assert redact_url(url) == ("postgres://acme:<secret: possible, 4 characters>@db.example.com/app", None)
