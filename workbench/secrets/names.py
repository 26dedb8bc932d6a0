"""What the name of a variable, key or flag says of its value."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

NameKind = Literal["secret", "password", ""]


def words(text: str) -> frozenset[str]:
    """The words of a text that are separated by blanks: a readable way to write a set."""
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET = words("TOKEN SECRET KEY APIKEY PAT DSN AUTH AUTHORIZATION BEARER CREDENTIAL CREDENTIALS CREDS COOKIE SECRETS")
_PASSWORD = words("PASSWORD PASSWD PASSPHRASE PASS PWD PASSCODE")
_SECRET_ENDS = ("TOKEN", "SECRET", "APIKEY", "ACCESSKEY", "SECRETKEY", "PRIVATEKEY", "AUTHKEY")
_PASSWORD_ENDS = ("PASSWORD", "PASSWD", "PASSPHRASE")
# Words after which a secret's name no longer names a secret: what counts is the last word of the name.
_COUNTERS = words("PROD PRODUCTION STAGING DEV TEST LIVE VALUE RAW B64 BASE64 STRING")
# A key that is no secret by its nature: ``PUBLIC_KEY``, ``SORT_KEY``, or only the id of one: ``GPG_KEY``.
_HARMLESS = words(
    "PUBLIC PUBLISHABLE SORT PARTITION PRIMARY FOREIGN CACHE HOT SHORTCUT OBJECT ROW INDEX IDEMPOTENCY MAP GROUP"
    " SITE BUNDLE ANON CSRF COUNT MAX MIN FORWARD GPG PGP"
)
_NEVER_HARMLESS = words("SECRET PRIVATE")
# Paths, and the number that ConsoleKit gave a session.
_PATH_LIKE = words("PWD OLDPWD INIT_CWD XDG_SESSION_COOKIE")


@lru_cache(maxsize=2048)
def kind_of_name(name: str) -> NameKind:
    """``secret`` or ``password`` when the name says that its value is one, else "".

    Understands ``GITHUB_TOKEN``, ``--api-key``, ``exaApiKey``, ``x-api-key`` and ``PGPASSWORD``. Names of a place, a
    count or an identity of a secret (``TOKEN_FILE``, ``MAX_OUTPUT_TOKENS``, ``AWS_ACCESS_KEY_ID``) are no such names.
    """
    if len(name) > 200 or name in _PATH_LIKE:
        return ""
    parts = [word.upper() for word in _WORD.findall(name)]
    while len(parts) > 1 and (parts[-1].isdigit() or parts[-1] in _COUNTERS):
        parts.pop()
    if not parts:
        return ""
    last = parts[-1]
    if last in _PASSWORD or last.endswith(_PASSWORD_ENDS):
        return "password"
    if last in _SECRET or last.endswith(_SECRET_ENDS):
        return "" if _HARMLESS.intersection(parts[:-1]) and not _NEVER_HARMLESS.intersection(parts) else "secret"
    return ""
