"""Messages between the processes of a JavaScript program: who acts on one unchecked, and who sends a secret in one."""

from __future__ import annotations

import re

from workbench.host.code.javascript_channels import Channel, channel_of
from workbench.host.code.javascript_flow import Flow
from workbench.host.code.javascript_harmless import is_logging
from workbench.host.code.javascript_schemas import is_schema_check
from workbench.host.code.javascript_secrets import secret_in
from workbench.host.code.javascript_sinks import commands_of, paths_of
from workbench.host.code.javascript_sites import Sites, told
from workbench.host.code.javascript_syntax import Node
from workbench.host.code.javascript_texts import literal
from workbench.host.code.javascript_values import Call, Taint, Ways
from workbench.model.code import MessageHandler, SecretSend

_MOST_ACTS = 8
_DEEPEST = 3
_LISTENING = {"on", "once", "addListener", "prependListener"}
# What hands a message on, keeps it or counts it, and does nothing that it says.
_PASSIVE = {
    "add", "append", "assign", "Boolean", "broadcast", "callback", "catch", "cb", "clearInterval", "clearTimeout",
    "complete", "concat", "Date", "delete", "deserialize", "digest", "done", "emit", "end", "endsWith", "enqueue",
    "entries", "Error", "every", "filter", "find", "forEach", "format", "freeze", "from", "fulfill", "get", "has",
    "hasOwn", "hasOwnProperty", "includes", "indexOf", "inspect", "isArray", "isFinite", "isInteger", "isNaN",
    "join", "json", "keys", "map", "Map", "match", "max", "min", "next", "now", "Number", "parse", "parseFloat",
    "parseInt", "postMessage", "publish", "push", "reject", "replace", "resolve", "round", "send", "serialize",
    "set", "Set", "setTimeout", "settle", "shift", "slice", "some", "split", "startsWith", "String", "stringify",
    "test", "then", "toFixed", "toJSON", "toString", "trim", "TypeError", "unshift", "update", "values", "write",
}  # fmt: skip
# ``handlers[message.type].run()`` chooses what is run as ``handlers[message.type]()`` does.
_RUNNING = {"call", "apply", "run", "handle", "handler", "execute", "invoke", "process"}
# The number of a question, by which its answer finds who asked: that chooses nothing.
_ANSWER = re.compile(r"(?:^|_)(?:id|seq|nonce|uuid|pid|idx|index)$|(?:Id|ID|Seq|Uuid|Index)$")
_HANDING_ON = re.compile(r"^(?:on[A-Z]|report|notify|show|display|render|updateProgress|updateStatus|setProgress)")
_BY_HAND = re.compile(
    r"^(?:is|assert|valid|check|verif|ensure|guard|sanit|expect|must|parse|decode|authoriz|authentic)"
)
_WHOLE_TYPES = {"object", "undefined", "function"}


class Messages:
    """Looks through the handlers of messages of one file, and through what it sends."""

    def __init__(self, flow: Flow, sites: Sites, calls: list[Node]) -> None:
        self._flow = flow
        self._names = flow.names
        self._sites = sites
        self._calls = calls

    def handlers(self) -> tuple[MessageHandler, ...]:
        """The handlers of messages whose code stands in the file and is understood."""
        found = []
        for call in self._calls:
            arguments = call.arguments
            if len(arguments) < 2 or self._names.method(call) not in _LISTENING:
                continue
            if literal(arguments[0]) != "message":
                continue
            receiver = self._names.receiver(call)
            channel = channel_of(receiver, self._names)
            handler = self._names.function(arguments[1])
            if channel is None or handler is None or receiver is None:
                continue
            made = _Handler(self._flow, handler, channel).read()
            if made is None:
                continue
            shown = f"{self._names.shown(receiver)}.{self._names.method(call)}('message')"
            found.append(
                MessageHandler(
                    self._sites.of(call),
                    told(shown),
                    channel.sender,
                    made.validator,
                    tuple(told(act) for act in made.acts[:_MOST_ACTS]),
                    told(made.dispatch),
                )
            )
        return tuple(found)

    def sends(self) -> tuple[SecretSend, ...]:
        """The messages that hold a secret by its name."""
        found = []
        for call in self._calls:
            method = self._names.method(call)
            if method not in ("send", "postMessage") or not call.arguments:
                continue
            receiver = self._names.receiver(call)
            if receiver is None or channel_of(receiver, self._names) is None:
                continue
            secret = secret_in(call.arguments[0], self._names)
            if secret is not None:
                name, is_literal = secret
                shown = f"{self._names.shown(receiver)}.{method}"
                found.append(
                    SecretSend(
                        self._sites.of(call),
                        told(shown),
                        told(name),
                        is_literal,
                    )
                )
        return tuple(found)


