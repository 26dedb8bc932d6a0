"""The command line. It imports neither Textual nor the docker SDK; the TUI is imported only to be opened."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

from workbench import __version__
from workbench.exits import MEANINGS, Exit, complain, guarded
from workbench.model.severity import Severity
from workbench.text import visible

_DEMONSTRATED = (None, "servers", "report", "list", "explain")
"""The commands that touch no host, or that can tell of the demo's."""
_PLAIN = {"--all-users", "--demo", "--headless", "--json", "--read-only", "--sudo", "--yes"}
"""Options that no command need be known for, and that cannot be wrong: nothing is said of the commands there are."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status. Never raises; prints errors on standard error."""
    try:
        options = _parser(commands=not _PLAIN.issuperset(arguments)).parse_args(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    return guarded(lambda: int(_dispatch(options)))


def _dispatch(options: argparse.Namespace) -> int:
    if options.demo and options.command not in _DEMONSTRATED:
        # Whoever asks for the demo must not be told of this host, let alone change it.
        complain(f"--demo does not go with {options.command}: it works on this host. Leave --demo out")
        return Exit.USAGE
    if options.command == "servers":
        from workbench.inventory import print_servers

        return print_servers(options)
    if options.command == "probe":
        from workbench.probe.command import probe

        return probe(options)
    if options.command == "source":
        from workbench.source_command import source

        return source(options)
    if options.command == "audit-trail":
        from workbench.audit_trail import audit_trail

        return audit_trail(options)
    if options.command in ("plan", "apply"):
        from workbench import repairing

        return repairing.plan(options) if options.command == "plan" else repairing.apply(options)
    if options.command in ("confirm", "backups", "purge"):
        from workbench import keeping

        return {"confirm": keeping.confirm, "backups": keeping.backups, "purge": keeping.purge}[options.command](
            options
        )
    if options.command in ("waive", "waivers"):
        from workbench.waivers import command

        return command.waive(options) if options.command == "waive" else command.print_waivers(options)
    if options.command == "report":
        from workbench.report.command import report

        return report(options)
    if options.command == "compare":
        from workbench.report.comparing import compare

        return compare(options)
    from workbench import commands

    if options.command == "list":
        return commands.list_plugins(options)
    if options.command == "explain":
        return commands.explain(options)
    if options.command == "snapshot":
        return commands.print_snapshot(options)
    if options.command == "undo":
        return commands.undo(options)
    if options.command == "recover":
        from workbench.recovery import recover

        return recover(options)
    if options.command == "history":
        return commands.history(options)
    if options.watch is not None:
        from workbench.watch_command import watch

        return watch(options)
    if options.headless or options.json:
        return commands.headless(options)
    # Textual draws on standard error.
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        complain("this is no terminal: use --headless for a text report, --headless --json for scripts")
        return Exit.USAGE
    return commands.open_tui(options)


def _parser(*, commands: bool = True) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="workbench",
        description="Harden this machine against its own MCP servers. Without options: the terminal app.",
        epilog="exit status:\n" + "\n".join(f"  {status:>3}  {meaning}" for status, meaning in MEANINGS.items()),
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, width=_width()),
    )
    parser.add_argument("-V", "--version", action="version", version=f"workbench {__version__}")
    _shared(parser)
    _thresholds(parser)
    _replay(parser)
    parser.add_argument("--headless", action="store_true", help="print the report as text and exit")
    parser.add_argument("--json", action="store_true", help="with --headless or servers: print one JSON document")
    parser.add_argument(
        "--watch",
        type=_pause,
        nargs="?",
        const=2.0,
        metavar="SECONDS",
        help="with --headless: go on with what changes in the report until Ctrl+C; looks for it every 2 seconds",
    )
    if commands:
        _commands(parser)
    else:
        parser.set_defaults(command=None)
    return parser


