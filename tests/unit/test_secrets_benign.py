"""What is no secret stays silent: ordinary environments, references of every client, placeholders, names of things."""

from __future__ import annotations

import pytest

from workbench.secrets import recognise, recognise_argument, redact, redact_arguments, redact_url
from workbench.secrets.names import kind_of_name

_SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_UUID = "72f988bf-86f1-41af-91ab-2d7cd011db47"

ENVIRONMENT = {
    "PATH": "/home/dev/.nvm/versions/node/v20.19.2/bin:/usr/local/sbin:/usr/local/bin:/usr/bin:/snap/bin",
    "LS_COLORS": "rs=0:di=01;34:ln=01;36:mh=00:pi=40;33:*.tar=01;31:*.tgz=01;31:*.key=00;36:*.pem=00;36",
    "SSH_AUTH_SOCK": "/tmp/ssh-XXXXXXbQ3xZk/agent.1234",
    "SSH_AGENT_PID": "1234",
    "SSH_CONNECTION": "203.0.113.7 52144 198.51.100.2 22",
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1000/bus,guid=0123a9c7e5f64b8d9a1b2c3d4e5f6071",
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "PS1": r"\[\e]0;\u@\h: \w\a\]${debian_chroot:+($debian_chroot)}\u@\h:\w\$ ",
    "XAUTHORITY": "/run/user/1000/.mutter-Xwaylandauth.A1B2C3",
    "GPG_TTY": "/dev/pts/3",
    "GPG_AGENT_INFO": "/run/user/1000/gnupg/S.gpg-agent:0:1",
    "NODE_OPTIONS": "--max-old-space-size=4096 --require /usr/lib/hook.js",
    "SHELL": "/bin/bash",
    "HOME": "/home/dev",
    "PWD": "/home/dev/projects/passwords-and-tokens",
    "OLDPWD": "/home/dev/projects/9f8e7d6c5b4a39281706",
    "USER": "dev",
    "LOGNAME": "dev",
    "LANG": "en_US.UTF-8",
    "DISPLAY": ":0",
    "WAYLAND_DISPLAY": "wayland-0",
    "XDG_SESSION_ID": "c2",
    "XDG_DATA_DIRS": "/usr/share/ubuntu:/usr/share/gnome:/usr/local/share:/usr/share:/var/lib/snapd/desktop",
    "XDG_RUNTIME_DIR": "/run/user/1000",
    "SESSION_MANAGER": "local/laptop:@/tmp/.ICE-unix/2331,unix/laptop:/tmp/.ICE-unix/2331",
    "INVOCATION_ID": "5c2a1de6f7b84d6c9c3fa3a1b4e2d7f8",
    "JOURNAL_STREAM": "8:33012",
    "MEMORY_PRESSURE_WRITE": "c29tZSAyMDAwMDAgMjAwMDAwMAA=",
    "GNOME_KEYRING_CONTROL": "/run/user/1000/keyring",
    "VSCODE_GIT_IPC_HANDLE": "/run/user/1000/vscode-git-8f2d1c0b9a.sock",
    "VSCODE_GIT_ASKPASS_NODE": "/usr/share/code/code",
    "VSCODE_NONCE": _UUID,
    "SSH_ASKPASS": "/usr/bin/ksshaskpass",
    "SUDO_COMMAND": "/usr/bin/env npx -y some-server",
    "LESSKEY": "/home/dev/.lesskey",
    "LESSOPEN": "| /usr/bin/lesspipe %s",
    "KITTY_PUBLIC_KEY": "1:Y+Z2;`!9dKQ)o>m(G#bR~vX1tUeLwPq7",
    "ITERM_SESSION_ID": f"w0t0p0:{_UUID.upper()}",
    "NVM_INC": "/home/dev/.nvm/versions/node/v20.19.2/include/node",
    "npm_config_user_agent": "npm/10.8.2 node/v20.19.2 linux x64 workspaces/false",
    "npm_package_integrity": "sha512-9f7Q2yJzTt1m3b5kXo8aLrP0cVuWnGdHsEiKqZyBxMvCfRjAoUlNpTgIeYwShDk==",
    "npm_lifecycle_event": "npx",
    "GOOGLE_APPLICATION_CREDENTIALS": "/home/dev/.config/gcloud/application_default_credentials.json",
    "CREDENTIALS_DIRECTORY": "/run/credentials/mcp.service",
    "KUBECONFIG": "/home/dev/.kube/config",
    "PIP_INDEX_URL": "https://pypi.org/simple",
    "HTTPS_PROXY": "http://proxy.example.com:3128",
    "DOCKER_HOST": "unix:///var/run/docker.sock",
    "NIX_PROFILES": "/nix/var/nix/profiles/default /home/dev/.nix-profile",
    "PYTHONHASHSEED": "0",
    "GIT_COMMIT": _SHA1,
    "IMAGE_DIGEST": f"sha256:{_SHA256}",
    "CHECKSUM": _SHA256,
}

