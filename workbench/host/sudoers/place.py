"""Find the line a rule stands on. Only for showing it: what a rule means is never taken from the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from workbench.model.facts import FileFact
from workbench.model.record import record
from workbench.model.sudoers import SudoRule, SudoStatement
from workbench.secrets import redact, redact_arguments
from workbench.text import visible

_NO_RULE = re.compile(r"(?:Defaults\b|(?:User|Runas|Host|Cmnd|Cmd)_Alias\b|[@#]include(?:dir)?\b)")
_ESCAPE = re.compile(r"\\(.)")
_PASSWORD_TAG = re.compile(r"(\b(?:NO)?PASSWD[ \t]*:)")
_SPACE = re.compile(r"\s+")


@record
class Line:
    """One line of a policy file that may be a rule, continuations joined. ``number`` is that of its first part."""

    file: str
    number: int
    text: str


def rule_lines(file: str, content: str) -> Iterator[Line]:
    """The lines of a policy file that are neither comments, Defaults, aliases nor includes."""
    number, text = 0, ""
    for current, part in enumerate(content.splitlines(), 1):
        number = number or current
        if part.endswith("\\"):
            text += part[:-1] + " "
            continue
        whole = _SPACE.sub(" ", _ESCAPE.sub(r"\1", text + part)).strip()
        # A "#" before digits is a user id, not a comment.
        if whole and "=" in whole and not _NO_RULE.match(whole) and (whole[0] != "#" or whole[1:2].isdigit()):
            yield Line(file, number, whole)
        number, text = 0, ""


def statements(fact: FileFact, content: bytes) -> Iterator[SudoStatement]:
    """The rules and aliases of commands of a policy file as they are written, secrets hidden."""
    lines: list[str] = []
    for number, line in enumerate(content.decode("utf-8", "surrogateescape").split("\n"), 1):
        lines.append(line)
        if line.endswith("\\"):
            continue
        text = lines[0].lstrip()
        is_rule = bool(text) and not _NO_RULE.match(text) and (text[0] not in "#@" or text[1:2].isdigit())
        if is_rule or text.startswith(("Cmnd_Alias", "Cmd_Alias")):
            shown = tuple(map(shown_line, lines))
            yield SudoStatement(fact.path, number - len(lines) + 1, shown, fact.exact and list(shown) == lines)
        lines = []


def shown_line(line: str) -> str:
    """A line of a policy as it may be seen: as it is, but for secrets and characters that could act."""
    spaced = line.replace("\t", " ")  # a tab is a blank to sudo, and nothing odd
    parts = []
    # What stands behind the tag PASSWD is no password.
    for place, part in enumerate(_PASSWORD_TAG.split(spaced)):
        words = part.split(" ")
        parts.append(part if place % 2 else visible(redact(" ".join(redact_arguments(words)[0]))))
    shown = "".join(parts)
    return line if shown == spaced else shown


def find(rule: SudoRule, lines: Sequence[Line]) -> Line | None:
    """The line of a rule: the first that names its callers and commands, else the only one that names either."""
    users = [user for user in rule.users if not user.startswith("!")]
    commands = [command.text for command in rule.commands if not command.negated]
    both = [line for line in lines if _names(line, users) and all(command in line.text for command in commands)]
    if both:
        # NOPASSWD tells two rules of one account apart.
        tagged = [line for line in both if ("NOPASSWD" in line.text) == rule.passwordless]
        return (tagged or both)[0]
    for wanted in (
        [line for line in lines if all(command in line.text and command != "ALL" for command in commands)],
        [line for line in lines if _names(line, users)],
    ):
        if len(wanted) == 1:
            return wanted[0]
    return None


def _names(line: Line, users: Sequence[str]) -> bool:
    listed = line.text.partition("=")[0].replace(",", " ").replace('"', " ").split()
    return bool(users) and all(set(user.split()) <= set(listed) for user in users)