def _commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    add = partial(commands.add_parser, formatter_class=lambda prog: argparse.HelpFormatter(prog, width=_width()))
    report = add("report", help="write the report as a page, as Markdown, as SARIF or as JSON")
    report.add_argument(
        "--format", choices=["html", "markdown", "sarif", "json"], help="how; else as the file's name ends, else html"
    )
    report.add_argument("--output", type=Path, metavar="FILE", help="where to (- or nothing: standard output)")
    report.add_argument(
        "--baseline", type=Path, metavar="OLD", help="with sarif: say what is new since this older JSON report"
    )
    compare = add("compare", help="say what is new, gone, changed or no longer looked at between two reports")
    compare.add_argument("old", type=Path, metavar="OLD", help="a JSON report, or a snapshot file")
    compare.add_argument("new", type=Path, metavar="NEW", help="a later one")
    compare.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as one JSON document")
    waive = add("waive", help="accept a finding for a while: with a reason, an owner and a last day; or take that back")
    waive.add_argument("finding", metavar="FINDING", help="its identity, or the beginning (see: --headless --json)")
    waive.add_argument("--reason", metavar="TEXT", help="why it is accepted")
    waive.add_argument("--until", metavar="DATE", help="the last day, at most 180 days ahead")
    waive.add_argument("--owner", metavar="NAME", help="who answers for it (you, if not given)")
    waive.add_argument("--remove", action="store_true", help="take its waiver out of the file: it counts again")
    waivers = add("waivers", help="list what was accepted, and what became of it")
    listing = add("list", help="list the checks, the fixes, or the keys of the app")
    listing.add_argument("kind", choices=["checks", "fixes", "keys"])
    explain = add("explain", help="print the lesson of a check or a fix")
    explain.add_argument("id", metavar="ID", help="such as sockets/connectable-by-others")
    add("snapshot", help="print everything known of this host as JSON, without secrets")
    servers = add("servers", help="list every MCP server of this host: configured, running, both")
    servers.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as one JSON document")
    _replay(servers, "of", again=True)
    probe = add("probe", help="ask a live socket whether it looks at who connects (asks first)")
    probe.add_argument("socket", metavar="SOCKET", help="its path, or @NAME for an abstract one")
    probe.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as one JSON document")
    trail = add("audit-trail", help="what servers' own accounts were denied, and what they started")
    trail.add_argument("--since", default="24h", metavar="TIME", help="how far back: 30m, 24h (default), 7d")
    trail.add_argument("--follow", action="store_true", help="go on with each new event until Ctrl+C")
    trail.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as one JSON document")
    source = add("source", help="judge the code of a server, in a folder or a file: Python, JavaScript, TypeScript")
    source.add_argument("path", type=Path, metavar="PATH", help="a folder, or one file; nothing in it is run")
    source.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as one JSON document")
    source.add_argument("--suggest", action="store_true", help="also print the corrected code for each finding")
    plan = add("plan", help="show exactly what the repair of a finding would do; changes nothing")
    plan.add_argument(
        "finding", nargs="?", metavar="FINDING", help="its identity, or the beginning (see: --headless --json)"
    )
    plan.add_argument("--safe", action="store_true", help="of everything that is safe to repair, as one list")
    plan.add_argument(
        "--fix",
        metavar="FIX",
        help="which fix, where several repair it; else the safest that can be made here, then what is undone in full,"
        " then what takes no root (standard error says which others there are). Where two come out alike, it asks",
    )
    plan.add_argument(
        "--answer", action="append", default=[], metavar="NAME=VALUE", help="what the fix asks, if not as it suggests"
    )
    shown = plan.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as the file that apply takes")
    shown.add_argument("--diff", action="store_true", help="only the changes")
    shown.add_argument("--script", action="store_true", help="as a shell script that does it, and undoes it")
    apply = add("apply", help="apply a plan, if this host still gives the very same one")
    apply.add_argument("plan", type=Path, metavar="PLAN", help="the file that workbench plan … --json printed")
    apply.add_argument("--digest", metavar="DIGEST", help="as plan showed it: refuse a file that holds another plan")
    apply.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="the outcome as one JSON document"
    )
    _after_it(apply)
    undo = add("undo", help="bring back what a repair replaced")
    undo.add_argument(
        "run", metavar="RUN", help="the id of a run or a batch, or its beginning (see: workbench history)"
    )
    confirm = add("confirm", help="keep a repair that is undone by itself otherwise")
    confirm.add_argument("run", metavar="RUN", help="the run's id, or its beginning")
    add("recover", help="bring interrupted repairs back to the state before them: shows what that does, and asks")
    history = add("history", help="list the repairs that were made, and which are no longer in place")
    backups = add("backups", help="list the backups that repairs keep, and which hold secrets")
    purge = add("purge", help="delete backups: their repairs cannot be undone any more (asks first)")
    purge.add_argument("run", nargs="*", metavar="RUN", help="the runs whose backups to delete")
    purge.add_argument("--secrets", action="store_true", help="of every run whose backups hold something like a secret")
    purge.add_argument("--older-than", type=_number, metavar="DAYS", help="of every run that is older")
    for command in (history, backups, waivers):
        command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as one JSON document")
    for command in (report, compare, source):
        _thresholds(command, again=True)
    for command in (report, waive, waivers):
        _replay(command, "of", again=True)
    for command in commands.choices.values():
        _shared(command, again=True)


