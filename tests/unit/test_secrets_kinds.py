"""Every kind of token fires, wherever it stands. The tokens are made here, so that none stands in the repository."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from urllib.parse import quote

import pytest

from workbench.secrets import recognise, recognise_argument, redact
from workbench.secrets.kinds import kinds

_ALPHABETS = {
    "a": string.ascii_letters + string.digits,
    "w": string.ascii_letters + string.digits + "-_",
    "b": string.ascii_letters + string.digits + "+/",
    "h": "0123456789abcdef",
    "u": string.ascii_uppercase + string.digits,
    "l": string.ascii_lowercase + string.digits,
    "d": string.digits,
    "k": string.ascii_uppercase + "234567",
    "c": string.ascii_letters,
}
# ``<a20>`` stands for twenty random characters of the alphabet a.
_SHAPES = {
    "private-key": "-----BEGIN <c0>PRIVATE KEY-----\n<b64>\n<b64>\n-----END PRIVATE KEY-----",
    "anthropic": "sk-ant-api03-<w93>AA",
    "openrouter": "sk-or-v1-<h64>",
    "langfuse": "sk-lf-<h8>-<h4>-<h4>-<h4>-<h12>",
    "openai-project": "sk-proj-<w150>",
    "openai-legacy": "sk-<a20>T3BlbkFJ<a20>",
    "context7": "ctx7sk-<h8>-<h4>-<h4>-<h4>-<h12>",
    "llm-key": "sk-<h32>",
    "cerebras": "csk-<l48>",
    "xai": "xai-<a80>",
    "groq": "gsk_<a52>",
    "perplexity": "pplx-<a48>",
    "replicate": "r8_<a37>",
    "huggingface": "hf_<c34>",
    "nvidia": "nvapi-<w64>",
    "fireworks": "fw_<a24>",
    "langsmith": "lsv2_pt_<h32>_<h10>",
    "pinecone": "pcsk_<a6>_<a63>",
    "jina": "jina_<h32><w28>",
    "e2b": "e2b_<h40>",
    "elevenlabs": "sk_<h48>",
    "google-api": "AIza<w35>",
    "google-oauth": "GOCSPX-<w28>",
    "google-refresh": "1//0<w60>",
    "google-access": "ya29.<w80>",
    "github-classic": "ghp_<a36>",
    "github-fine": "github_pat_<a22>_<a59>",
    "gitlab": "glpat-<w20>",
    "bitbucket": "ATBB<a32>",
    "slack-app": "xapp-1-<u11>-<d13>-<h64>",
    "slack-bot": "xoxb-<d12>-<d13>-<a24>",
    "slack-webhook": "https://hooks.slack.com/services/T<u8>/B<u10>/<a24>",
    "discord-webhook": "https://discord.com/api/webhooks/<d18>/<w68>",
    "discord-bot": "MT<a22>.<w6>.<w38>",
    "telegram-bot": "<d10>:AA<w33>",
    "notion": "ntn_<a46>",
    "linear": "lin_api_<a40>",
    "figma": "figd_<w40>",
    "atlassian": "ATATT3<w180>",
    "airtable": "pat<a14>.<h64>",
    "hubspot": "pat-na1-<h8>-<h4>-<h4>-<h4>-<h12>",
    "brave": "BSA<w28>",
    "tavily": "tvly-dev-<a32>",
    "firecrawl": "fc-<h32>",
    "apify": "apify_api_<a36>",
    "browserbase": "bb_live_<w26>",
    "zapier-mcp": "https://mcp.zapier.com/api/mcp/s/<a60>/mcp",
    "supabase": "sbp_<h40>",
    "neon": "napi_<l64>",
    "planetscale": "pscale_tkn_<w43>",
    "sentry": "sntryu_<h64>",
    "grafana": "glsa_<a32>_<h8>",
    "new-relic": "NRAK-<u27>",
    "dynatrace": "dt0c01.<u24>.<u64>",
    "posthog": "phx_<a43>",
    "axiom": "xaat-<h8>-<h4>-<h4>-<h4>-<h12>",
    "sonar": "squ_<h40>",
    "stripe": "sk_live_<a24>",
    "stripe-webhook": "whsec_<a32>",
    "shopify": "shpat_<h32>",
    "square": "sq0csp-<w43>",
    "sendgrid": "SG.<w22>.<w43>",
    "brevo": "xkeysib-<h64>-<a16>",
    "resend": "re_<a8>_<a24>",
    "mailgun": "key-<h32>",
    "mailchimp": "<h32>-us14",
    "twilio": "SK<h32>",
    "npm": "npm_<a36>",
    "pypi": "pypi-AgEIcHlwaS5vcmc<w80>",
    "rubygems": "rubygems_<h48>",
    "docker-hub": "dckr_pat_<w27>",
    "postman": "PMAK-<h24>-<h34>",
    "contentful": "CFPAT-<w43>",
    "clickup": "pk_<d8>_<u32>",
    "buildkite": "bkua_<h40>",
    "circleci": "CCIPAT_<a22>_<h40>",
    "netlify": "nfp_<a36>",
    "heroku": "HRKU-AA<w58>",
    "render": "rnd_<a32>",
    "fly": "fo1_<w43>",
    "pulumi": "pul-<h40>",
    "terraform": "<a14>.atlasv1.<w67>",
    "vault": "hvs.<w90>",
    "doppler": "dp.st.prd.<a43>",
    "onepassword": "ops_eyJ<a250>",
    "age": "AGE-SECRET-KEY-1<u58>",
    "aws-key-id": "AKIA<k16>",
    "aws-bedrock": "ABSK<a130>",
    "alibaba": "LTAI<a20>",
    "tencent": "AKID<a32>",
    "digitalocean": "dop_v1_<h64>",
    "databricks": "dapi<h32>",
    "openshift": "sha256~<w43>",
    "azure-client-secret": "<a3>8Q~<a34>",
    "azure-storage": "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=<b86>==;EndpointSuffix=core.windows.net",
    "azure-shared-key": "Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=<b43>=",
    "jwt": "eyJ<a40>.eyJ<a90>.<w43>",
}
_SAMPLES = 25


def make(kind: str, seed: int) -> str:
    """A token of that kind. It never ends in a dash, which would be no part of it at the end of a text."""
    dice = random.Random(f"{kind} {seed}")

    def random_part(match: re.Match[str]) -> str:
        length = int(match[2])
        if not length:
            return ""
        ends = [dice.choice(string.digits if match[1] in "dh" else _ALPHABETS[match[1]].rstrip("-_+/")) for _ in "ab"]
        inside = "".join(dice.choice(_ALPHABETS[match[1]]) for _ in range(length - 2))
        return (ends[0] + inside + ends[1])[:length]

    return re.sub(r"<(\w)(\d+)>", random_part, _SHAPES[kind])


def test_every_kind_has_a_sample_here() -> None:
    assert {kind.name for kind in kinds()} == set(_SHAPES)


@pytest.mark.parametrize("kind", sorted(_SHAPES))
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


@pytest.mark.parametrize("kind", sorted(set(_SHAPES) - {"private-key"}))
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
