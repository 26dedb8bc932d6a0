"""The kinds of token that are known by their form: a keyword to look for first, then the form itself.

The forms follow what each vendor publishes of its prefix, alphabet and length. A lower bound on the length is enough
where a vendor has changed it before: the prefix carries the meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain, pairwise

from workbench.model.record import record

# A token begins where no letter or digit stands before it, or after an escape that ends in one (%20ghp_…, \nghp_…).
_LEFT = r"(?:(?<![A-Za-z0-9_])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt]))"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@record
class Kind:
    """One kind of token. ``order`` is its place among the kinds, the more specific first.

    ``keywords``: without one of them in the text the form need not be tried. The secret is the form's group
    ``secret``, or the whole match. ``body`` says whether the random part is checked for being a placeholder: not for
    forms such as a private key's header.
    """

    name: str
    keywords: tuple[str, ...]
    form: str
    body: bool = True
    order: int = 0


def _rows() -> tuple[tuple[str, str, str], ...]:
    """Name, keywords (separated by blanks), form. More specific forms stand first."""
    return (
        ("anthropic", "sk-ant-", r"sk-ant-(?:api|admin|oat|ort|sid)\d{2}-[\w-]{20,200}"),
        ("openrouter", "sk-or-", r"sk-or-v1-[0-9a-f]{64}\b"),
        ("langfuse", "sk-lf-", rf"sk-lf-{_UUID}"),
        ("openai-project", "sk-proj- sk-svcacct- sk-admin-", r"sk-(?:proj|svcacct|admin)-[\w-]{20,170}"),
        ("openai-legacy", "T3BlbkFJ", r"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}\b"),
        ("context7", "ctx7sk-", r"ctx7sk-[\w-]{30,60}"),
        ("llm-key", "sk-", r"sk-[A-Za-z0-9]{32,64}\b"),
        ("cerebras", "csk-", r"csk-[a-z0-9]{40,60}\b"),
        ("xai", "xai-", r"xai-[A-Za-z0-9]{70,90}\b"),
        ("groq", "gsk_", r"gsk_[A-Za-z0-9]{48,56}\b"),
        ("perplexity", "pplx-", r"pplx-[A-Za-z0-9]{40,60}\b"),
        ("replicate", "r8_", r"r8_[A-Za-z0-9]{37}\b"),
        ("huggingface", "hf_", r"hf_[A-Za-z0-9]{34,40}\b"),
        ("nvidia", "nvapi-", r"nvapi-[\w-]{60,70}(?![\w-])"),
        ("fireworks", "fw_", r"fw_[A-Za-z0-9]{22,24}\b"),
        ("langsmith", "lsv2_", r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}\b"),
        ("together", "tgp_v1_", r"tgp_v1_[\w-]{40,50}"),
        ("voyage", "pa-", r"pa-[\w-]{43}(?![\w-])"),
        ("llama-cloud", "llx-", r"llx-[A-Za-z0-9]{48}\b"),
        ("pinecone", "pcsk_", r"pcsk_[A-Za-z0-9]{4,8}_[A-Za-z0-9]{50,70}\b"),
        ("jina", "jina_", r"jina_[0-9a-f]{32}[\w-]{20,40}"),
        ("e2b", "e2b_", r"e2b_[0-9a-f]{40}\b"),
        ("elevenlabs", "sk_", r"sk_[0-9a-f]{48}\b"),
        ("google-api", "AIza", r"AIza[\w-]{35}(?![\w-])"),
        ("google-oauth", "GOCSPX-", r"GOCSPX-[\w-]{28}(?![\w-])"),
        ("google-refresh", "1//", r"1//0[\w-]{40,140}"),
        ("google-access", "ya29.", r"ya29\.[\w-]{30,}"),
        ("github-classic", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,255}\b"),
        ("github-fine", "github_pat_", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b"),
        (
            "gitlab",
            "glpat- gldt- glrt- glcbt- glptt- glft- glimt- glagent- gloas- glsoat-",
            r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat)-[\w.-]{20,}",
        ),
        ("bitbucket", "ATBB ATCTT3", r"AT(?:BB|CTT3)[\w\-=]{24,}"),
        ("slack-app", "xapp-", r"xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{60,}"),
        ("slack-bot", "xoxa- xoxb- xoxe- xoxe. xoxp- xoxr- xoxs- xoxc- xoxd-", r"xox[abceprsd][-.][\w.%-]{10,}"),
        (
            "slack-webhook",
            "hooks.slack.com",
            r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[\w+/]{20,})",
        ),
        ("discord-webhook", "/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/(?P<secret>\d{15,20}/[\w-]{50,})"),
        (
            "discord-bot",
            "MD MT Mj Mz ND NT Nj Nz OD OT",
            r"[MNO][DTjz][A-Za-z\d_-]{22,26}\.[\w-]{6}\.[\w-]{27,40}(?![\w.-])",
        ),
        ("telegram-bot", ":AA", r"\d{8,10}:AA[\w-]{33}(?![\w-])"),
        ("notion", "ntn_ secret_", r"(?:ntn_[A-Za-z0-9]{40,50}|secret_[A-Za-z0-9]{43})\b"),
        ("linear", "lin_api_ lin_oauth_", r"lin_(?:api|oauth)_[A-Za-z0-9]{40,64}\b"),
        ("figma", "figd_ figu_", r"fig[du]_[\w-]{38,}"),
        ("atlassian", "ATATT3", r"ATATT3[\w\-=]{100,}"),
        ("airtable", "pat", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}\b"),
        ("trello", "ATTA", r"ATTA[A-Za-z0-9]{72}\b"),
        ("typeform", "tfp_", r"tfp_[\w.=-]{40,70}"),
        ("frame-io", "fio-u-", r"fio-u-[\w-]{64}(?![\w-])"),
        ("dropbox", "sl.", r"sl\.(?:u\.)?[\w-]{120,}"),
        ("zoho", "1000.", r"1000\.[0-9a-f]{32}\.[0-9a-f]{32}\b"),
        ("adobe", "p8e-", r"p8e-[A-Za-z0-9]{32}\b"),
        ("twitch", "oauth:", r"oauth:[a-z0-9]{30}\b"),
        ("hubspot", "pat-", rf"pat-(?:na|eu|ap)\d-{_UUID}"),
        ("brave", "BSA", r"BSA[\w-]{24,32}(?![\w-])"),
        ("tavily", "tvly-", r"tvly-(?:dev-|prod-)?[A-Za-z0-9-]{28,}"),
        ("firecrawl", "fc-", r"fc-[0-9a-f]{32}\b"),
        ("apify", "apify_api_", r"apify_api_[A-Za-z0-9]{30,40}\b"),
        ("browserbase", "bb_live_", r"bb_live_[\w-]{20,}"),
        ("zapier-mcp", "mcp.zapier.com", r"mcp\.zapier\.com/api/mcp/s/(?P<secret>[\w=+%-]{30,})"),
        ("supabase", "sbp_ sb_secret_", r"(?:sbp_(?:v0_)?[0-9a-f]{40}\b|sb_secret_[\w-]{20,})"),
        ("neon", "napi_", r"napi_[a-z0-9]{50,70}\b"),
        ("planetscale", "pscale_", r"pscale_(?:tkn|oauth|pw)_[\w.-]{32,64}"),
        ("sentry", "sntryu_ sntrys_", r"sntry[us]_[\w+/=-]{60,}"),
        ("grafana", "glsa_ glc_", r"(?:glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}\b|glc_[A-Za-z0-9+/]{32,400}={0,2})"),
        ("new-relic", "NRAK-", r"NRAK-[A-Z0-9]{27}\b"),
        ("dynatrace", "dt0c01.", r"dt0c01\.[A-Z0-9]{24}\.[A-Z0-9]{64}\b"),
        ("posthog", "phx_", r"phx_[A-Za-z0-9]{40,60}\b"),
        ("axiom", "xaat- xapt-", rf"xa[ap]t-{_UUID}"),
        ("sonar", "sqp_ squ_ sqa_", r"sq[pua]_[0-9a-f]{40}\b"),
        ("stripe", "sk_live_ sk_test_ rk_live_ rk_test_", r"[rs]k_(?:live|test)_[A-Za-z0-9]{20,250}"),
        ("stripe-webhook", "whsec_", r"whsec_[A-Za-z0-9+/=]{32,64}"),
        ("shopify", "shpat_ shpca_ shppa_ shpss_", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b"),
        ("square", "sq0csp- EAAA", r"(?:sq0csp-[\w-]{43}|EAAA[\w-]{60})(?![\w-])"),
        ("facebook", "EAA", r"EAA[A-Za-z][A-Za-z0-9]{90,}\b"),
        ("easypost", "EZAK EZTK", r"EZ[AT]K[A-Za-z0-9]{54}\b"),
        ("flutterwave", "FLWSECK", r"FLWSECK(?:_TEST)?-[0-9a-f]{32}-X\b"),
        ("plaid", "access-", rf"access-(?:sandbox|development|production)-{_UUID}"),
        ("shippo", "shippo_", r"shippo_(?:live|test)_[0-9a-fA-F]{40}\b"),
        ("duffel", "duffel_", r"duffel_(?:live|test)_[\w-]{43}(?![\w-])"),
        ("polar", "polar_oat_ polar_pat_", r"polar_[op]at_[\w-]{30,}"),
        ("sendgrid", "SG.", r"SG\.[\w-]{22}\.[\w-]{43}"),
        ("brevo", "xkeysib-", r"xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}\b"),
        ("resend", "re_", r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}\b"),
        ("mailgun", "key-", r"key-[0-9a-f]{32}\b"),
        ("mailchimp", "-us", r"[0-9a-f]{32}-us\d{1,2}\b"),
        ("twilio", "SK", r"SK[0-9a-f]{32}\b"),
        ("npm", "npm_", r"npm_[A-Za-z0-9]{36}\b"),
        ("pypi", "pypi-AgE", r"pypi-AgE[\w-]{50,}"),
        ("rubygems", "rubygems_", r"rubygems_[0-9a-f]{48}\b"),
        ("nuget", "oy2", r"oy2[a-z0-9]{43}\b"),
        ("crates-io", "cio", r"cio[A-Za-z0-9]{32}\b"),
        ("clojars", "CLOJARS_", r"CLOJARS_[a-z0-9]{60}\b"),
        ("artifactory", "AKCp cmVmd", r"(?:AKCp[A-Za-z0-9]{69}|cmVmd[A-Za-z0-9]{59})\b"),
        ("sourcegraph", "sgp_", r"sgp_(?:(?:[0-9a-f]{16}|local)_)?[0-9a-f]{40}\b"),
        ("docker-hub", "dckr_pat_ dckr_oat_", r"dckr_[po]at_[\w-]{24,}"),
        ("postman", "PMAK-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}\b"),
        ("contentful", "CFPAT-", r"CFPAT-[\w-]{43}(?![\w-])"),
        ("clickup", "pk_", r"pk_\d{6,9}_[A-Z0-9]{32}\b"),
        ("buildkite", "bkua_", r"bkua_[0-9a-f]{40}\b"),
        ("circleci", "CCIPAT_ CCIPRJ_", r"CCIP(?:AT|RJ)_[A-Za-z0-9]{22}_[0-9a-f]{40}\b"),
        ("harness", "pat. sat.", r"[ps]at\.[\w-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}\b"),
        ("octopus", "API-", r"API-[A-Z0-9]{26}\b"),
        ("prefect", "pnu_ pnb_", r"pn[ub]_[A-Za-z0-9]{36}\b"),
        ("launchdarkly", "sdk- api-", rf"(?:sdk|api)-{_UUID}"),
        ("statsig", "secret-", r"secret-[A-Za-z0-9]{43}\b"),
        ("infracost", "ico-", r"ico-[A-Za-z0-9]{32}\b"),
        ("readme", "rdme_", r"rdme_[a-z0-9]{64,70}\b"),
        ("wakatime", "waka_", rf"waka_{_UUID}"),
        ("zuplo", "zpka_", r"zpka_[A-Za-z0-9]{32}_[0-9a-f]{8}\b"),
        ("mapbox", "sk.eyJ", r"sk\.eyJ[\w-]{20,200}\.[\w-]{20,}"),
        ("maxmind", "_mmk", r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk\b"),
        ("vercel", "vcp_ vci_ vca_ vcr_ vck_", r"vc[piark]_[A-Za-z0-9]{24,80}\b"),
        ("netlify", "nfp_", r"nfp_[A-Za-z0-9]{36}\b"),
        ("heroku", "HRKU-", r"HRKU-(?:AA[\w-]{58}|[0-9a-f-]{36})(?![\w-])"),
        ("render", "rnd_", r"rnd_[A-Za-z0-9]{28,40}\b"),
        ("fly", "FlyV1 fo1_", r"(?:FlyV1 fm\d[a-z]*_[\w+/=,-]{40,}|fo1_[\w-]{43}(?![\w-]))"),
        ("cloudflare", "cfk_ cfut_ cfat_", r"cf(?:k|ut|at)_[\w-]{40,64}(?![\w-])"),
        ("cloudflare-origin-ca", "v1.0-", r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}\b"),
        ("scalingo", "tk-us-", r"tk-us-[\w-]{48}(?![\w-])"),
        ("tailscale", "tskey-", r"tskey-(?:auth|api|client|scim|webhook)-[A-Za-z0-9]{8,20}-[A-Za-z0-9]{20,48}\b"),
        ("pulumi", "pul-", r"pul-[0-9a-f]{40}\b"),
        ("terraform", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,70}"),
        ("vault", "hvs. hvb. hvr.", r"hv[sbr]\.[\w-]{24,}"),
        ("doppler", "dp.", r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}\b"),
        ("infisical", "st.", r"st\.[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32}\b"),
        ("onepassword", "ops_eyJ", r"ops_eyJ[\w+/=-]{200,}"),
        (
            "onepassword-secret-key",
            "A3-",
            r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}\b",
        ),
        ("age", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{58}\b"),
        ("aws-key-id", "AKIA ASIA", r"(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
        ("aws-bedrock", "ABSK", r"ABSK[A-Za-z0-9+/]{109,269}={0,2}"),
        ("alibaba", "LTAI", r"LTAI[A-Za-z0-9]{17,21}\b"),
        ("tencent", "AKID", r"AKID[A-Za-z0-9]{32}\b"),
        ("yandex", "AQVN", r"AQVN[\w-]{35,38}(?![\w-])"),
        ("clickhouse", "4b1d", r"4b1d[A-Za-z0-9]{38}\b"),
        ("digitalocean", "dop_v1_ doo_v1_ dor_v1_", r"do[opr]_v1_[0-9a-f]{64}\b"),
        ("databricks", "dapi", r"dapi[0-9a-f]{32}(?:-\d)?\b"),
        ("openshift", "sha256~", r"sha256~[\w-]{43}(?![\w-])"),
        ("azure-client-secret", "8Q~", r"[\w~.]{3}8Q~[\w~.-]{31,34}"),
        ("azure-storage", "AccountKey=", r"AccountKey=(?P<secret>[A-Za-z0-9+/]{60,}={0,2})"),
        ("azure-shared-key", "SharedAccessKey=", r"SharedAccessKey=(?P<secret>[A-Za-z0-9+/]{40,}={0,2})"),
        ("azure-sas", "sig=", r"sig=(?P<secret>(?:[A-Za-z0-9+/]|%2[BbFf]){43}(?:=|%3[Dd]))"),
        ("azure-key", "JQQJ99", r"[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}\b"),
        ("azure-devops", "AZDO", r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}\b"),
        ("jwt", "eyJ", r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    )


# A header of PEM or PuTTY, and as much of the block as follows. Line ends may be real or spelled out as in JSON.
_PRIVATE_KEY = (
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[^-]++|-(?!----))*(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----)?"
)


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind known by its form, the more specific first."""
    private_key = Kind("private-key", ("PRIVATE KEY",), _PRIVATE_KEY, body=False)
    return (
        private_key,
        *(
            Kind(name, tuple(keywords.split(" ")), _LEFT + form, order=order)
            for order, (name, keywords, form) in enumerate(_rows(), 1)
        ),
    )