def _after_it(apply: argparse.ArgumentParser) -> None:
    apply.add_argument(
        "--confirm-within",
        type=_seconds,
        metavar="SECONDS",
        help="undo it by itself unless it is confirmed in this time (at most a day)",
    )
    apply.add_argument("--keep", action="store_true", help="confirm it right away, where it would have to be")
    apply.add_argument("--watch", type=_seconds, default=0, metavar="SECONDS", help="go on looking whether it lasts")


@cache
def _width() -> int:
    # As argparse finds it, but once: it asks for every option, by a module that loads three ways of compression.
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns) - 2
    try:
        return (os.get_terminal_size(1).columns or 80) - 2
    except OSError:
        return 78


def _shared(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    # Accepted before and after the command's name; the second place must not reset what the first one set.
    unset = argparse.SUPPRESS
    parser.add_argument(
        "--plugins",
        type=Path,
        action="append",
        default=unset if again else [],
        metavar="DIR",
        help="also load the checks/ and fixes/ in this folder of your own",
    )
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument(
        "--home",
        type=Path,
        default=unset if again else None,
        metavar="DIR",
        help="look at the clients of this home folder instead of your own",
    )
    whose.add_argument(
        "--all-users",
        action="store_true",
        default=unset if again else False,
        help="look at the clients of every account; needs root",
    )
    parser.add_argument(
        "--container",
        action="append",
        default=unset if again else [],
        metavar="NAME",
        help="judge this container too, whatever runs in it",
    )
    parser.add_argument(
        "--unit",
        action="append",
        default=unset if again else [],
        metavar="NAME",
        help="judge this systemd unit too, whatever it runs",
    )
    parser.add_argument(
        "--sudo",
        action="store_true",
        default=unset if again else False,
        help="also read what only root may read: shows the exact commands, asks, and runs them through sudo",
    )
    parser.add_argument(
        "--waivers",
        type=Path,
        default=unset if again else None,
        metavar="FILE",
        help="what was accepted, in the place of waivers.yaml in your own folder of the workbench",
    )
    parser.add_argument(
        "--yes", action="store_true", default=unset if again else False, help="agree beforehand to what is asked"
    )
    parser.add_argument(
        "--read-only", action="store_true", default=unset if again else False, help="never change anything"
    )


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 0 < int(text) <= 24 * 60 * 60):
        raise argparse.ArgumentTypeError(f"{visible(text, 40)!r} is no number of seconds from 1 to a day (86400)")
    return int(text)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 1e6:
        raise argparse.ArgumentTypeError(f"{visible(text, 40)!r} is no number of days")
    return value


def _thresholds(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    parser.add_argument(
        "--fail-on",
        choices=[severity.value for severity in Severity] + ["never"],
        default=argparse.SUPPRESS if again else Severity.LOW.value,
        metavar="SEVERITY",
        help="exit 1 on a finding this bad or worse: critical, high, medium, low (default), info, never",
    )
    parser.add_argument(
        "--min-coverage",
        type=_percent,
        default=argparse.SUPPRESS if again else 0.0,
        metavar="PERCENT",
        help="exit 3 when less than this share of what applies could be assessed",
    )


def _replay(parser: argparse.ArgumentParser, what: str = "report on", *, again: bool = False) -> None:
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--replay",
        type=Path,
        metavar="FILE",
        default=argparse.SUPPRESS if again else None,
        help=f"{what} a snapshot file instead of this host",
    )
    instead.add_argument(
        "--demo",
        action="store_true",
        default=argparse.SUPPRESS if again else False,
        help=f"{what} a host that does not exist, with something of everything to find",
    )


def _pause(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.5 <= value <= 3600.0:
        raise argparse.ArgumentTypeError(f"{visible(text, 40)!r} is no number of seconds from 0.5 to 3600")
    return value


def _percent(text: str) -> float:
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 100.0:
        raise argparse.ArgumentTypeError(f"{visible(text, 40)!r} is no percentage from 0 to 100")
    return value / 100.0
