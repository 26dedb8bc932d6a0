"""No secret of a config enters the facts, wherever in the document it stands; remarks are no servers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from workbench.host.clients import gather
from workbench.host.context import Context
from workbench.model.clients import ClientFacts
from workbench.model.facts import SecretFact

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5"


def look(home: Path, document: object) -> ClientFacts:
    (home / ".cursor").mkdir()
    (home / ".cursor/mcp.json").write_text(json.dumps(document))
    return gather(Context("linux", home, os.getuid(), {}, home, managed_root=home / "system", proc=home / "no-proc"))


def secrets_of(facts: ClientFacts) -> list[SecretFact]:
    return [
        secret
        for config in facts.configs
        for secret in (*config.secrets, *(each for entry in config.servers for each in entry.secrets))
    ]


@pytest.mark.parametrize(
    "document",
    [
        {"mcpServers": {TOKEN: {"command": "x"}}},
        {"mcpServers": {"x": {"command": "x", "env": {f"GITHUB_TOKEN={TOKEN}": ""}}}},
        {"mcpServers": {"x": {"command": "x", "env": [f"GITHUB_TOKEN={TOKEN}"]}}},
        {"mcpServers": {"x": {"url": "https://x.example", "headers": {f"Authorization: Bearer {TOKEN}": ""}}}},
        {"mcpServers": {"x": {"command": "x", "auth": {TOKEN: {"api_key": TOKEN}}}}},
        {"mcpServers": {TOKEN: "a remark", "x": {"command": "x", "env": {"A": TOKEN}}}},
        {"mcpServers": {"_comment": f"the old one was {TOKEN}"}},
        {"servers": {"x": {"command": "x", "env": {"GITHUB_TOKEN": TOKEN}}}},
        {"mcpServers": {"mcpServers": {"x": {"command": "x", "env": {"GITHUB_TOKEN": TOKEN}}}}},
    ],
)
def test_a_secret_in_an_unlikely_place_is_found_and_hidden(tmp_path: Path, document: Any) -> None:
    facts = look(tmp_path, document)
    assert "github-classic" in [secret.kind for secret in secrets_of(facts)]
    assert TOKEN not in repr(facts)


def test_a_remark_among_the_servers_leaves_nothing_unread(tmp_path: Path) -> None:
    remarks = {"_comment": "my servers", "//": "see the wiki", "$note": "x"}
    facts = look(tmp_path, {"mcpServers": {**remarks, "files": {"command": "npx", "args": ["-y", "some-server"]}}})
    assert facts.state.status == "complete"
    assert [entry.name for entry in facts.configs[0].servers] == ["files"]
    assert facts.configs[0].problem is None


def test_any_other_text_among_the_servers_is_said(tmp_path: Path) -> None:
    facts = look(tmp_path, {"mcpServers": {"files": "npx -y some-server"}})
    assert [unread.facet for unread in facts.state.unread] == ["content"]
