"""The argument vector of a config entry, whatever shape it has, and where each of its words stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workbench.expressions import expression
from workbench.host.clients.layouts import words
from workbench.model.facts import SecretFact
from workbench.model.finding import Pointer
from workbench.model.record import record

_COMMAND = ("command", "cmd")
_ARGUMENTS = ("args", "arguments")
_PLACE = expression(r"args\[(\d+)\]")
_WHOLE_LINE = expression(r"(?:[\w.@+-]+|/\S+(?=\s+[-/]))\s")
_FOLDER = expression(r"\$\{(?:__dirname|extensionPath|CLAUDE_PLUGIN_ROOT)\}")
_ANSWER = expression(r"\$\{user_config\.([^}]+)\}")
_FILL_LIMIT = 500
_ITEM_LIMIT = 4096
_TIMES = 16
_SEPARATOR = expression(r"\$\{(?:/|pathSeparator)\}")


@record
class Misshapen:
    """A part of a document that is not of the shape its client reads. ``lost`` when its content was not understood."""

    pointer: Pointer
    why: str
    lost: bool = False


@record
class Argument:
    """One item of an argument vector: its text, where it stands, and the name of that place."""

    text: str
    pointer: Pointer
    place: str
    editable: bool


def argument_vector(
    value: dict[str, Any], pointer: Pointer, wrong: list[Misshapen], folder: str, answers: Mapping[str, Any]
) -> list[Argument]:
    """The command and its arguments. ``folder`` and ``answers`` are put in where an extension refers to them."""
    vector: list[Argument] = []
    for key in _COMMAND:
        command = value.get(key)
        if isinstance(command, str):
            vector += _command(command, (*pointer, key), key, alone=not any(value.get(name) for name in _ARGUMENTS))
        elif isinstance(command, list):
            vector += _items(command, (*pointer, key), key, wrong)
        elif isinstance(command, dict):
            # The older shape of some clients: {"command": {"path": …, "args": […]}}.
            path = command.get("path")
            if isinstance(path, str):
                vector.append(Argument(path, (*pointer, key, "path"), f"{key}.path", True))
            if isinstance(command.get("args"), list):
                vector += _items(command["args"], (*pointer, key, "args"), f"{key}.args", wrong)
        elif command is not None:
            wrong.append(Misshapen((*pointer, key), f"it is {word(command)}, not a text", lost=True))
    for key in _ARGUMENTS:
        arguments = value.get(key)
        if isinstance(arguments, list):
            vector += _items(arguments, (*pointer, key), key, wrong)
        elif arguments is not None:
            wrong.append(Misshapen((*pointer, key), f"it is {word(arguments)}, not a list", lost=True))
            if isinstance(arguments, str):
                vector.append(Argument(arguments, (*pointer, key), key, False))
    if not folder:
        return vector
    # An extension's own texts decide how much comes of filling them in.
    filled = [each for item in vector[:_FILL_LIMIT] for each in _filled_in(item, folder, answers)]
    return filled + vector[_FILL_LIMIT:]


def placed(secret: SecretFact, arguments: list[Argument]) -> SecretFact:
    """The secret with its place in the document instead of in the argument vector."""
    match = _PLACE.match(secret.place)
    if match is None or int(match.group(1)) >= len(arguments):
        return secret
    place = arguments[int(match.group(1))].place
    return replace(secret, place=place + secret.place[match.end() :])


def scalar(value: Any) -> str:
    """The text of a text or a number, "" for anything else."""
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def word(value: Any) -> str:
    """What kind of value it is, in words for a person."""
    if value is None:
        return "nothing"
    kinds = {bool: "a yes or no", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a table"}
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), f"a {type(value).__name__}")


def _command(text: str, pointer: Pointer, place: str, *, alone: bool) -> list[Argument]:
    """A command; where it is a whole command line in one text, the words of it."""
    if not (alone and _WHOLE_LINE.match(text)):
        return [Argument(text, pointer, place, True)]
    return [Argument(item, pointer, place, False) for item in words(text)[:_ITEM_LIMIT]]


def _items(values: list[Any], pointer: Pointer, place: str, wrong: list[Misshapen]) -> list[Argument]:
    items: list[Argument] = []
    if len(values) > _ITEM_LIMIT:
        wrong.append(
            Misshapen(pointer, f"of its {len(values)} items only the first {_ITEM_LIMIT} were read", lost=True)
        )
    for index, item in enumerate(values[:_ITEM_LIMIT]):
        where = (*pointer, index)
        if isinstance(item, str):
            items.append(Argument(item, where, f"{place}[{index}]", True))
            continue
        is_scalar = isinstance(item, (bool, int, float))
        wrong.append(Misshapen(where, f"it is {word(item)}, not a text", lost=not is_scalar))
        if is_scalar:
            text = str(item).lower() if isinstance(item, bool) else str(item)
            items.append(Argument(text, where, f"{place}[{index}]", False))
    return items


def _filled_in(item: Argument, folder: str, answers: Mapping[str, Any]) -> list[Argument]:
    """An argument as the client starts it; an answer that is a list makes one argument of each of its items."""
    whole = _ANSWER.fullmatch(item.text)
    answer = answers.get(whole.group(1)) if whole else None
    if isinstance(answer, list):
        return [replace(item, text=scalar(each), editable=False) for each in answer]
    text = _FOLDER.sub(lambda _: folder, item.text, _TIMES)
    text = _SEPARATOR.sub("/", text)
    text = _ANSWER.sub(lambda match: scalar(answers.get(match.group(1))) or match.group(), text, _TIMES)
    return [item if text == item.text else replace(item, text=text, editable=False)]
