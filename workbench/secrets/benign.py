"""What is no secret although it stands where one could: references, placeholders, paths, and plain words."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

from workbench.expressions import expression
from workbench.secrets.names import words

# Every client's way to name a value that is kept elsewhere.
_REFERENCE = expression(
    r"""
      \$\{\{[^{}]*\}\}            # Continue and GitHub: ${{ secrets.X }}
    | \$\{[^{}]*\}                # ${X}, ${env:X}, ${input:x}, ${X:-default}
    | \$\([^()]*\)                # $(command)
    | \{\{[^{}]*\}\}              # {{ template }}
    | \{(?:env|file|input|secret|secrets|vault):[^{}]*\}
    """,
    re.VERBOSE,
)
_WHOLE_REFERENCE = expression(
    r"""
      (?-i:\$[A-Z_][A-Z0-9_]* | \$[a-z_]+) | \$env:[a-z_]\w* | %[a-z_]\w*%
    | (?:op|vault|keychain|keyring|secret|secrets|env|file|ref|bw|pass|sops|awssm|gcpsm|azurekv|ssm|doppler):\S*
    | arn:aws[\w-]*:\S+ | ENC\[[^\[\]]*\] | @Microsoft\.KeyVault\([^()]*\)
    | projects/[^/\s]+/secrets/\S+
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DEFAULT = expression(r"\$\{([A-Za-z_]\w*):?[-=]([^{}]*)\}")
_BRACKETED = expression(r"(?:<[^<>]*>|\[[^\[\]]*\]|\{[^{}]*\}|__\w+__|@@?\w+@@?)\Z")
_MASKED = expression(r"\*{3,}|•{3,}|…|\.{3,}|[xX]{4,}|_{4,}|-{6,}|#{3,}|\?{3,}")
_PIECE = expression(r"[^\s_\-.,:;|/\\'\"<>()\[\]{}]+")
_CAMEL = expression(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_STRONG = words(
    "your yours replace replaceme changeme change placeholder redacted insert example todo fill fillme enter dummy here"
    " sample fake put paste goes xxx tbd mock hidden masked removed"
)
_WEAK = words("my test demo some the a is secret token key api password")
_WORDS_OF_NOTHING = words(
    "none null nil undefined true false yes no on off empty password passwd pass secret token key apikey api_key"
    " postgres changeme changeit mysecretpassword secretpassword required optional default auto unset"
)
_BEGINS_AS_PLACEHOLDER = ("your", "replace", "change", "insert", "enter", "put-", "put_", "paste", "example")
_PATH = expression(r"(?:/|\./|\.\./|~|[A-Za-z]:[\\/]|\\\\|%[a-z]/|file:)")
_URL = expression(r"[A-Za-z][A-Za-z0-9+.-]*://")
_EMAIL = expression(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z][\w-]+\Z")
_DIGEST = expression(r"(?:sha(?:1|256|384|512)|md5)[:-][A-Za-z0-9+/=]+\Z", re.IGNORECASE)
_PUBLIC_KEY = expression(r"(?:sk-)?(?:ssh|ecdsa)-(?:ed25519|rsa|dss|sha2)\b")
# ``@scope/name@1.2.3``, ``name==1.2``
_PACKAGE = expression(r"(?:@[\w.-]+/[\w.-]+|[\w.-]+(?=@|==)(?=.*\d\.\d))(?:(?:@|==)[~^<>=v]{0,3}\d[\w.+-]*)?\Z")
_VERSION = expression(r"[~^<>=v]{0,3}\d{1,8}(?:\.\d{1,8}|(?:\.\d{1,8}){2,3}(?:[-+.][A-Za-z0-9][\w.+-]{0,24})?)\Z")
_BASE64 = expression(r"[A-Za-z0-9+/]+={0,2}\Z")
_NAME = expression(r"[A-Za-z]+(?:[_-][A-Za-z]+)*\Z")
_RUN = expression(r"(.)\1{4,}")
_HEX = expression(r"[0-9a-fA-F]+\Z")
UUID = expression(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


def entropy(text: str) -> float:
    """Shannon entropy in bits a character."""
    length = len(text)
    return -sum(count / length * math.log2(count / length) for count in Counter(text).values()) if length else 0.0


def defaults(text: str) -> list[tuple[str, int, int]]:
    """The defaults inside of references, ``${NAME:-default}``: the name and the offsets of the default."""
    if "${" not in text:
        return []
    return [(match[1], match.start(2), match.end(2)) for match in _DEFAULT.finditer(text) if match[2]]


def is_reference(value: str) -> bool:
    """Whether the value is nothing but references to something kept elsewhere, and what joins them."""
    if _WHOLE_REFERENCE.fullmatch(value):
        return True
    rest, count = _REFERENCE.subn("", value)
    return count > 0 and len(rest.strip(" :/@-_.,;=")) < 8


def is_placeholder(value: str) -> bool:
    """Whether the value stands for a secret that is still to be filled in, or was taken out.

    A placeholder's word inside of something that is otherwise random does not make it a placeholder.
    """
    text = _unescaped(value) if "&" in value else value
    text = text.strip().strip("'\"`")
    if len(set(text)) <= 2 or text.lower() in _WORDS_OF_NOTHING or _BRACKETED.match(text):
        return True
    if "<" in text and ">" in text and not random_length(re.sub(r"<[^<>]*>", "", text)):
        return True
    loose = random_length(text)
    if loose >= 12:
        return False
    if _MASKED.search(text):
        return True
    found = {word.lower() for piece in _PIECE.findall(text) for word in (piece, *_CAMEL.findall(piece))}
    if found & _STRONG or text.lower().startswith(_BEGINS_AS_PLACEHOLDER):
        return True
    return bool(found) and found <= _WEAK | _WORDS_OF_NOTHING


def random_length(text: str) -> int:
    """How many characters of the text look random: pieces that mix digits into letters, or upper into lower case."""
    return sum(len(piece) for piece in _PIECE.findall(text) if _looks_random(piece))


def _looks_random(piece: str) -> bool:
    if len(piece) < 4 or is_sequence(piece):
        return False
    digits = sum(character.isdigit() for character in piece)
    if digits and digits < len(piece):
        # ``production2024`` is a word with a number at its end; ``9f3a1c…`` is not.
        return len(piece) >= 20 or _HEX.match(piece) is not None or not re.fullmatch(r"[A-Za-z][a-z]*[0-9]{1,4}", piece)
    if digits:
        return len(piece) >= 8
    turns = sum(one.islower() != two.islower() for one, two in pairwise(piece))
    if len(piece) < 8 or turns < 4 or turns * 3 < len(piece):
        return False
    return len(piece) < 4 * len(_CAMEL.findall(piece))  # ``ReplaceWithYourActualToken`` is made of words


def is_sequence(text: str) -> bool:
    """Whether most of the text is counted up or repeated: ``1234567890``, ``abcdef``, ``0000``."""
    if len(text) < 4:
        return False
    pairs = pairwise(text)
    steps = sum(ord(two) - ord(one) in (0, 1) or one + two in ("90", "9a", "9A") for one, two in pairs)
    return steps * 10 >= (len(text) - 1) * 7


def is_plain(value: str) -> bool:
    """Whether the value is a path, a URL, an address, a digest or a public key: what opens nothing."""
    if any(form.match(value) for form in (_URL, _EMAIL, _DIGEST, _PUBLIC_KEY)):
        return True
    return bool(_PATH.match(value)) and not _is_key_material(value)


def is_version(value: str) -> bool:
    """Whether the value is a version, or a package with or without one. A password may well look like that."""
    return bool(_VERSION.match(value) or _PACKAGE.match(value))


def is_name(value: str) -> bool:
    """Whether the value is made of letters alone, joined by dashes or underscores, like a name or a phrase."""
    return bool(_NAME.match(value)) and random_length(value) == 0


def is_repetitive(value: str) -> bool:
    """Whether it is filler: one character over and over, or counted up."""
    return is_sequence(value) or bool(_RUN.search(value) and len(set(value)) < 8)


def _is_key_material(value: str) -> bool:
    """Base64 may begin with a slash. What no path has: its alphabet alone, and a long piece that is no name or hash."""
    if len(value) < 32 or not _BASE64.match(value) or entropy(value) <= 4.2:
        return False
    longest = max(value.split("/"), key=len)
    return len(longest) >= 20 and not _HEX.match(longest) and random_length(longest) > 0


def _unescaped(text: str) -> str:
    import html  # its table of names takes milliseconds to read, and few values need it

    return html.unescape(text)
