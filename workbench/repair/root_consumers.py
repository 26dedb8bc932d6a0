"""Who reads the files of root's that a repair makes: where they may lie, who accepts them, how they are taken up.

One ``Consumer`` for each ``format`` of ``CreateRootFile``.
"""

from __future__ import annotations

from workbench.model.operations import CreateRootFile, RepairUnit, RootFile
from workbench.repair.consumer import Consumer
from workbench.repair.paths import Refused
from workbench.text import visible


def consumer_of(wanted: RootFile) -> Consumer:
    """The reader of the file that an operation makes or changes."""
    # Each lives in a module of its own, which is imported only where such a file is changed.
    if isinstance(wanted, RepairUnit):
        from workbench.repair.unit_files import UNIT

        return UNIT
    if wanted.format == "audit-rules":
        from workbench.repair.audit_files import AUDIT_RULES

        return AUDIT_RULES
    if wanted.format == "sudoers-file":
        from workbench.repair.sudoers_files import SUDOERS_FILE

        return SUDOERS_FILE
    from workbench.repair.unit_files import UNIT_DROP_IN

    return UNIT_DROP_IN


def is_place_of(path: str, wanted: RootFile) -> bool:
    """Whether the reader's files may lie there."""
    consumer = consumer_of(wanted)
    return path == wanted.path and consumer.places.fullmatch(path) is not None and consumer.restarts_own(wanted)


def require_place(wanted: RootFile) -> Consumer:
    """The reader, where the file lies in a place of its. Raises Refused for every other."""
    consumer = consumer_of(wanted)
    if not consumer.places.fullmatch(wanted.path):
        kind = "made" if isinstance(wanted, CreateRootFile) else "changed"
        raise Refused(f"{visible(wanted.path)} is no place where a file of {consumer.name} is {kind} as root")
    if wanted.restarts is not None and "unit" not in getattr(wanted, "format", "unit"):
        raise Refused("the plan restarts a unit for a file that no unit reads")
    if not consumer.restarts_own(wanted):
        raise Refused("the plan restarts another unit than the one whose file it changes")
    return consumer
