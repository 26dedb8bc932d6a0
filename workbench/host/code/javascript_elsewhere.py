"""Where JavaScript hands something on to what is not followed: another file, a package, a function that is chosen."""

from __future__ import annotations

import re

from workbench.host.code.javascript_answers import answers_of, size_of
from workbench.host.code.javascript_harmless import PASSIVE_METHODS, TAKING_METHODS, TEXT_METHODS, is_logging
from workbench.host.code.javascript_names import Names
from workbench.host.code.javascript_objects import set_to, unknown_base
from workbench.host.code.javascript_schemas import Schemas
from workbench.host.code.javascript_syntax import Node
from workbench.host.code.javascript_texts import literal

# How an import begins that names a file of the package itself: by its place, or by a short name for a folder.
_OWN_FILES = (".", "#", "@/", "~/")
NAMING = ("identifier", "member_expression", "subscript_expression", "call_expression", "this")
# Methods that may open files or run something, or any function that a caller brings.
_ACTING = re.compile(
    r"(?i)file|dir(?:ectory|$)|folder|command|exec|spawn|shell|script|^run|^(?:handle|handler|callback|cb|fn|invoke|call"
    r"|apply|dispatch)$|(?:call|run|handle|invoke|dispatch)_?tool"
)
# Objects that may do so whatever the method's name is.
_HOLDING = re.compile(
    r"(?i)(?:service|manager|stor(?:e|age)|repository|workspace|files?(?:system)?|^fs|vault|shell|terminal|executor|runner"
    r"|registry|handlers?|tools?)$"
)
_ASKING = TEXT_METHODS | PASSIVE_METHODS | TAKING_METHODS
_ASKING |= {"includes", "has", "get", "find", "findIndex", "indexOf", "some", "every", "filter", "map", "forEach"}
# Those of packages from elsewhere, which are not read; what node itself has of this kind is known.
_REACHING = re.compile(
    r"(?i)^(?:(?:read|write|open|load|save|delete|append|remove|parse|import|upload)_?files?|set_?input_?files"
    r"|(?:exec|execute|run)_?(?:command|file|shell|script)|spawn|shell)(?:_?sync)?$"
)
_READ_THEMSELVES = ("fs.", "child_process.", "Deno.", "Bun.", "execa", "shelljs.")
_CLIMB = 12
_DEEPEST = 4
_MOST_ANSWERS = 8


class Elsewhere:
    """Tells of the calls of one file, and of those it is followed into, which of them lead on to what is not known."""

    def __init__(self, names: Names, schemas: Schemas) -> None:
        self._names = names
        self._schemas = schemas

    def leads(self, call: Node) -> bool:
        """Whether a call hands on what it is given to another file, or to a function that is not known, for more than
        to write it down or to check it.
        """
        if self._schemas.library(call) or is_logging(self._names.called(call) or self._names.method(call)):
            return False
        function = call["function"]
        ways = (self._is_elsewhere, self._is_chosen, self._is_of_a_package, self._is_inherited)
        return any(leads(function) for leads in ways)

    def _is_inherited(self, function: Node | None) -> bool:
        """Whether it is a method of ``super`` that some class of the package has which is not known."""
        of = function["object"] if function is not None and function.kind == "member_expression" else None
        if function is None or of is None or of.kind != "super":
            return False
        base = unknown_base(function, self._names)
        name = self._names.of(base)
        return base is not None and (not name or name.startswith(_OWN_FILES))

    def _is_of_a_package(self, function: Node | None) -> bool:
        """Whether it is a function of a package from elsewhere that by its name opens files or runs commands."""
        name = self._names.of(function)
        return bool(_REACHING.search(self._names.last(function))) and not name.startswith(_READ_THEMSELVES)

    def _is_elsewhere(self, function: Node | None) -> bool:
        """Whether a function stands in a file of the package that is not read, is a method of what a class there makes,
        or is made of one by what wraps it.
        """
        if function is None:
            return False
        name = self._names.of(function)
        if name or self._names.is_broken(function):
            return name.startswith(_OWN_FILES) or not name
        value = self._names.value(function)
        if value is not None and value.kind == "call_expression":
            # What wraps the function of a tool, and may check its arguments: withErrors(async (request) => …).
            wraps = any(self._names.function(argument) is not None for argument in value.arguments)
            return wraps or self._is_elsewhere(value["function"])
        of = self._names.value(function["object"]) if function.kind == "member_expression" else None
        made = of["constructor"] if of is not None and of.kind == "new_expression" else None
        return self._names.of(made).startswith(_OWN_FILES)

    def _is_chosen(self, function: Node | None) -> bool:
        """Whether which function it is, is told elsewhere: one out of a table, one that was given, one that another
        file makes, a method of an object that was given which by its name runs or opens something.
        """
        taken = self._names.scopes.is_taken(function)
        function = self._names.value(function)
        if function is None or self._names.of(function):
            return False
        if function.kind == "subscript_expression":
            return literal(function["index"]) is None and not self._names.of(function["object"])
        if function.kind == "call_expression":
            return not self._names.of(function["function"])
        if function.kind == "member_expression":
            of = self._names.value(function["object"])
            if of is None or self._names.of(of):
                return False
            taken = self._names.scopes.is_taken(function["object"])
            if self._is_foreign(of):
                return False
            if self._names.last(function) in ("call", "apply") and of.kind == "member_expression":
                return False
            method = self._names.last(function)
            if method in _ASKING:
                return False
            own = of.kind == "call_expression" and self._names.function(of["function"]) is not None
            named = _ACTING.search(method) or _HOLDING.search(self._names.last(function["object"]))
            acting = named is not None and of.kind != "object"
            return (taken or acting or own) and of.kind in (*NAMING, "new_expression", "object")
        binding = self._names.scopes.binding(function)
        given = binding.function if binding is not None and binding.kind == "parameter" else None
        return taken or (given is not None and given.parent is not None and given.parent.kind != "arguments")

    def _is_foreign(self, made: Node | None, deep: int = 0) -> bool:
        """Whether an object is one of a package from elsewhere, whose own affair it is what it does."""
        for _ in range(_CLIMB):
            self._names.spend(1)
            if made is None or deep > _DEEPEST:
                return False
            name = self._names.of(made)
            if name:
                return not name.startswith(_OWN_FILES)
            if made.kind in ("member_expression", "subscript_expression"):
                made = self._names.value(made["object"])
                continue
            if made.kind == "identifier":
                values = set_to(made, self._names)
                return bool(values) and all(self._is_foreign(self._names.value(each), deep + 1) for each in values)
            if made.kind not in ("new_expression", "call_expression"):
                return False
            function = self._names.function(made["function"])
            if function is not None:
                self._names.spend(size_of(function))
                answers = [self._names.value(each) for each in answers_of(function)[:_MOST_ANSWERS]]
                return bool(answers) and all(self._is_foreign(each, deep + 1) for each in answers)
            made = self._names.value(made["constructor"] or made["function"])
        return False
