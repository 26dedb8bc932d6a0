"""Listeners on unix sockets in JavaScript: where they listen, what narrows their mode, whose accounts they ask for."""

from __future__ import annotations

import re

from workbench.host.code.javascript_addresses import Address, Addresses, private_folders
from workbench.host.code.javascript_harmless import is_logging
from workbench.host.code.javascript_names import Names
from workbench.host.code.javascript_scopes import targets
from workbench.host.code.javascript_sites import Sites, told
from workbench.host.code.javascript_syntax import FUNCTIONS, Node
from workbench.host.code.javascript_texts import literal, number, option
from workbench.host.code.javascript_values import Exhausted
from workbench.model.code import PeerCheck, Restriction, UnixListener

_SERVERS = re.compile(
    r"^(?:net|http|https|http2|tls)\.(?:createServer|createSecureServer|Server)$|^(?:express|fastify|koa)$"
)
_RAW_SERVERS = re.compile(r"^net\.(?:createServer|Server)$")
_SOCKET_NAME = re.compile(
    r"(?i)(?:sock(?:et)?_?(?:path|file|addr(?:ess)?|name)?|ipc_?(?:path|file)?|pipe_?(?:path|name))$"
)
_SOCKET_PLACE = re.compile(r"^/(?:tmp|var|run|dev/shm)/|\.sock(?:et)?$")
_PEERS = re.compile(
    r"(?i)peer_?cred|getpeer(?:eid|ucred|uid)|get_?sock_?opt|peer_?(?:uid|pid|identity)|so_peercred|ucred"
)
_REMOVING = {"fs.unlink", "fs.unlinkSync", "fs.rm", "fs.rmSync", "fs.remove", "fs.removeSync"}
_COMPARING = {"===", "!==", "==", "!=", "<", ">", "<=", ">=", "in"}
_ASKING = {"has", "includes", "indexOf", "equal", "strictEqual", "deepStrictEqual", "some", "every", "find"}
_MODES = ("fs.chmod", "fs.chmodSync")
_OTHERS = 0o022
_MOST = 100


