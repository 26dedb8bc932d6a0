"""Where the code that a running server executes came from, and which version of it that is."""

from __future__ import annotations

import os
import re
from dataclasses import replace

from workbench.host.processes.chains import Found
from workbench.host.processes.indirect import module_file
from workbench.host.processes.packages import Packages, PythonPlace
from workbench.host.processes.programs import is_interpreter, is_launcher, program_name, script_of
from workbench.host.processes.recognise import Recogniser
from workbench.host.processes.table import Hidden, Table
from workbench.host.sources import editable_project, node_kind, project_of, python_kind
from workbench.model.sources import SourceFact, SourceKind
from workbench.secrets import redact
from workbench.text import visible

_DELETED = " (deleted)"
_INSIDE = re.compile(r".*?/\d+/root(?=/)")
_SYSTEM = ("/usr/bin/", "/usr/sbin/", "/usr/lib/", "/usr/libexec/", "/bin/", "/sbin/", "/lib/")
# Of a start only whole seconds are certain, and the clock may have been set meanwhile.
_MARGIN_SECONDS = 5.0


def source_of(table: Table, recogniser: Recogniser, found: Found) -> SourceFact | None:
    """The source of a server; None where what it runs is not known or may not be looked up. Raises Gone."""
    argv = table.command(found.pid)
    if is_launcher(argv):
        return None  # what it will start is not there yet, or lies in a container
    script = script_of(argv)
    interpreted = is_interpreter(program_name(argv[0])) if argv else False
    try:
        if not interpreted:
            return _of_program(table, recogniser.packages, found.pid)
        file = _script_file(table, found)
        source = _of_node_file(recogniser.packages, file) if file is not None else None
        if source is not None:
            return _as_run(table, found.pid, source)
        package = found.recognition.package
        if package:
            place = recogniser.python_place(found.pid, argv, script.text)
            metadata = place.metadata(package) if place is not None else ""
            if place is not None and metadata:
                return _as_run(table, found.pid, _of_distribution(place, package, metadata))
        if file is not None:
            return _as_run(table, found.pid, _of_file(recogniser, file))
    except Hidden:
        return None
    if script.kind == "script" and script.text.startswith("/") and not table.may_be_elsewhere(found.pid):
        package = found.recognition.package
        kind = node_kind(os.path.dirname(script.text))
        if kind is not None and package:
            return _shown(SourceFact(kind, script.text, "npm", package, deleted=True))
        return _shown(SourceFact("program", script.text, deleted=True))
    return None


def _script_file(table: Table, found: Found) -> str | None:
    script = script_of(table.command(found.pid))
    path = found.recognition.script or script.text
    if not path or "://" in path:
        return None
    if script.kind == "module" and path == script.text:
        return module_file(table, found.pid, path)
    return table.locate(found.pid, path) or table.locate(found.pid, f"{path}.js")


def _of_program(table: Table, packages: Packages, pid: int) -> SourceFact | None:
    executable = table.executable(pid)
    path = executable.removesuffix(_DELETED)
    deleted = executable.endswith(_DELETED)
    if not path:
        return None
    located = None if deleted else table.locate(pid, path)
    if located is not None and table.container(pid):
        return _as_run(table, pid, SourceFact("container", located))
    kind = node_kind(os.path.dirname(path))
    if located is not None and kind is not None:
        source = _of_node_file(packages, located)
        if source is not None:
            return _as_run(table, pid, source)
    ours: SourceKind = "system" if path.startswith(_SYSTEM) else "program"
    return _shown(SourceFact(kind or ours, path, deleted=deleted))


def _of_node_file(packages: Packages, file: str) -> SourceFact | None:
    kind = node_kind(os.path.dirname(file))
    if kind is None:
        return None
    package = packages.node(file)
    if package is None:
        return None
    return SourceFact(kind, package.folder, "npm", package.name, package.version)


def _of_distribution(place: PythonPlace, package: str, metadata: str) -> SourceFact:
    version = place.version(package)
    project = editable_project(metadata)
    if project:
        return SourceFact("checkout", project, "pypi", package, version)
    return SourceFact(python_kind(place.folder), metadata, "pypi", package, version)


def _of_file(recogniser: Recogniser, file: str) -> SourceFact:
    inside = _INSIDE.match(file)
    home = (inside[0] if inside else "") + recogniser.home
    package = recogniser.packages.node(file) if not file.endswith(".py") else None
    if package is not None and package.folder != home:
        return SourceFact("checkout", package.folder, "npm", package.name, package.version)
    project = project_of(file, home)
    return SourceFact("checkout", project) if project else SourceFact("program", file)


def _as_run(table: Table, pid: int, source: SourceFact) -> SourceFact:
    """The source as the running process has it: by its own paths, in its container, or replaced since it started."""
    inside = _INSIDE.match(source.path)
    path = source.path[inside.end() :] if inside is not None else source.path
    if table.container(pid):
        return _shown(replace(source, kind="container", path=path))
    if source.kind not in ("checkout", "program", "system") and _is_replaced(source.path, table.started(pid)):
        return _shown(replace(source, path=path, version="", deleted=True))
    return _shown(replace(source, path=path))


def _is_replaced(folder: str, started: float) -> bool:
    # A new folder with a new file in it. Either alone is no sign: a server may keep data in its folder, and a package
    # manager that links one file into many environments touches it each time.
    name = "METADATA" if folder.endswith(".dist-info") else "package.json"
    try:
        made, written = os.stat(folder).st_mtime, os.stat(f"{folder}/{name}").st_ctime
    except OSError:
        return False
    return started > 0 and min(made, written) > started + _MARGIN_SECONDS


def _shown(source: SourceFact) -> SourceFact:
    return replace(
        source,
        path=visible(redact(source.path)),
        package=visible(redact(source.package)),
        version=visible(redact(source.version), 100),
    )
