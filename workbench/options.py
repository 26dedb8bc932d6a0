"""What the options say of the host to look at, and the one way to standard output; shared by every command."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from workbench.exits import Unusable
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.model.snapshot import Snapshot
from workbench.text import visible


def context_of(options: argparse.Namespace) -> Context:
    """Whose host and whose clients the options name. Raises Unusable."""
    try:
        context = Context.of_this_host()
    except RuntimeError as error:
        raise Unusable("this account has no home folder; name one: HOME=/some/folder workbench …") from error
    context = replace(context, named_containers=tuple(options.container), units=tuple(options.unit))
    if options.home is not None:
        from workbench.host.homes import with_home

        try:
            return with_home(context, options.home)
        except CannotLook as why:
            raise Unusable(f"--home: {visible(str(options.home))}: {why.why}") from why
    if options.all_users:
        from workbench.host.homes import with_every_home

        if context.uid > 0:
            raise Unusable("--all-users reads other accounts' configs: run it as root (sudo workbench --all-users …)")
        return with_every_home(context)
    return context


def replayed(options: argparse.Namespace) -> Snapshot | None:
    """The snapshot to report on in the place of this host, where a file or the demo is asked for. Raises Unusable."""
    if options.demo:
        from workbench.demo import demonstrated
        from workbench.demo.facts import as_account

        # As the app shows it: what only root may read is read once --sudo asks for it.
        return demonstrated() if options.sudo else as_account(demonstrated())
    if options.replay is None:
        return None
    from workbench.report.snapshot_file import read

    return read(options.replay)


def state_folder(home: Path) -> Path:
    """Where the journal and the backups lie: ``$XDG_STATE_HOME/workbench``."""
    configured = os.environ.get("XDG_STATE_HOME", "")
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "workbench"
    return (Path(configured) if configured.startswith("/") else home / ".local" / "state") / "workbench"


def put(text: str) -> None:
    """Write text to standard output, whatever its encoding."""
    # Host text is visible already; a terminal that cannot encode it must still not fail.
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
