"""What is not surely a secret and still not shown, secrets in unlikely places, and that plain values stay readable."""

from __future__ import annotations

import base64
import json

import pytest

from workbench.secrets import (
    capture,
    environment_entry,
    recognise,
    recognise_argument,
    redact,
    redact_arguments,
    redact_url,
    shown_name,
)

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5"
HEX64 = "0928b5b7a767c76fb008f86bebb2737f6a6f0fb23c6f5da2cec255404e4f81aa"
ENCODED = base64.urlsafe_b64encode(json.dumps({"apiKey": HEX64[:32]}).encode()).decode().rstrip("=")
HARMLESS = base64.b64encode(json.dumps({"profile": "main", "workspace": "/srv/work"}).encode()).decode()


@pytest.mark.parametrize(
    ("arguments", "secret"),
    [
        (("--password", "hunt3r"), "hunt3r"),
        (("--password", "abcd"), "abcd"),
        (("--password=hunt3r",), "hunt3r"),
        (("--password=12345",), "12345"),
        (("-e", "PGPASSWORD=abc12"), "abc12"),
        (("--token", "a1b2c3d4e5f6"), "a1b2c3d4e5f6"),
        (("-u", "admin:Zq9vR2mK"), "Zq9vR2mK"),
        (("-pS3cr3tPw9",), "S3cr3tPw9"),
        (("-lc", f'API_KEY="{HEX64}" node /x.js'), HEX64),
        (("-c", "mcp-server --password w0rdy77 --port 3"), "w0rdy77"),
        (("-c", "mcp-server --password 'w0 dy78' --port 3"), "w0 dy78"),
        (("--config", ENCODED), ENCODED),
        ((f"https://{HEX64[:30]}:x-oauth-basic@github.com/o/r.git",), HEX64[:30]),
    ],
)
def test_hidden_in_arguments(arguments: tuple[str, ...], secret: str) -> None:
    shown, _ = redact_arguments(arguments)
    assert secret not in " ".join(shown)
    assert "<secret: " in shown[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--auth", "oauth"),
        ("--auth", "oauth2"),
        ("--key", "id"),
        ("--token-file", "/run/secrets/token"),
        ("--password", "${DB_PASSWORD}"),
        ("--password", "YOUR_PASSWORD"),
        ("--token", "4096"),
        ("--sort-key", "createdAt9"),
        ("-u", "1000:1000"),
        ("--user", "node:node"),
        ("-p8080:80",),
        ("-p", "@scope/server@1.2.3"),
        ("-p@scope/server@1.2.3",),
        ("--config", HARMLESS),
        ("https://github.com/o/r.git",),
    ],
)
def test_shown_as_it_is(arguments: tuple[str, ...]) -> None:
    assert redact_arguments(arguments) == (arguments, ())


def test_what_is_only_possible_is_hidden_and_not_reported() -> None:
    assert recognise("API_TOKEN", "a1b2c3d4e5f6") is None
    assert recognise_argument(("--token", "a1b2c3d4e5f6"), 1) is None
    assert capture("API_TOKEN", "a1b2c3d4e5f6", "env.API_TOKEN") is None
    assert redact_arguments(("--token", "a1b2c3d4e5f6")) == (("--token", "<secret: possible, 12 characters>"), ())
    assert redact("API_TOKEN=a1b2c3d4e5f6") == "API_TOKEN=<secret: possible, 12 characters>"
    assert redact_url("https://x.example/mcp?key=a1b2c3d4e5f6") == (
        "https://x.example/mcp?key=<secret: possible, 12 characters>",
        None,
    )


@pytest.mark.parametrize(("value", "kind"), [("hunt3r", "password"), ("root", None), ("test", None), ("1234", None)])
def test_a_short_password_is_one_where_it_is_no_plain_word(value: str, kind: str | None) -> None:
    assert recognise("DB_PASSWORD", value) == kind


def test_json_in_base64_is_looked_into() -> None:
    assert recognise("", f"https://x.example/mcp?config={ENCODED}") == "encoded"
    assert recognise("CONFIG", ENCODED) == "encoded"
    assert recognise("CONFIG", HARMLESS) is None
    assert recognise("CONFIG", "eyJ" + "!" * 40) is None


def test_a_secret_in_the_place_of_a_name() -> None:
    assert TOKEN not in shown_name(f"GITHUB_TOKEN={TOKEN}")
    entry = environment_entry(f"GITHUB_TOKEN={TOKEN}", "", "env.")
    assert entry.secret is not None
    assert entry.secret.kind == "github-classic"
    assert TOKEN not in repr(entry)
    assert environment_entry("PATH", "/usr/bin").secret is None
    assert shown_name("GITHUB_TOKEN") == "GITHUB_TOKEN"