class _Handler:
    """What one handler does with a message."""

    def __init__(self, flow: Flow, function: Node, channel: Channel) -> None:
        self._flow = flow
        self._names = flow.names
        self._function = function
        self._channel = channel
        self._seen: set[int] = set()
        self.validator = ""
        self.acts: list[str] = []
        self.dispatch = ""
        self.understood = True

    def read(self) -> _Handler | None:
        """Itself once it has looked; None where it cannot tell what becomes of the message."""
        given: list[Ways] = [()] * self._channel.position + [(Taint(),)]
        self._look(self._function, self._flow.entered(self._function, [], given, Call({})), 0)
        if not self.understood and not self.validator:
            return None
        return self

    def _look(self, function: Node, call: Call, deep: int) -> None:
        if function.index in self._seen:
            return
        self._seen.add(function.index)
        for node in function.home.inside(function):
            self._flow.spend(1)
            kind = node.kind
            if kind in ("call_expression", "new_expression"):
                self._look_at(node, call, deep)
            elif kind == "unary_expression" and node.word == "typeof":
                self._asked(node, call)
            elif kind == "binary_expression" and node.word in ("instanceof", "in"):
                part = node["left"]
                if any(taint.path or node.word == "in" for taint in self._flow.of(part, call)):
                    self._by_hand(node)

    def _look_at(self, node: Node, call: Call, deep: int) -> None:
        names = self._names
        name, method = names.called(node), names.method(node)
        chosen = self._chosen(node["function"], call)
        if chosen is not None:
            # What a thread chooses it could as well call itself: it is of the same process.
            if not self.validator and not self._channel.thread:
                self.dispatch = self.dispatch or names.shown(chosen)
            return
        arguments = node.arguments[:20]
        ways = [self._flow.of(argument, call) for argument in arguments]
        given = [taint for each in ways for taint in each]
        library = self._flow.schemas.library(node)
        if library:
            if given and not self.acts and not self.dispatch:
                self.validator = self.validator or library
            return
        if not given:
            if name in ("Object.hasOwn", "Object.prototype.hasOwnProperty.call"):
                self._by_hand(node)
            return
        if self.validator:
            return
        if paths_of(name, node) or commands_of(name, node, names) or name in ("require", "import", "process.kill"):
            self._act(name)
            return
        if name in ("Number.isInteger", "Number.isFinite", "Array.isArray", "Object.hasOwn") or method == "hasOwn":
            if any(taint.path for taint in given):
                self._by_hand(node)
            return
        if is_logging(name or method) or method in _PASSIVE or _HANDING_ON.match(method) or method.endswith("Error"):
            return
        if node.kind == "new_expression":
            return
        function = names.function(node["function"])
        if function is not None and deep < _DEEPEST:
            if _BY_HAND.match(method) and _decides(node):
                self._by_hand(node)
                return
            whole = any(not taint.path for taint in given)
            before = len(self.acts)
            self._look(function, self._flow.entered(function, arguments, ways, call), deep + 1)
            if not whole and len(self.acts) == before and not self.validator and not self.dispatch:
                self._act(method)
            return
        if _BY_HAND.match(method) or _decides(node):
            self._by_hand(node)
            return
        if any(not taint.path or taint.lost for taint in given):
            # The message as a whole goes where this file does not tell: it may well be checked there.
            if node.kind == "call_expression" and not is_schema_check(name, method, names.receiver(node), names):
                self.understood = False
            return
        if method:
            self._act(method)

    def _chosen(self, function: Node | None, call: Call) -> Node | None:
        """The expression by which a message chooses what is called: ``handlers[message.type]``."""
        if function is None:
            return None
        value = function if function.kind == "subscript_expression" else self._names.value(function)
        if value is not None and value.kind == "member_expression" and self._names.last(value) in _RUNNING:
            value = value["object"]
        if value is None or value.kind != "subscript_expression":
            return None
        index = value["index"]
        of = value["object"]
        if of is None or self._flow.of(of, call) or _ANSWER.search(self._names.last(index)):
            return None
        if not self._flow.of(index, call):
            return None
        return value

    def _asked(self, node: Node, call: Call) -> None:
        """``typeof message.x === "string"``: a check by hand, where it asks for more than that there is an object."""
        part, around = node["argument"], node.parent
        other = around["right"] if around is not None and around.kind == "binary_expression" else None
        if any(taint.path for taint in self._flow.of(part, call)) and literal(other) not in _WHOLE_TYPES:
            self._by_hand(node)

    def _by_hand(self, node: Node) -> None:
        if not self.acts and not self.dispatch:
            self.validator = self.validator or "written by hand"

    def _act(self, name: str) -> None:
        dangerous = "." in name or name in ("eval", "Function", "exec", "execSync", "spawn", "spawnSync", "require")
        # A thread has the rights of its process, and a parent those of its child: only what runs what they say counts.
        if (self._channel.thread or self._channel.sender == "parent") and not dangerous:
            return
        if name not in self.acts:
            self.acts.append(name)


def _decides(call: Node) -> bool:
    """Whether a call's answer decides what is done next."""
    node = call
    for above in call.above():
        if above.kind in ("if_statement", "ternary_expression", "while_statement"):
            return above["condition"] is node
        if above.kind in ("unary_expression", "await_expression") or (
            above.kind == "binary_expression" and above.word in ("&&", "||", "===", "!==", "==", "!=")
        ):
            node = above
            continue
        return False
    return False
