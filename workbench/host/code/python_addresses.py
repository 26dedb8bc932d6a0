"""Work out where a unix socket is made, as far as the code says it."""

from __future__ import annotations

import ast
from dataclasses import replace

from workbench.host.code.python_module import Module, Scope, shown
from workbench.model.code import AddressKind
from workbench.model.record import record
from workbench.secrets.names import words

_DEEPEST = 8
_PRIVATE = frozenset(
    words(
        "tempfile.mkdtemp tempfile.TemporaryDirectory platformdirs.user_runtime_dir"
        " platformdirs.user_runtime_path xdg.xdg_runtime_dir xdg_base_dirs.xdg_runtime_dir"
    )
)
_RANDOM = frozenset(
    words(
        "uuid.uuid4 uuid.uuid1 secrets.token_hex secrets.token_urlsafe tempfile.mktemp tempfile.mkstemp"
        " tempfile.NamedTemporaryFile secrets.choice"
    )
)
_THROUGH = frozenset(
    (
        "str",
        "os.fspath",
        "pathlib.Path",
        "pathlib.PurePath",
        "os.path.abspath",
        "os.path.realpath",
        "os.path.normpath",
        "os.fsencode",
        "anyio.Path",
    )
)
_KEEPING = frozenset(("as_posix", "resolve", "absolute", "expanduser", "encode", "strip", "hex"))
TEMPORARY = "/tmp"  # noqa: S108 - it is shown, and nothing is made there
_RUNTIME = "XDG_RUNTIME_DIR"


@record
class Address:
    """What is known of an address: see ``UnixListener``. ``text`` has everything up to the first part not known."""

    kind: AddressKind
    text: str = ""
    unless: str = ""


UNKNOWN = Address("unknown")


def address_of(module: Module, node: ast.expr, scope: Scope, depth: int = 0) -> Address:
    """The address that an expression names."""
    module.left -= 20
    if depth > _DEEPEST or module.left < 0:
        return UNKNOWN
    if isinstance(node, ast.Constant):
        return _literal(node.value)
    if isinstance(node, ast.Name):
        return _named(module, node.id, scope, depth)
    if isinstance(node, ast.Attribute):
        return _attribute(module, node, scope, depth)
    if isinstance(node, ast.JoinedStr):
        parts = [each.value if isinstance(each, ast.FormattedValue) else each for each in node.values]
        return _joined(module, parts, scope, "", depth)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Div):
        between = "/" if isinstance(node.op, ast.Div) else ""
        return _joined(module, [node.left, node.right], scope, between, depth)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        whole = address_of(module, node.left, scope, depth + 1)
        return replace(whole, kind="partly fixed", text=whole.text.partition("%")[0]) if whole.text else whole
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        last = address_of(module, node.values[-1], scope, depth + 1)
        return _unless(last, setting_of(module, node.values[0]) or "another is given")
    if isinstance(node, ast.Subscript) and module.dotted(node.value) == "os.environ":
        return _setting(node.slice)
    if isinstance(node, ast.Call):
        return _call(module, node, scope, depth)
    return UNKNOWN


def setting_of(module: Module, node: ast.expr) -> str:
    """The variable of the environment that an expression reads, "" for none."""
    if isinstance(node, ast.Call) and module.dotted(node.func) in ("os.getenv", "os.environ.get") and node.args:
        wanted = node.args[0]
    elif isinstance(node, ast.Subscript) and module.dotted(node.value) == "os.environ":
        wanted = node.slice
    else:
        return ""
    return shown(wanted.value) if isinstance(wanted, ast.Constant) and isinstance(wanted.value, str) else ""


def _literal(value: object) -> Address:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str) or not value:
        return UNKNOWN
    if value.startswith("\0"):
        return Address("abstract", shown(value[1:]))
    return Address("fixed", shown(value))


def _setting(node: ast.expr) -> Address:
    return Address("private folder") if isinstance(node, ast.Constant) and node.value == _RUNTIME else UNKNOWN


def _unless(address: Address, setting: str) -> Address:
    return replace(address, unless=address.unless or setting) if address.kind != "unknown" else address


def _named(module: Module, name: str, scope: Scope, depth: int) -> Address:
    for each in module.scopes(scope):
        values = module.assigned[each].get(name, [])
        if values:
            return _agreed(module, values, each, depth)
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and name in {
            given.arg for given in (*each.args.posonlyargs, *each.args.args, *each.args.kwonlyargs)
        }:
            return _parameter(module, name, each, depth)
    return _imported(module, module.imports.get(name, ""), depth)


def _imported(module: Module, name: str, depth: int) -> Address:
    """A constant of another file of the package, by its full name."""
    other = module.other(name)
    values = other.assigned[other.tree].get(name.rpartition(".")[2], []) if other is not None else []
    return _agreed(other, values, other.tree, depth) if other is not None and values else UNKNOWN


def _agreed(module: Module, values: list[ast.expr], scope: Scope, depth: int) -> Address:
    found = [address_of(module, value, scope, depth + 1) for value in values[:4]]
    if len(found) == 1:
        return found[0]
    private = [each for each in found if each.kind == "private folder"]
    others = [each for each in found if each.kind not in ("private folder", "unknown")]
    # A private folder first and another one where there is none: that is the one to know of.
    return _unless(others[0], _RUNTIME) if private and len(others) == 1 else UNKNOWN


