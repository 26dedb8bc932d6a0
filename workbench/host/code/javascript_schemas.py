"""Schemas in JavaScript: which call checks a value against one, and what a schema lets through."""

from __future__ import annotations

import re
from typing import Literal

from workbench.host.code.javascript_names import Names
from workbench.host.code.javascript_scopes import EACH, Path
from workbench.host.code.javascript_syntax import Node
from workbench.host.code.javascript_texts import literal, option

FieldKind = Literal["text", "no text", "checked", "unknown"]

_LIBRARIES = {
    "zod": "zod",
    "zod/v4": "zod",
    "zod/v3": "zod",
    "zod/mini": "zod",
    "zod/v4-mini": "zod",
    "z": "zod",
    "ajv": "ajv",
    "ajv/dist/2020.js": "ajv",
    "ajv/dist/jtd": "ajv",
    "@sinclair/typebox": "typebox",
    "@sinclair/typebox/value": "typebox",
    "@sinclair/typebox/compiler": "typebox",
    "typebox": "typebox",
    "superstruct": "superstruct",
    "valibot": "valibot",
    "joi": "joi",
    "Joi": "joi",
    "@hapi/joi": "joi",
    "yup": "yup",
    "io-ts": "io-ts",
    "arktype": "arktype",
    "runtypes": "runtypes",
    "effect": "effect",
    "@effect/schema": "effect",
}
_CHECKS = {
    "parse", "parseAsync", "safeParse", "safeParseAsync", "Check", "Parse", "Decode", "Errors", "validate",
    "validateSync", "validateAsync", "isValid", "isValidSync", "assert", "attempt", "create", "mask", "is", "decode",
    "check", "guard", "allows", "spa",
}  # fmt: skip
_GIVING = {"parse", "parseAsync", "Parse", "Decode", "create", "mask", "attempt", "validateSync", "cast"}
_WRAPPING = {"safeParse", "safeParseAsync", "spa"}
_SCHEMA_NAME = re.compile(r"(?i)schema|validator|struct$|^z[A-Z]|message$|args$|input$|params$|shape$|type$")
# Readers of texts, whose ``parse`` checks nothing.
_NO_SCHEMA = re.compile(
    r"(?i)^(?:json\d*|path|url|date|number|qs|querystring|yaml|js-yaml|toml|ini|csv|acorn|@babel|marked|semver|bytes|ms"
    r"|shell-quote|yargs|minimist|commander|dotenv|smol-toml|jsonc-parser|cheerio|node-html-parser|cookie|espree)\b"
)
_TEXT = {"string"}
_NO_TEXT = {
    "number", "int", "int32", "int64", "float32", "float64", "uint32", "boolean", "bool", "bigint", "date", "enum",
    "nativeEnum", "literal", "null", "undefined", "never", "nan", "uuid", "uuidv4", "iso", "ipv4", "ipv6", "cuid",
    "ulid", "email", "integer",
}  # fmt: skip
# What may follow a type without narrowing it to something harmless.
_SILENT = {
    "min", "max", "length", "optional", "nullable", "nullish", "default", "describe", "trim", "nonempty", "catch",
    "readonly", "prefault", "meta", "title", "toLowerCase", "toUpperCase", "url", "required", "label", "openapi",
    "strict", "passthrough", "strip", "partial", "loose", "describeParameter", "exactOptional",
}  # fmt: skip


