"""What an MCP server reports under systemd is thrown away.

What it looks at
----------------
Every systemd service that starts an MCP server: where its error output goes, which is where MCP servers write their
log. It is lost with `StandardError=null`; with `StandardError=inherit`, the default, where the output goes to `null`;
and where the output is the socket of the client: then the log goes into the protocol, to the client, and nowhere else.
`truncate:` empties the file at every start, and `LogLevelMax=` below `warning` drops what a server warns of.

Why it matters
--------------
When a server was made to do something, its own log is often the only place that says what it was asked for. Without it
there is no way to tell what was read, when it began, and which of your files to worry about.

How an attacker uses it
-----------------------
They need do nothing: what the injected prompt asked for leaves no trace, and a second attempt is as quiet as the first.
Where the log goes into the protocol, a message of the server's own can even be read as an answer.

How to fix it by hand
---------------------
`systemctl edit UNIT`, and write:

    [Service]
    StandardError=journal
    SyslogIdentifier=mcp-files

Leave `StandardOutput=socket` as it is where the client talks to the server through a socket. `systemctl daemon-reload`,
restart, and read it: `journalctl -u UNIT -n 20`. Where `/var/log/journal` does not exist, the journal is lost at the
next boot: `sudo mkdir /var/log/journal` keeps it.

References
----------
* systemd.exec(5), "Logging and standard input/output":
  https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
* Model Context Protocol, transports: a server may write its log to its error output
* CWE-778, Insufficient Logging: https://cwe.mitre.org/data/definitions/778.html
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    Location,
    Passed,
    Severity,
    Snapshot,
    UnitFact,
    Verdict,
    check,
    judge_units,
    read_in_part,
    unit_subject,
)

_QUIET = frozenset(("emerg", "alert", "crit", "err", "0", "1", "2", "3"))


@check(
    title="What an MCP server reports under systemd is thrown away",
    severities=(Severity.LOW,),
    needs=("units:content",),
)
def no_audit_trail(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge where the error output of each unit goes."""
    return judge_units(snapshot, _judge)


def _judge(unit: UnitFact) -> Verdict:
    why = _lost(unit)
    if not why:
        return Passed(unit_subject(unit))
    return _finding(unit, why) if unit.whole else read_in_part(unit)


def _lost(unit: UnitFact) -> str:
    """How its log is lost, in words; "" where it is kept."""
    level = unit.value("LogLevelMax")
    if level in _QUIET:
        return f"LogLevelMax={level} drops what a server warns of"
    said = unit.value("StandardError")
    if said.startswith("truncate:"):
        return f"StandardError={said} empties the log at every start"
    if said == "inherit" or not said:
        # A running manager knows its own default (DefaultStandardError=) too.
        defaults = {run.standard_error for run in unit.runs} - {"", "inherit"}
        if not said and defaults:
            said = sorted(defaults)[0]
        else:
            output = _output(unit)
            by = "no StandardError=" if not unit.value("StandardError") else "StandardError=inherit"
            if output == "null":
                return f"{by}, and the output goes to null"
            if output == "socket":
                return f"{by}, and the output is the client's socket: the log goes into the protocol"
            return ""
    if said == "null" or said.endswith(":/dev/null"):
        return f"StandardError={said}"
    return "StandardError=socket: the log goes into the protocol" if said == "socket" else ""


def _output(unit: UnitFact) -> str:
    """Where its output goes: inherited from its input, a socket stays a socket; null does not."""
    said = unit.value("StandardOutput")
    if said and said != "inherit":
        return said
    taken = unit.value("StandardInput")
    if taken == "socket":
        return "socket"
    return "null" if said == "inherit" and taken in ("", "null") else "journal"


def _finding(unit: UnitFact, why: str) -> Finding:
    keys = r"^[[:space:]]*(Standard(Input|Output|Error)|LogLevelMax)[[:space:]]*="
    said = unit.setting("StandardError") or unit.setting("StandardOutput")
    return Finding(
        subject=unit_subject(unit),
        severity=Severity.LOW,
        summary=f"what {unit.name} reports is not kept",
        evidence=(Evidence("StandardError=journal", why, ("grep", "-HnE", keys, unit.path.asked, *unit.drop_ins)),),
        location=Location(said.path, said.line) if said is not None else Location(unit.path.asked),
    )
