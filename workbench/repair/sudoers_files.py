"""A new file of the sudo policy: one rule, by which one account may start one command as the account of a server.

Sudo's own parser must accept it alone, and read out of the whole policy that it gains exactly this rule: nobody loses
anything, so nobody can be shut out.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from workbench.account_rules import FOLDER, is_account_rule
from workbench.host.privileged import Vector
from workbench.model.facts import FileFact
from workbench.model.operations import CreateRootFile, RootFile
from workbench.repair import policy
from workbench.repair import root_commands as commands
from workbench.repair.consumer import Consumer, Tell
from workbench.repair.paths import Refused
from workbench.sudo_tightening import difference, policy_lines
from workbench.text import visible

_PLACES = re.compile(rf"{FOLDER}/zz-mcp[a-z0-9_-]{{0,28}}")
_MODE = 0o440


def proven(wanted: RootFile, content: bytes) -> str:
    """Prove what the policy gains by the file, and say it. Raises Refused."""
    gains = _gains(wanted)
    files = policy.files_of_policy()
    fact = FileFact(wanted.path, "file", _MODE, 0, 0, 0, 0)
    before, after = (policy.whole(each) for each in (files, {**files, wanted.path: (fact, content)}))
    now = policy.live()
    if policy_lines(policy.read_text(before)) != policy_lines(now):
        raise Refused(
            "the sudo policy is put together in a way that cannot be followed, so nothing could be proven of the file",
            f"make it by hand: sudo visudo -f {visible(wanted.path)}",
        )
    if difference(now, policy.read_text(after)) != ((), gains):
        raise Refused(
            f"sudo would not read {visible(wanted.path)}, or more would change in who may do what than the plan says",
            "look whether the policy includes the folder /etc/sudoers.d: sudo visudo -c",
        )
    return f"of who may do what, nothing goes, and this comes: {'; '.join(gains)}"


def known(wanted: RootFile, comes: bool) -> str:
    """What the policy has to come to, as a digest of its lines."""
    now = policy_lines(policy.live())
    gains = _gains(wanted)
    return _digest([*now, *gains] if comes else _without(now, gains))


def require_exact(wanted: RootFile, wanted_lines: str, tell: Tell) -> None:
    """Refuse any other policy than the one that was to come. Given "", there is nothing to compare."""
    if not wanted_lines:
        return
    if _digest(policy_lines(policy.live())) != wanted_lines:
        raise Refused("something else changed in the sudo policy meanwhile, or sudo does not read the new file")
    tell("sudo reads the policy, and exactly what the plan says has changed in it")


def _gains(wanted: RootFile) -> tuple[str, ...]:
    if not isinstance(wanted, CreateRootFile) or not is_account_rule(wanted.content):
        raise Refused(f"{visible(wanted.path)} would hold more than one exact rule for the account of a server")
    return tuple(policy_lines(policy.read_text(wanted.content.encode())))


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()


def _without(lines: Sequence[str], gone: Sequence[str]) -> list[str]:
    return list((Counter(lines) - Counter(gone)).elements())


def _whole_accepted(_: RootFile) -> tuple[Vector, ...]:
    return (commands.accepted(commands.POLICY, strict=False),)


def _looks(moment: str) -> tuple[Vector, ...]:
    return (*((commands.archive(),) if moment == "proves" else ()), *commands.reading())


SUDOERS_FILE = Consumer(
    name="sudo",
    places=_PLACES,
    activates=_whole_accepted,
    deactivates=_whole_accepted,
    mode=_MODE,
    accepts=lambda staged: (commands.accepted(staged, strict=True),),
    proves=proven,
    known=known,
    comes_up=require_exact,
    looks=_looks,
)