CONFIGURED = [
    ("GITHUB_TOKEN", "${GITHUB_TOKEN}"),
    ("GITHUB_TOKEN", "${env:GITHUB_TOKEN}"),
    ("GITHUB_TOKEN", "${input:github_token}"),
    ("GITHUB_TOKEN", "{env:GITHUB_TOKEN}"),
    ("GITHUB_TOKEN", "{file:/home/dev/.secrets/github-token-2024}"),
    ("GITHUB_TOKEN", "$GITHUB_TOKEN"),
    ("GITHUB_TOKEN", "${{ secrets.GITHUB_TOKEN_2 }}"),
    ("GITHUB_TOKEN", "%GITHUB_TOKEN%"),
    ("GITHUB_TOKEN", "$env:GITHUB_TOKEN"),
    ("GITHUB_TOKEN", "op://Private/GitHub/token-0a1b2c3d4e5f"),
    ("GITHUB_TOKEN", "keychain:github-token-0a1b2c3d4e5f"),
    ("GITHUB_TOKEN", "vault:secret/data/github#token0a1b2c3d"),
    ("GITHUB_TOKEN", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/token-AbC123"),
    ("API_KEY", "${API_KEY:-}"),
    ("API_KEY", "${API_KEY:-https://example.com/keys/0a1b2c3d4e5f6071}"),
    ("AUTHORIZATION", "Bearer ${TOKEN}"),
    ("AUTHORIZATION", "Bearer YOUR_TOKEN_HERE"),
    ("API_KEY", ""),
    ("API_KEY", "YOUR_API_KEY"),
    ("API_KEY", "your_crowdin_token_here"),
    ("API_KEY", "your-api-key-1234"),
    ("API_KEY", "<YOUR_API_KEY>"),
    ("API_KEY", "&#x3C;YOUR_TOKEN_FROM_STEP_2>"),
    ("API_KEY", "&lt;your-key-2024&gt;"),
    ("API_KEY", "{secret}"),
    ("API_KEY", "{{API_KEY}}"),
    ("API_KEY", "[REDACTED_API_KEY]"),
    ("API_KEY", "REDACTED"),
    ("API_KEY", "ntn_****"),
    ("API_KEY", "sk-..."),
    ("API_KEY", "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
    ("API_KEY", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"),
    ("API_KEY", "00000000-0000-0000-0000-000000000000"),
    ("API_KEY", "replace-with-token"),
    ("API_KEY", "replace-with-your-supabase-service-role-key-2024"),
    ("API_KEY", "changeme"),
    ("API_KEY", "insert_key_here"),
    ("API_KEY", "1234567890abcdef1234567890abcdef"),
    ("API_KEY", "enabled-for-all-internal-users"),
    ("API_KEY", "my-secret-key"),
    ("API_KEY", "none"),
    ("API_KEY", "GITHUB_PERSONAL_ACCESS_TOKEN"),
    ("API_KEY", "/run/secrets/api_key_0a1b2c3d4e5f"),
    ("API_KEY", "%d/mcp-token-0a1b2c3d4e5f6071"),
    ("API_KEY", r"C:\Users\dev\keys\0a1b2c3d4e5f6071.pem"),
    ("API_KEY", "~/keys/0a1b2c3d4e5f6071.pem"),
    ("DB_PASSWORD", "password"),
    ("DB_PASSWORD", "<password>"),
    ("DB_PASSWORD", "your_password_here"),
    ("DB_PASSWORD", "mysecretpassword"),
    ("DB_PASSWORD", "********"),
    ("DB_PASSWORD", "/run/secrets/db_password"),
    ("SENTRY_DSN", "https://sentry.io/api/42"),
    ("MAX_OUTPUT_TOKENS", "200000"),
    ("TOKEN_LIMIT", "12345678901234567890"),
    ("TESTIT_TIMEOUT", "30000"),
    ("PASSWORD_MIN_LENGTH", "12"),
    ("AZURE_TENANT_ID", _UUID),
    ("AZURE_CLIENT_ID", _UUID),
    ("SUPABASE_PROJECT_REF", "abcdefghij0123456789"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_PROFILE", "production-2024"),
    ("AWS_SECRET_NAME", "prod/database/credentials-AbC123"),
    ("TOKEN_URL", "https://login.example.com/oauth2/v2.0/token"),
    ("TOKEN_FILE", "/run/secrets/token"),
    ("KEY_ID", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
    ("API_HOST", "api-0a1b2c3d4e5f6071.example.com"),
    ("PUBLIC_KEY", "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="),
    ("CACHE_KEY", "v1-0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
    ("SORT_KEY", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
    ("USER_EMAIL", "dev.eloper+mcp2024@example.com"),
    ("JIRA_API_TOKEN_OWNER", "dev.eloper+mcp2024@example.com"),
    ("DATABASE_URL", "postgresql://localhost:5432/app"),
    ("DATABASE_URL", "postgresql://dev@localhost:5432/app"),
    ("DATABASE_URL", "postgresql://user:password@localhost/db"),
    ("DATABASE_URL", "postgresql://${DB_USER}:${DB_PASSWORD}@localhost/db"),
    ("DATABASE_URL", "postgresql://user:<password>@localhost/db"),
    ("DATABASE_URL", "postgresql://user:***@localhost/db"),
    ("DATABASE_URL", "postgresql://user:YOUR_PASSWORD@localhost/db"),
    ("REPOSITORY", "ssh://git@github.com:22/o/r.git"),
    ("REPOSITORY", "git@github.com:o/r.git"),
    ("IMAGE", f"ghcr.io/github/github-mcp-server:v1@sha256:{_SHA256}"),
    ("PACKAGE", "@modelcontextprotocol/server-filesystem@2026.8.31"),
    ("PACKAGE", "git+https://github.com/o/r.git@da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    ("VERSION", "1.2.3-beta.4+build.20240131"),
    ("bearer_token_env_var", "FIGMA_OAUTH_TOKEN"),
    ("env_vars", "GITHUB_TOKEN,GITLAB_TOKEN"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLE" + "KEY"),
    ("DESCRIPTION", "Set the token: see the password manager for the API key of production"),
]


def test_corpus_is_large_enough() -> None:
    assert len(ENVIRONMENT) + len(CONFIGURED) >= 75


@pytest.mark.parametrize(("name", "value"), [*ENVIRONMENT.items(), *CONFIGURED])
def test_benign_value_is_silent(name: str, value: str) -> None:
    assert recognise(name, value) is None


@pytest.mark.parametrize(("name", "value"), [*ENVIRONMENT.items(), *CONFIGURED])
def test_benign_value_is_shown_as_it_is(name: str, value: str) -> None:
    text = f'    "{name}": "{value}",\n+{name}={value}\n'
    assert redact(text) == text


@pytest.mark.parametrize(
    "url", ["https://mcp.example.com/sse?profile=main&token=${TOKEN}", "http://127.0.0.1:3000/mcp"]
)
def test_benign_url_is_shown_as_it_is(url: str) -> None:
    assert redact_url(url) == (url, None)


@pytest.mark.parametrize(
    "command",
    [
        ["docker", "run", "-i", "--rm", "-e", "GITHUB_PERSONAL_ACCESS_TOKEN", "ghcr.io/github/github-mcp-server"],
        ["npx", "-y", "@modelcontextprotocol/server-filesystem@2025.7.1", "/home/dev/workspace"],
        ["docker", "run", "--user", "1000:1000", "--pids-limit", "100", f"img@sha256:{_SHA256}"],
        ["node", "server.js", "--token", "${input:token}", "--key", "<your key>", "--password", "$PASSWORD"],
        ["uvx", "mcp-server-git", "--repository", f"/home/dev/{_SHA1}", "--token-file", "/run/secrets/t0k3n5aBcDeF01"],
        ["server", "--header", "Authorization: Bearer ${TOKEN}", "--key", "--verbose"],
        ["curl", "-H", "X-Api-Key: {env:API_KEY}", "https://example.com:8080/@scope/x:1"],
    ],
)
def test_benign_command_is_shown_as_it_is(command: list[str]) -> None:
    assert redact_arguments(command) == (tuple(command), ())
    assert [recognise_argument(command, place) for place in range(len(command))] == [None] * len(command)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("GITHUB_TOKEN", "secret"),
        ("--api-key", "secret"),
        ("exaApiKey", "secret"),
        ("x-api-key", "secret"),
        ("OPENAI_APIKEY", "secret"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("SLACK_TOKEN_2", "secret"),
        ("STRIPE_SECRET_KEY_LIVE", "secret"),
        ("Authorization", "secret"),
        ("PGPASSWORD", "password"),
        ("DB_PASS", "password"),
        ("MYSQL_PWD", "password"),
        ("PWD", ""),
        ("TOKEN_FILE", ""),
        ("MAX_TOKENS", ""),
        ("MONKEY", ""),
        ("KEYBOARD", ""),
        ("COMPASS", ""),
        ("BYPASS", ""),
        ("PATH", ""),
        ("AWS_ACCESS_KEY_ID", ""),
        ("SSH_PUBLIC_KEY", ""),
        ("GPG_KEY", ""),
        ("GPG_PRIVATE_KEY", "secret"),
        ("RECAPTCHA_SITE_KEY", ""),
        ("RECAPTCHA_SITE_SECRET", "secret"),
        ("", ""),
    ],
)
def test_what_a_name_says(name: str, kind: str) -> None:
    assert kind_of_name(name) == kind