class Listeners:
    """Looks through one file for listeners."""

    def __init__(self, names: Names, sites: Sites, calls: list[Node]) -> None:
        self._names = names
        self._sites = sites
        self._calls = calls
        self._addresses = Addresses(names)
        self._private: tuple[str, ...] | None = None
        self._peer: tuple[PeerCheck, int | None] | None = None
        self._listening: list[Node] = []
        self._umasks: list[Node] = []
        self._modes: list[Node] = []
        self._removals: list[Node] = []

    def listeners(self) -> tuple[UnixListener, ...]:
        """Every listener on a unix socket. Raises Exhausted where there are more than anybody writes."""
        listening = [call for call in self._calls if self._names.method(call) == "listen" and call.arguments]
        if not listening:
            return ()
        self._listening = listening
        for call in self._calls:
            name = self._names.called(call)
            if not call.arguments:
                continue
            if name == "process.umask":
                self._umasks.append(call)
            elif name in _MODES and len(call.arguments) > 1:
                self._modes.append(call)
            elif name in _REMOVING:
                self._removals.append(call)
        if len(listening) > _MOST or len(self._removals) > _MOST or len(self._modes) > _MOST:
            raise Exhausted
        return tuple(made for call in listening if (made := self._listener(call)) is not None)

    def _listener(self, call: Node) -> UnixListener | None:
        server = self._server(self._names.receiver(call))
        given = self._names.value(call.arguments[0])
        options = given if given is not None and given.kind == "object" else None
        place = option(options, "path") if options is not None else call.arguments[0]
        if place is None:
            return None
        address = self._addresses.of(place)
        if not self._is_socket(address, place, server, options is not None):
            return None
        restriction, line = self._restriction(call, place, address, options)
        peers, peers_at = self._peers(server)
        return UnixListener(
            self._sites.of(call),
            told(f"{self._names.last(self._names.receiver(call)) or 'server'}.listen"),
            address.kind,
            told(address.text, 200),
            told(address.unless),
            restriction,
            line,
            self._unlinked(call, place),
            peers,
            peers_at,
        )

    def _server(self, receiver: Node | None) -> Node | None:
        """The call that makes the server, by its name, a member of ``this``, or a chain of methods."""
        names = self._names
        waiting = [receiver] if receiver is not None else []
        for _ in range(24):
            if not waiting:
                return None
            node = waiting.pop()
            if node.kind == "member_expression" and (of := node["object"]) is not None and of.kind == "this":
                waiting += names.scopes.member(node, names.last(node))[:8]
            elif (binding := names.scopes.binding(node)) is not None:
                waiting += [value.expression for value in binding.values[:8] if not value.path]
            elif node.kind in ("call_expression", "new_expression"):
                if _SERVERS.match(names.called(node)):
                    return node
                if (inner := names.receiver(node)) is not None:
                    waiting.append(inner)
            elif node.kind in ("await_expression", "assignment_expression") and node.children:
                waiting.append(node.children[-1])
        return None

    def _is_socket(self, address: Address, place: Node, server: Node | None, is_path_option: bool) -> bool:
        if address.kind == "abstract":
            return True
        if address.kind in ("fixed", "partly fixed") and not address.is_path:
            return False
        if server is None:
            return address.kind in ("fixed", "partly fixed") and bool(_SOCKET_PLACE.search(address.text))
        if address.is_path or is_path_option:
            return True
        return bool(_SOCKET_NAME.search(self._names.last(place)))

    def _restriction(
        self, call: Node, place: Node, address: Address, options: Node | None
    ) -> tuple[Restriction, int | None]:
        if address.kind == "abstract":
            return "none", None
        writable = option(options, "writableAll")
        if writable is not None and writable.kind == "true":
            return "widened", self._sites.line(writable)
        after = self._changed_after(call, place, address)
        if after is not None and after[1] & _OTHERS:
            return "widened", self._sites.line(after[0])
        if address.kind == "private folder" or self._in_private(address):
            return "private folder", None
        mask = self._umask(call)
        if mask is not None:
            return mask
        if after is not None:
            return "chmod after", self._sites.line(after[0])
        # Of a place that the code does not tell, the folder may be anybody's or its account's alone.
        return "none" if address.kind != "unknown" else "unknown", None

    def _umask(self, call: Node) -> tuple[Restriction, int | None] | None:
        """What the last ``process.umask()`` before a listener leaves to others."""
        last: Node | None = None
        elsewhere = False
        for made in self._umasks[:_MOST]:
            around = _function_of(made)
            if made.start < call.start and (around is None or around.holds(call)):
                last = made
            elif around is not _function_of(call) and not call.holds(made):
                mask = number(self._names.value(made.arguments[0]))
                elsewhere = elsewhere or (mask is not None and mask & _OTHERS == _OTHERS)
        if last is not None:
            mask = number(self._names.value(last.arguments[0]))
            if mask is None:
                before = self._names.value(last.arguments[0])
                if before is not None and self._names.called(before) == "process.umask":
                    # What it was before, again: nothing is narrowed any more.
                    return None
                return "unknown", self._sites.line(last)
            return ("umask" if mask & _OTHERS == _OTHERS else "widened"), self._sites.line(last)
        return ("unknown", None) if elsewhere else None

    def _changed_after(self, call: Node, place: Node, address: Address) -> tuple[Node, int] | None:
        for made in self._modes:
            if made.start < call.start or not self._same(made.arguments[0], place, address):
                continue
            mode = number(self._names.value(made.arguments[1]))
            if mode is not None and not self._is_of_another(made, call):
                return made, mode
        return None

    def _is_of_another(self, made: Node, call: Node) -> bool:
        """Whether another listener of the file stands between one and a change of a mode, which is then that one's."""
        return any(call.start < other.start <= made.start for other in self._listening) and not call.holds(made)

    def _in_private(self, address: Address) -> bool:
        if address.kind not in ("fixed", "partly fixed"):
            return False
        if self._private is None:
            self._private = private_folders(self._names, self._addresses, self._calls)
        return any(address.text.startswith(folder.rstrip("/") + "/") for folder in self._private)

    def _unlinked(self, call: Node, place: Node) -> int | None:
        address = self._addresses.of(place)
        line = None
        for made in self._removals:
            if made.start > call.start:
                continue
            around = _function_of(made)
            if (around is None or around.holds(call)) and self._same(made.arguments[0], place, address):
                line = self._sites.line(made)
        return line

    def _same(self, one: Node, other: Node, address: Address) -> bool:
        """Whether two expressions are the same path."""
        binding = self._names.scopes.binding(one)
        if binding is not None and binding is self._names.scopes.binding(other):
            return True
        if one.home.text(one) == other.home.text(other) and one.kind == "member_expression":
            return True
        found = self._addresses.of(one)
        return found.kind == address.kind == "fixed" and found.text == address.text

    def _peers(self, server: Node | None) -> tuple[PeerCheck, int | None]:
        if self._peer is None:
            self._peer = self._peers_read()
        if self._peer[0] != "not read":
            return self._peer
        return ("not read" if self._tells(server) else "unknown"), None

    def _peers_read(self) -> tuple[PeerCheck, int | None]:
        """Whether anything in the file asks for the account at the other end, and compares it."""
        read: Node | None = None
        asked = 0
        for call in self._calls:
            if _PEERS.search(self._names.method(call)) or _PEERS.search(self._names.called(call)):
                read = read or call
                asked += 1
                if asked > _MOST or self._compared(call):
                    return "compared", self._sites.line(call)
        if read is not None:
            return "not compared", self._sites.line(read)
        return "not read", None

    def _compared(self, call: Node) -> bool:
        """Whether what a call read of the peer is compared with anything, or given to what may do it."""
        for above in call.above():
            if above.kind == "binary_expression" and above.word in _COMPARING:
                return True
            if above.kind in ("return_statement", "arrow_function"):
                return True
            if above.kind == "arguments" and above.parent is not None:
                outer = above.parent
                if not is_logging(self._names.called(outer) or self._names.method(outer)):
                    return True
            if above.kind in ("variable_declarator", "assignment_expression"):
                left = above["name"] or above["left"]
                bound = [self._names.scopes.binding(target) for target, _, _ in targets(left)] if left else []
                return any(self._is_asked(use) for each in bound if each is not None for use in each.uses[:200])
            if above.kind in ("statement_block", "program"):
                return False
        return False

    def _is_asked(self, use: Node) -> bool:
        for above in use.above():
            kind = above.kind
            if kind == "binary_expression":
                return above.word in _COMPARING or above.word in ("&&", "||")
            if kind == "arguments" and above.parent is not None:
                outer = above.parent
                return not is_logging(self._names.called(outer) or self._names.method(outer))
            if kind in ("if_statement", "switch_statement", "return_statement", "unary_expression"):
                return True
            if kind not in ("member_expression", "pair", "object", "await_expression", "call_expression"):
                return False
        return False

    def _tells(self, server: Node | None) -> bool:
        """Whether the code shows what is done with a connection: its handler stands here and keeps the socket."""
        if server is None or not _RAW_SERVERS.match(self._names.called(server)):
            return False
        handlers = [self._names.function(argument) for argument in server.arguments]
        for call in self._calls:
            arguments = call.arguments
            if self._names.method(call) in ("on", "once") and arguments and literal(arguments[0]) == "connection":
                handlers.append(self._names.function(arguments[-1]))
        functions = [handler for handler in handlers if handler is not None]
        return bool(functions) and all(self._keeps(function) for function in functions)

    def _keeps(self, function: Node) -> bool:
        for parameter in self._names.scopes.parameters_of(function):
            if parameter.position != 0:
                continue
            if parameter.path:
                return False
            for use in parameter.uses[:200]:
                around = use.parent
                if around is None or around.kind == "member_expression":
                    continue
                outer = around.parent
                if around.kind != "arguments" or outer is None:
                    return False
                # Kept in a list, it is still this file's; given to a function, it may be asked who it is.
                if self._names.method(outer) not in ("add", "push", "delete", "set", "pipe", "get", "has"):
                    inner = self._names.function(outer["function"])
                    if inner is None or inner is function or not self._keeps_once(inner, outer, use):
                        return False
        return True

    def _keeps_once(self, function: Node, call: Node, use: Node) -> bool:
        """The same of a function of the file that is given the connection: one level down, no further."""
        position = next((at for at, each in enumerate(call.arguments) if each is use), -1)
        for parameter in self._names.scopes.parameters_of(function):
            if parameter.position == position:
                if parameter.path:
                    return False
                for inner in parameter.uses[:200]:
                    if inner.parent is None or inner.parent.kind != "member_expression":
                        return False
        return True


def _function_of(node: Node) -> Node | None:
    return next((above for above in node.above() if above.kind in FUNCTIONS), None)
