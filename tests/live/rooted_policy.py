"""A sudo policy of its own in a folder, as the policy that is changed as root."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workbench.host.context import Context
from workbench.host.sudoers import gather
from workbench.model.sudoers import SudoersFacts
from workbench.repair import root_commands

MAIN = "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n@includedir {}.d\n"


class Policy:
    """The policy below a folder, one file beside it, and where its backups lie."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, main: str = MAIN) -> None:
        self.main = folder / "sudoers"
        self.file = folder / "sudoers.d" / "mcp"
        self.backups = folder / "backups"
        self.file.parent.mkdir()
        monkeypatch.setattr(root_commands, "POLICY", str(self.main))
        monkeypatch.setattr(root_commands, "BACKUPS", str(self.backups))
        self.main.write_text(main.format(self.main))
        self.main.chmod(0o440)
        self.write("")

    def write(self, text: str) -> None:
        """Make this the content of the file beside the policy."""
        self.file.unlink(missing_ok=True)
        self.file.write_text(text)
        self.file.chmod(0o440)

    def takes_attributes(self) -> bool:
        """Whether files here can have attributes of their own."""
        try:
            os.setxattr(self.file, "user.probe", b"")
            os.removexattr(self.file, "user.probe")
        except OSError:
            return False
        return True

    def facts(self) -> SudoersFacts:
        """The policy as the scan sees it."""
        folder = self.main.parent
        return gather(Context("linux", folder, 0, {}, folder, sudoers=self.main))