def _parameter(module: Module, name: str, function: ast.FunctionDef | ast.AsyncFunctionDef, depth: int) -> Address:
    """A parameter: what the one call in this file gives, else its default."""
    place = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    given: list[Address] = []
    calls = module.calls.get(function.name, [])
    module.left -= len(calls)
    for scope, node in calls:
        if module.function(node.func, scope) is not function:
            continue
        at = place.index(name) if name in place else -1
        if place[:1] in (["self"], ["cls"]):
            at -= 1
        value = next((each.value for each in node.keywords if each.arg == name), None)
        if value is None and 0 <= at < len(node.args):
            value = node.args[at]
        if value is not None:
            given.append(address_of(module, value, scope, depth + 1))
    if given:
        return given[0] if len(set(given)) == 1 else UNKNOWN
    positional = [*function.args.posonlyargs, *function.args.args]
    defaults = dict(zip([each.arg for each in positional[::-1]], function.args.defaults[::-1], strict=False))
    defaults |= {
        each.arg: value
        for each, value in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
        if value is not None
    }
    if name in defaults:
        return _unless(address_of(module, defaults[name], function, depth + 1), f"the argument {shown(name)}")
    return UNKNOWN


def _attribute(module: Module, node: ast.Attribute, scope: Scope, depth: int) -> Address:
    if node.attr in ("name", "parent"):
        inner = address_of(module, node.value, scope, depth + 1)
        return inner if inner.kind == "private folder" else UNKNOWN
    if isinstance(node.value, ast.Name) and node.value.id == "self":
        owner = scope
        while not isinstance(owner, ast.ClassDef | ast.Module):
            owner = module.above[owner]
        values = [*module.assigned[owner].get(f"self.{node.attr}", []), *module.assigned[owner].get(node.attr, [])]
        method = next((each for each in module.functions[owner].values() if each.name == "__init__"), None)
        return _agreed(module, values, method or scope, depth) if values else UNKNOWN
    if isinstance(node.value, ast.Name):
        found = _imported(module, module.dotted(node), depth)
        return found if found != UNKNOWN else _option(module, node.attr, scope, depth)
    return UNKNOWN


def _option(module: Module, name: str, scope: Scope, depth: int) -> Address:
    """An option of the command line that argparse reads: its default."""
    options = module.calls.get("add_argument", [])
    module.left -= len(options)
    for within, node in options:
        words = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        default = next((each.value for each in node.keywords if each.arg == "default"), None)
        if default is not None and any(word.lstrip("-").replace("-", "_") == name for word in words):
            return _unless(address_of(module, default, within, depth + 1), shown(words[-1]))
    return UNKNOWN


def _call(module: Module, node: ast.Call, scope: Scope, depth: int) -> Address:
    name = module.dotted(node.func)
    if name in _PRIVATE:
        return Address("private folder")
    if name in _RANDOM:
        return Address("random", TEMPORARY if name.startswith("tempfile.") else "")
    if name == "tempfile.gettempdir":
        return Address("fixed", TEMPORARY)
    if name in ("os.path.join", "posixpath.join"):
        return _joined(module, node.args, scope, "/", depth)
    if name in ("os.getenv", "os.environ.get") and node.args:
        setting = setting_of(module, node)
        if len(node.args) < 2:
            return _setting(node.args[0])
        return _unless(address_of(module, node.args[1], scope, depth + 1), setting or "it is set")
    if name in ("os.path.expanduser", "pathlib.Path.home"):
        return address_of(module, node.args[0], scope, depth + 1) if node.args else Address("fixed", "~")
    if name in _THROUGH and node.args:
        return _joined(module, node.args, scope, "/", depth)
    if isinstance(node.func, ast.Attribute):
        if node.func.attr == "joinpath":
            return _joined(module, [node.func.value, *node.args], scope, "/", depth)
        if node.func.attr in _KEEPING:
            return address_of(module, node.func.value, scope, depth + 1)
        if node.func.attr == "format":
            whole = address_of(module, node.func.value, scope, depth + 1)
            return replace(whole, kind="partly fixed", text=whole.text.partition("{")[0]) if whole.text else whole
    function = module.function(node.func, scope)
    if function is None:
        return UNKNOWN
    owner = module.owners.get(function, module)
    returned = [each.value for each in owner.nodes[function] if isinstance(each, ast.Return) and each.value is not None]
    return _agreed(owner, returned, function, depth) if returned else UNKNOWN


def _joined(module: Module, parts: list[ast.expr], scope: Scope, between: str, depth: int) -> Address:
    found = [address_of(module, part, scope, depth + 1) for part in parts]
    if not found:
        return UNKNOWN
    if found[0].kind in ("private folder", "abstract"):
        more = "".join(each.text for each in found[1:] if each.kind == "fixed")
        return replace(found[0], text=found[0].text + more) if found[0].kind == "abstract" else found[0]
    if found[0].kind == "unknown":
        return UNKNOWN
    text, kind = "", "fixed"
    for place, each in enumerate(found):
        if place and each.kind == "fixed" and each.text.startswith("/") and between:
            text = ""  # as os.path.join has it, an absolute part begins anew
        text += (between if place and text and not text.endswith("/") and between else "") + each.text
        if each.kind == "random":
            return Address("random", text, found[0].unless)
        if each.kind != "fixed":
            kind = "partly fixed"
            break
    if any(each.kind == "random" for each in found):
        kind = "random"
    unless = next((each.unless for each in found if each.unless), "")
    return Address(kind, text, unless)  # type: ignore[arg-type]
