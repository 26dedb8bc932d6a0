"""What was repaired on the demo's host before anybody looks on, what is kept of it, and what a look there did."""

from __future__ import annotations

from datetime import datetime

from workbench import activity
from workbench.activity import Act
from workbench.model.plan import Plan, Reversal, Safety
from workbench.model.run import Change, Run, RunState
from workbench.repair.backups import KeptBackup
from workbench.repair.lasting import Lost

_CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"
_CURSOR = "/home/dev/.cursor/mcp.json"
_BATCH = "20260313T164102118240Z-5e0d91c7"


def _diff(path: str, line: int, before: str, after: str, beside: str = '      "command": "npx",') -> str:
    head = f"--- {path}\n+++ {path}\n@@ -{line},3 +{line},3 @@\n"
    return f"{head} {beside}\n-{before}\n+{after}\n     }},\n"


def _run(day: int, clock: str, fix: str, title: str, change: Change, **more: str) -> Run:
    at = f"2026-03-{day:02}T{clock}+00:00"
    state = RunState(more.pop("state", "applied"))
    check = more.pop("check", "clients/config-writable-by-others")
    plan = Plan(fix, check, "staged", title, Safety.SAFE, Reversal.FULL, ())
    identity = f"202603{day:02}T{clock.replace(':', '')}118240Z-{more.pop('mark')}"
    message = more.pop("message", "applied and verified")
    return Run(identity, state, plan, (change,), at, at, message, **more)


def _private(path: str) -> Change:
    return Change(path, f"set the mode of {path} to 0600", "", 0o644, 0o600)


_PINNED = Change(
    _CONFIG,
    "replace one value (mcpServers › git › args › 0)",
    _diff(_CONFIG, 12, '      "args": ["-y", "mcp-server-git"]', '      "args": ["-y", "mcp-server-git@0.6.2"]'),
)
_TOKEN = Change(
    _CURSOR,
    "take one value out (mcpServers › github › env)",
    f'--- {_CURSOR}\n+++ {_CURSOR}\n@@ -8,3 +8,2 @@\n       "command": "npx",\n'
    '-      "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": "<redacted>"}\n     }\n',
)
_UNDO = "20260312T091714118240Z-88ab01fe"


def runs() -> list[Run]:
    """Every run, newest first."""
    return [
        _run(
            13,
            "17:20:31",
            "clients/pin-version",
            "Pin the server “git” to version 0.6.2",
            _PINNED,
            check="clients/unpinned-package",
            mark="1f77c02b",
        ),
        _run(
            13,
            "16:41:09",
            "files/restrict-mode",
            "Make ~/.aws/credentials private",
            _private("/home/dev/.aws/credentials"),
            batch=_BATCH,
            mark="b02d55a1",
        ),
        _run(
            13,
            "16:41:06",
            "files/restrict-mode",
            "Make the config of Cursor private",
            _private(_CURSOR),
            batch=_BATCH,
            mark="77e1930c",
        ),
        _run(
            12,
            "09:17:14",
            "clients/remove-secret",
            "Undo: Take the token of “github” out of the config of Cursor",
            _TOKEN,
            check="secrets/in-config",
            message="everything is as it was before",
            mark="88ab01fe",
        ),
        _run(
            12,
            "09:02:47",
            "clients/remove-secret",
            "Take the token of “github” out of the config of Cursor",
            _TOKEN,
            check="secrets/in-config",
            state="undone",
            message=f"undone by {_UNDO}: everything is as it was before",
            undone_by=_UNDO,
            mark="0c9d4e21",
        ),
        _run(
            11,
            "18:55:02",
            "sockets/restrict-mode",
            "Make the socket of “mail” private",
            Change("/tmp/mail.sock", "set the mode of /tmp/mail.sock to 0600", "", 0o666, 0o600),  # noqa: S108 - a name, nothing is made
            check="sockets/connectable-by-others",
            state="rolled back",
            message="the check still finds it; everything was put back as it was",
            mark="e4a7106d",
        ),
    ]


def lost() -> tuple[Lost, ...]:
    """The repair that a client took back."""
    return (Lost(runs()[0], _CONFIG, f"{_CONFIG} was changed by another program", "Claude Desktop"),)


def backups() -> tuple[KeptBackup, ...]:
    """What is kept, one of it with a secret."""
    made = runs()
    return (
        KeptBackup(made[0].identity, made[0].plan.title, _CONFIG, 1204, made[0].started_at, 57_600.0, False),
        KeptBackup(made[4].identity, made[4].plan.title, _CURSOR, 862, made[4].started_at, 173_400.0, True),
    )


def stage_activity(taken_at: str) -> None:
    """Put in the place of what this process did what a look at the demo's host would have done at that moment."""
    activity.forget()
    begun = datetime.fromisoformat(taken_at).timestamp()
    done: tuple[tuple[activity.Kind, str | tuple[str, ...], str | int, float, int], ...] = (
        ("read", "/home/dev/.config/Claude/claude_desktop_config.json", 1204, 0.2, 1),
        ("read", "/home/dev/.cursor/mcp.json", 862, 0.1, 1),
        ("read", "/home/dev/.codeium/windsurf/mcp_config.json", "it does not exist", 0.0, 1),
        ("read", "/home/dev/.vscode/mcp.json", "it does not exist", 0.0, 1),
        ("read", "/home/dev/.bashrc", 3771, 0.1, 1),
        ("read", "/proc/[pid]/cmdline", "", 6.4, 412),
        ("read", "/proc/[pid]/status", "", 1.9, 96),
        ("read", "/proc/net/unix", 21_480, 0.4, 1),
        ("read", "/etc/sudoers", "permission denied", 0.0, 1),
        ("ran", ("/usr/bin/systemctl", "show", "--no-pager", "--", "mcp-mail.service"), 0, 14.2, 1),
        ("connected", "/run/user/1000/podman/podman.sock: GET /containers/json?all=1", "", 8.8, 1),
        ("ran", ("/usr/sbin/auditctl", "-s"), 4, 3.1, 1),
        ("ran as root", ("/usr/bin/sudo", "-n", "--", "/usr/sbin/visudo", "-c", "-f", "/etc/sudoers"), 0, 21.5, 1),
        ("ran as root", ("/usr/bin/sudo", "-n", "--", "/usr/bin/base64", "-w0", "--", "/proc/812/environ"), 0, 9.0, 1),
        ("wrote", "/home/dev/.local/state/workbench/runs/20260313T172031118240Z-1f77c02b/journal.jsonl", 2210, 0.6, 1),
        ("wrote", "/home/dev/.config/Claude/claude_desktop_config.json", 1210, 1.3, 1),
    )
    for number, (kind, what, outcome, took, times) in enumerate(done):
        _keep(kind, what, outcome, took, begun + number * 0.04, times)


def note(kind: activity.Kind, what: str | tuple[str, ...], outcome: str | int, after: float) -> None:
    """Note what was played, ``after`` so many seconds from what was noted last."""
    last = activity.acts()[-1].at if activity.total() else 0.0
    _keep(kind, what, outcome, 1.0, last + after)


def _keep(
    kind: activity.Kind, what: str | tuple[str, ...], outcome: str | int, took: float, at: float, times: int = 1
) -> None:
    act = Act(kind, what, outcome, took / 1000)
    act.at, act.times = at, times
    activity.keep(act)
