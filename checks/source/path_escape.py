"""A tool of a server opens a path that can lead out of its folder.

What it looks at
----------------
In the code of servers: the arguments of their tools, followed to where a file is opened, listed, written or removed,
through the functions of the same file and of the other files of its package. It is found where nothing
keeps the path in a folder, and where what is meant to keep it does not: a comparison of beginnings without a separator,
a check of the text that is made before links are followed, ``absolute()`` or ``path.resolve()`` taken for a check. A
check that is not understood, or stands where it is not followed to, is not judged. A path that is one of a list known
beforehand, or of which only the last part is taken, is in order.

Why it matters
--------------
The model fills in the argument, and a document that it reads can tell it what to write. The check is the only thing
between "the reports folder" and every file that the server's account may open.

How an attacker uses it
-----------------------
``../../.ssh/id_rsa``; or ``/srv/workspace-old/secrets`` where ``startswith("/srv/workspace")`` lets it pass; or a
repository with a link in it that leads to ``~``, where only the text of the path was looked at.

How to fix it by hand
---------------------
Follow the links first, then compare whole parts of the path, and open what was compared::

    root = Path("/srv/workspace").resolve()
    candidate = (root / asked).resolve()
    if not candidate.is_relative_to(root):
        raise PermissionError("outside of the workspace")
    return candidate.read_text()

In Node.js ``fs.realpathSync`` follows links; ``path.resolve`` only tidies the text, so that the check which some guides
print as its equivalent lets every link pass::

    const real = fs.realpathSync(path.join(root, asked));
    const inside = path.relative(root, real);
    if (inside === ".." || inside.startsWith(".." + path.sep) || path.isAbsolute(inside)) throw new Error("outside");

Between the check and the opening somebody can still exchange a folder; only the kernel can do both at once:
``openat2`` with ``RESOLVE_BENEATH`` on Linux. Hard links pass every check of names. So give the server a sandbox or an
account that cannot open anything else, and take this for the second line (``clients/no-isolation``).

References
----------
- openat2(2): RESOLVE_BENEATH; realpath(3)
- Python documentation: pathlib, PurePath.is_relative_to
- CWE-22: Path Traversal; CWE-59: Link Following
- CVE-2025-53109, CVE-2025-53110: a prefix without separator, and links, in a filesystem server
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Flawed,
    NotAssessed,
    Passed,
    PathUse,
    Severity,
    Snapshot,
    Verdict,
    check,
    code_subject,
    judge_code,
    unjudged,
)

_WHY = {
    "none": "nothing keeps it in a folder",
    "prefix without separator": "a comparison of beginnings without a separator lets the folder's siblings pass",
    "checked before resolved": "it is checked before links are followed, so that a link leads out",
    "not resolved": "making it absolute is no check: .. or a link leads out",
    "text only": "only its text is checked, so that a link leads out",
}
_EXPECTED = "resolve() or realpath first, then a comparison with the folder in whole parts"


@check(title="A tool opens paths outside of its folder", severities=(Severity.HIGH,), needs=("code",))
def path_escape(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every use of a path out of a tool's argument."""
    return judge_code(snapshot, snapshot.code.observed.paths, _judge, "opens a path that a tool is given")


def _judge(use: PathUse) -> Flawed | Passed | NotAssessed:
    if use.containment == "sound":
        return Passed(code_subject(use.site))
    why = _WHY.get(use.containment)
    if why is None:
        what = f"what keeps {use.parameter} of {_tool(use.tool)} in its folder"
        return unjudged(use.site, what, "its check is not understood, or stands where it is not followed to")
    checked = f" (the check is in line {use.checked_at})" if use.checked_at is not None else ""
    return Flawed(
        Severity.HIGH,
        f"{_tool(use.tool)} opens any path it is given in {use.parameter}: {why}",
        _EXPECTED,
        f"{use.use} with {use.parameter} of {_tool(use.tool)}: {why}{checked}",
    )


def _tool(name: str) -> str:
    return f"the tool {name}" if name else "a tool"
