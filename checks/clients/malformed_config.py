"""A client cannot read its own configuration.

What it looks at
----------------
Every client configuration that was found: whether it can be parsed in the format its client expects, and whether what
stands where servers are named has the shape of servers. A file that is only empty, or that names no server, is in
order. Where a more forgiving reader understands the file, its servers are judged all the same, and this says what the
client stumbles over. What could not be read for lack of a right is not malformed but not assessed.

Why it matters
--------------
A client that cannot read its configuration goes on without it, often without a word. Servers that you believe to run,
and the restrictions you wrote down for them, are then not there; and what a scanner makes of a broken file is not what
the client makes of it.

How an attacker uses it
-----------------------
A broken file hides things: one comma too many in the file that switches a server off, or that names its sandbox, and
the client starts with its defaults, which ask less. Whoever can provoke a half-written file gets the same.

How to fix it by hand
---------------------
Open the file at the line that is named and correct it; a JSON parser tells whether it is well again::

    python3 -m json.tool FILE > /dev/null
    python3 -c 'import tomllib, sys; tomllib.load(open(sys.argv[1], "rb"))' FILE

Remember that comments and trailing commas are allowed in the files of some clients only.

References
----------
* RFC 8259: The JavaScript Object Notation (JSON) Data Interchange Format
* TOML v1.0.0; YAML 1.2
* CWE-1286: Improper Validation of Syntactic Correctness of Input
"""

from collections.abc import Iterator

from workbench.api import (
    ClientConfig,
    ConfigProblem,
    Evidence,
    Finding,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    Verdict,
    check,
    config_subject,
)


@check(
    title="A client cannot read its own configuration",
    severities=(Severity.LOW,),
    needs=("clients:mode",),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each configuration file."""
    if not snapshot.clients.configs:
        yield NotApplicable("no client configuration was found")
    for config in snapshot.clients.configs:
        problem = config.problem
        if problem is None:
            yield Passed(config_subject(config))
        elif problem.kind == "unreadable":
            yield NotAssessed(config.path.asked, problem.message, "look as root or as its owner")
        elif problem.kind == "empty":
            yield Passed(config_subject(config))
        else:
            yield _finding(config, problem)


def _finding(config: ClientConfig, problem: ConfigProblem) -> Finding:
    place = f"line {problem.line}" if problem.line else ""
    place += f", column {problem.column}" if problem.line and problem.column else ""
    said = f"{place}: {problem.message}" if place else problem.message
    treatment = f"; {problem.client_behaviour}" if problem.client_behaviour else ""
    return Finding(
        subject=config_subject(config),
        severity=Severity.LOW,
        summary=f"{config.client_name} does not understand all of {config.path.asked}{treatment}",
        evidence=(
            Evidence(
                expected=f"a well-formed {config.format.upper()} document of the shape that {config.client_name} reads",
                actual=said,
                command=("stat", "-c", "%s bytes, changed %y %n", config.path.asked),
            ),
        ),
        location=Location(config.path.asked, problem.line, problem.column),
    )