@cache
def compiled(form: str) -> re.Pattern[str]:
    """A kind's form as an expression. Of so many kinds few are met: each is compiled when it is."""
    return re.compile(form)


def kinds_in(text: str) -> list[Kind]:
    """The kinds of which a keyword stands in the text, in their order: all that need be tried."""
    # Few keywords stand in a text; to search for each would be slow. Which way is faster depends on the length alone.
    likely = _by_letters(text) if len(text) > _LONG else _by_beginnings(text)
    found = {kind.order: kind for keyword, kind in likely if keyword in text}
    return [found[order] for order in sorted(found)]


_LONG = 150
_Keyword = tuple[str, Kind]
_COMMON = "etaoinsrhldcumfpgwybvkxjqz-/_.0123456789"


def _by_beginnings(text: str) -> Iterator[_Keyword]:
    """The keywords whose first two letters stand in the text as they do in the keyword."""
    beginnings, known = _beginnings()
    return chain.from_iterable(map(known.__getitem__, beginnings.intersection(pairwise(text))))


def _by_letters(text: str) -> Iterator[_Keyword]:
    """The keywords of which every letter stands somewhere in the text, looked up by the rarest of them."""
    rarest, known = _letters()
    letters = set(text)
    for letter in rarest & letters:
        for needed, keyword in known[letter]:
            if needed <= letters:
                yield keyword


@cache
def _beginnings() -> tuple[frozenset[tuple[str, str]], dict[tuple[str, str], list[_Keyword]]]:
    known: dict[tuple[str, str], list[_Keyword]] = {}
    for kind in kinds():
        for keyword in kind.keywords:
            known.setdefault((keyword[0], keyword[1]), []).append((keyword, kind))
    return frozenset(known), known


@cache
def _letters() -> tuple[frozenset[str], dict[str, list[tuple[frozenset[str], _Keyword]]]]:
    known: dict[str, list[tuple[frozenset[str], _Keyword]]] = {}
    for kind in kinds():
        for keyword in kind.keywords:
            rarest = max(keyword, key=_rarity)
            known.setdefault(rarest, []).append((frozenset(keyword), (keyword, kind)))
    return frozenset(known), known


def _rarity(letter: str) -> int:
    return _COMMON.find(letter) if letter in _COMMON else len(_COMMON)