class Schemas:
    """Reads the schemas of one file."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def library(self, call: Node) -> str:
        """The library by which a call checks its argument (``zod``), ``a schema`` where that is not told; "" where it
        checks nothing.
        """
        method = self._names.method(call)
        function = call["function"]
        if function is None or not call.arguments:
            return ""
        if function.kind in ("identifier", "member_expression"):
            made = self._names.value(function)
            if made is not None and made is not function and made.kind == "call_expression":
                compiled = self._names.method(made)
                if compiled in ("compile", "compileAsync", "getSchema", "Compile"):
                    return self._library_of(made) or "ajv"
        if method not in _CHECKS:
            return ""
        receiver = self._names.receiver(call)
        found = self._library_of(receiver) if receiver is not None else self._library_of(function)
        if found or not is_schema_check(self._names.called(call), method, receiver, self._names):
            return found
        return "a schema"

    def of_check(self, call: Node) -> Node | None:
        """The schema that a call checks against, where it stands in this file."""
        receiver = self._names.receiver(call)
        made = self._names.value(receiver)
        if made is not None and made.kind == "call_expression":
            return made
        for argument in call.arguments[:2]:
            made = self._names.value(argument)
            if made is not None and made.kind == "call_expression" and self._library_of(made):
                return made
        return None

    def field(self, schema: Node | None, path: Path) -> FieldKind:
        """What a value may be, by its schema (a call such as ``z.object``, or a plain object of fields)."""
        node = schema
        for name in path[:6]:
            node = self._inside(node, name)
            if node is None:
                return "unknown"
        return self._kind(node)

    def _library_of(self, node: Node | None) -> str:
        """The library that an expression begins with, down the chain of its calls."""
        for _ in range(24):
            node = self._names.value(node)
            if node is None:
                return ""
            name = self._names.of(node)
            if name:
                head = name
                while head:
                    if head in _LIBRARIES:
                        return _LIBRARIES[head]
                    head = head.rpartition(".")[0]
                return ""
            if node.kind in ("call_expression", "new_expression"):
                node = node["function"] or node["constructor"]
            elif node.kind == "member_expression":
                node = node["object"]
            else:
                return ""
        return ""

    def _inside(self, node: Node | None, name: str) -> Node | None:
        node = self._names.value(node)
        for _ in range(12):
            if node is None:
                return None
            if node.kind == "object":
                return option(node, name)
            if node.kind != "call_expression":
                return None
            method = self._names.method(node)
            if (
                method in ("object", "strictObject", "looseObject", "Object", "array", "Array", "set")
                and node.arguments
            ):
                inner = self._names.value(node.arguments[0])
                if method in ("array", "Array", "set"):
                    return inner if name == EACH else None
                if inner is None or inner.kind != "object":
                    return None
                node = inner
            elif method in _SILENT:
                node = self._names.value(self._names.receiver(node))
            else:
                return None
        return None

    def _kind(self, node: Node | None) -> FieldKind:
        node = self._names.value(node)
        for _ in range(16):
            if node is None:
                return "unknown"
            if node.kind == "object":
                return self._kind_of_json_schema(node)
            if node.kind != "call_expression":
                # A type from elsewhere may be as narrow as it likes.
                return "checked"
            method = self._names.method(node)
            if method in _TEXT or method == "String":
                return "text"
            if method in _NO_TEXT or method.lower() in _NO_TEXT:
                return "no text"
            if method in ("any", "unknown", "Any"):
                return "text"
            if method in ("optional", "nullable", "nullish", "Optional", "pipe") and node.arguments:
                if method == "pipe" and len(node.arguments) > 1:
                    return "checked"
                node = self._names.value(node.arguments[0])
            elif method in _SILENT:
                node = self._names.value(self._names.receiver(node))
            elif method in ("object", "strictObject", "array", "Array", "Object", "union", "record"):
                return "unknown"
            else:
                return "checked"
        return "unknown"

    def _kind_of_json_schema(self, node: Node) -> FieldKind:
        if option(node, "enum") is not None or option(node, "const") is not None:
            return "no text"
        kind = literal(option(node, "type"))
        return "text" if kind == "string" else "no text" if kind in ("number", "integer", "boolean") else "unknown"


def is_schema_check(name: str, method: str, receiver: Node | None, names: Names) -> str:
    """How a call checks a value against a schema: ``plain`` gives the value back, ``wrapped`` a result that holds it,
    ``asked`` says whether it fits; "" where it does nothing of the kind.
    """
    if method not in _CHECKS:
        return ""
    head = name.rpartition(".")[0]
    if head not in _LIBRARIES and head.partition(".")[0] not in _LIBRARIES:
        if receiver is None or _NO_SCHEMA.match(name):
            return ""
        if method not in ("safeParse", "safeParseAsync", "parseAsync", "spa"):
            value = names.value(receiver)
            made_here = value is not None and value.kind == "call_expression"
            if not _SCHEMA_NAME.search(names.last(receiver)) and not (made_here and method in ("parse", "Check")):
                return ""
    if method in _WRAPPING:
        return "wrapped"
    return "plain" if method in _GIVING else "asked"
