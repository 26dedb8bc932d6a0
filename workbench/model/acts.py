"""What a plan does to the system as root that is no change of a file."""

from __future__ import annotations

from typing import Literal

from workbench.model.record import record


@record
class LoadAuditRules:
    """Add rules to those that the kernel records by, through sudo, and leave the others alone.

    ``rules`` are as a rules file has them, each of a form that ``workbench.audit_rules`` makes. Those that are loaded
    already are left out, and so they are when it is undone: then exactly the added ones are deleted again.
    """

    rules: tuple[str, ...]
    operation: Literal["load-audit-rules"] = "load-audit-rules"

    @property
    def path(self) -> str:
        """What stands for the rules of the kernel, which are no file."""
        return "/proc/sys/kernel/audit"


@record
class CreateAccount:
    """Make a system account with a group of its own that nobody can log in to and that has no home, through sudo."""

    name: str
    operation: Literal["create-account"] = "create-account"

    @property
    def path(self) -> str:
        """Where accounts are kept."""
        return "/etc/passwd"


@record
class MakeRootDirectory:
    """Make a directory of ``owner`` and ``group`` in one of root's, with the folders that are missing above it.

    ``owner`` and ``group`` are names. It is never made in a folder that anybody but root can write.
    """

    path: str
    owner: str
    group: str
    mode: Literal[0o750, 0o770] = 0o750
    operation: Literal["make-root-directory"] = "make-root-directory"


@record
class TrialAsAccount:
    """Start a server once as another account, through sudo and as its client will, and complete the first exchange.

    It comes between the rule that permits it (the file ``path``) and the edits that name it in the configuration.
    ``command`` is all of it, from sudo on; it holds no secret. ``caller`` is the account whose client starts it. It may
    take ``seconds`` to answer.
    """

    path: str
    command: tuple[str, ...]
    caller: str
    seconds: int = 30
    operation: Literal["trial-as-account"] = "trial-as-account"


Act = LoadAuditRules | CreateAccount | MakeRootDirectory | TrialAsAccount
