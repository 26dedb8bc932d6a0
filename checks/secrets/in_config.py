"""A secret stands in a client configuration in plain text.

What it looks at
----------------
Every server in every client configuration: the values of ``env``, the arguments, the URL, the headers and whatever
else the entry holds, also the default in ``${NAME:-default}``, and the inputs of VS Code. It recognises the formats
of known tokens, passwords in URLs, and long random values under names such as ``…_TOKEN`` or ``…_KEY``. References
(``${env:NAME}``, ``${input:id}``, ``{env:NAME}``, ``op://…``) and placeholders (``YOUR_TOKEN``, ``<token>``) are
silent. Servers that are switched off are looked at too: the secret lies there all the same. A value never leaves the
moment of reading: what is kept is its kind, its place and its length.

Why it matters
--------------
A configuration is copied: into backups, a dotfiles repository, a bug report, a screen share. Every server that can read
files, and every program that runs as you, can read it. Arguments are worse: while the server runs, ``ps`` shows them to
every account of the machine. Most of the secrets in published configurations stand in arguments.

How an attacker uses it
-----------------------
A prompt makes a file server read ``claude_desktop_config.json`` and pass the token on; malware looks for these files by
name; a search of public repositories finds those that were pushed by mistake. The token then works from anywhere until
somebody revokes it.

How to fix it by hand
---------------------
1. Make a new secret and revoke the old one, if the file was ever copied or shared.
2. Put a reference in its place, in the way the client understands:
   VS Code ``${input:id}`` or ``envFile``; Cursor ``${env:NAME}``; Claude Code ``${NAME}`` in ``.mcp.json``;
   Codex ``env_vars = ["NAME"]`` or ``bearer_token_env_var``.
3. Claude Desktop expands nothing: start the server through a small script that reads the secret from the keyring
   (``secret-tool lookup …``, ``security find-generic-password …``) or from a file with mode 0600.
4. Never pass it as an argument; most servers read the same value from the environment.

References
----------
* CWE-256: Plaintext Storage of a Password
* CWE-214: Invocation of Process Using Visible Sensitive Information
* CWE-798: Use of Hard-coded Credentials
* OWASP MCP Top 10: MCP01, Token Mismanagement and Secret Exposure
* proc_pid_cmdline(5), secret-tool(1)
"""

from collections.abc import Iterator, Sequence

from workbench.api import (
    ClientConfig,
    Evidence,
    Finding,
    Location,
    NotApplicable,
    Passed,
    SecretFact,
    ServerEntry,
    Severity,
    Snapshot,
    Verdict,
    check,
    config_subject,
    entry_command,
    server_subject,
)


@check(
    title="A secret stands in a client configuration in plain text",
    severities=(Severity.HIGH,),
    needs=("clients:content",),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each server, and one for the rest of a file where that holds a secret."""
    seen = False
    for config in snapshot.clients.configs:
        if config.secrets:
            seen = True
            yield _of_config(config)
        for entry in config.servers:
            seen = True
            secrets = _secrets(entry)
            yield _of_server(config, entry, secrets) if secrets else Passed(server_subject(config, entry))
    if not seen:
        yield NotApplicable("no client configuration names a server")


def _secrets(entry: ServerEntry) -> list[SecretFact]:
    """Every place of the entry that holds one, once."""
    every = [*entry.secrets, *(variable.secret for variable in entry.environment if variable.secret is not None)]
    return list({secret.place: secret for secret in every}.values())


def _of_server(config: ClientConfig, entry: ServerEntry, secrets: Sequence[SecretFact]) -> Finding:
    shown = any(secret.place.startswith(("args", "arguments", "command")) for secret in secrets)
    return Finding(
        subject=server_subject(config, entry),
        severity=Severity.HIGH,
        summary=f"{_count(secrets)} of {entry.name} {_verb(secrets)} in {config.path.asked}, in plain text"
        + (", and in ps while it runs" if shown and not entry.disabled else ""),
        evidence=_evidence(secrets, entry_command(config, entry)),
        location=Location(config.path.asked, entry.line, pointer=entry.pointer),
    )


def _of_config(config: ClientConfig) -> Finding:
    return Finding(
        subject=config_subject(config),
        severity=Severity.HIGH,
        summary=f"{_count(config.secrets)} outside its servers {_verb(config.secrets)} in {config.path.asked},"
        " in plain text",
        evidence=_evidence(config.secrets, ("stat", "-c", "%A %U:%G %n", config.path.asked)),
        location=Location(config.path.asked),
    )


def _evidence(secrets: Sequence[SecretFact], command: tuple[str, ...]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            expected="a reference to the secret",
            actual=f"{secret.place}: a secret of the kind {secret.kind}, {secret.length} characters",
            command=command,
        )
        for secret in secrets
    )


def _count(secrets: Sequence[SecretFact]) -> str:
    return "a secret" if len(secrets) == 1 else f"{len(secrets)} secrets"


def _verb(secrets: Sequence[SecretFact]) -> str:
    return "stands" if len(secrets) == 1 else "stand"
