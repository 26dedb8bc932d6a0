"""Windows' own ways to start a program: ``cmd /c …``, ``powershell -Command …``, ``wsl …``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.expressions import expression
from workbench.launch.shells import LONGEST, MARK
from workbench.launch.step import Step
from workbench.launch.words import Word, arity, basename, read_options

_SET = expression(r'set\s+"?([A-Za-z_][\w()]*)=', re.IGNORECASE)
_CHANGE = expression(r"(?:cd|chdir|pushd)(?:\s+/d)?\s+(?=\S)", re.IGNORECASE)
_ASSIGN = expression(r"\$env:(\w+)\s*=", re.IGNORECASE)
_LOCATION = expression(r"(?:cd|sl|set-location|push-location)\s+(?:-(?:literal)?path\s+)?(?=\S)", re.IGNORECASE)
_POWERSHELL_VALUED = (
    "executionpolicy", "version", "windowstyle", "workingdirectory", "configurationname", "configurationfile",
    "custompipename", "outputformat", "inputformat", "settingsfile", "psconsolefile",
)  # fmt: skip
_POWERSHELL_SHORT = ("ep", "ex", "w", "wd", "wo", "o", "of", "if", "inp")


def unwrap_cmd(words: Sequence[Word]) -> Step | None:
    """``cmd /d /s /c npx …`` or with all of it in one string, also after ``set A=b &&`` and ``cd /d X &&``."""
    at = 1
    while at < len(words) and words[at].text.startswith("/"):
        # Git's shells for Windows want the slash twice.
        switch = words[at].text.lower().removeprefix("/")
        switch = switch if switch.startswith("/") else f"/{switch}"
        at += 1
        if switch[:2] in ("/c", "/k"):
            rest = list(words[at:])
            if len(switch) > 2:
                rest.insert(0, words[at - 1].part(words[at - 1].text.lstrip("/")[1:]))
            return _prepared(rest)
    return None


def _prepared(rest: list[Word]) -> Step:
    names: list[Word] = []
    directory: Word | None = None
    if len(rest) == 1 and " " in rest[0].text and len(rest[0].text) <= LONGEST:
        string = rest[0]
        *before, last = string.text.split("&&")
        for preparation in before:
            plain = preparation.strip().lstrip('"')
            if (setting := _SET.match(plain)) is not None:
                names.append(string.part(setting[1]))
            elif (change := _CHANGE.match(plain)) is not None:
                directory = string.part(plain[change.end() :].strip(' "'))
            else:
                return Step("cmd", (), understood=False)
        rest = [string.part(text) for text in windows_words(last)]
    while rest and rest[0].text.lower() in ("call", "@call"):
        rest = rest[1:]
    if any(re.search(r"[&|<>]", word.text) for word in rest if not MARK.fullmatch(word.text)):
        return Step("cmd", (), understood=False)
    return Step("cmd", tuple(rest), environment=tuple(names), directory=directory)


def windows_words(text: str) -> list[str]:
    """Split as Windows does: double quotes hold words together, backslashes are letters."""
    return [match.replace('"', "") for match in re.findall(r'(?:[^\s"]|"[^"]*"?)+', text)]


def unwrap_powershell(words: Sequence[Word]) -> Step | None:
    """``powershell -NoProfile -Command npx …``. Any beginning of a switch that tells it from others stands for it."""
    at = 1
    while at < len(words) and words[at].text.startswith("-") and len(words[at].text) > 1:
        switch = words[at].text[1:].lower()
        at += 1
        if switch in ("c", "commandwithargs", "cwa") or (len(switch) > 2 and "command".startswith(switch)):
            return _one_command(list(words[at:]))
        if switch == "ec" or "encodedcommand".startswith(switch):
            return Step("powershell", (), understood=False)
        if "file".startswith(switch):
            return Step("powershell", tuple(words[at:]))
        if switch in _POWERSHELL_SHORT or any(
            len(switch) > 2 and name.startswith(switch) for name in _POWERSHELL_VALUED
        ):
            at += 1
    if at < len(words) and basename(words[0].text) == "powershell":
        return _one_command(list(words[at:]))
    return None


def _one_command(rest: list[Word]) -> Step:
    names: list[Word] = []
    directory: Word | None = None
    if len(rest) == 1 and len(rest[0].text) <= LONGEST:
        string = rest[0]
        *before, last = [part for part in string.text.split(";") if part.strip()] or [""]
        for preparation in before:
            plain = preparation.strip()
            if (setting := _ASSIGN.match(plain)) is not None:
                names.append(string.part(setting[1]))
            elif (change := _LOCATION.match(plain)) is not None:
                directory = string.part(plain[change.end() :].strip("'\" "))
            else:
                return Step("powershell", (), understood=False)
        rest = [string.part(text) for text in windows_words(last)]
    if rest and rest[0].text == "&":
        rest = rest[1:]
    if not rest or any(re.search(r"[;|&<>{}()]", word.text) for word in rest if not MARK.fullmatch(word.text)):
        return Step("powershell", (), understood=False)
    return Step("powershell", tuple(rest), environment=tuple(names), directory=directory)


_WSL = arity("-e --exec -~ --system", "-d --distribution --distribution-id -u --user --cd --shell-type")


def unwrap_wsl(words: Sequence[Word]) -> Step | None:
    """``wsl -d Ubuntu --cd /srv -- command``."""
    rest = list(words[1:])
    if rest and rest[0].text == "~":
        rest = rest[1:]
    options = read_options(rest, _WSL)
    user = options.value("-u", "--user")
    if not options.rest:
        return None
    account = user.text if user else ""
    return Step("wsl", options.rest, account=account, understood=options.understood, named=user)
