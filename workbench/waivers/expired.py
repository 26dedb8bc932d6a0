"""A waiver that has run out and was neither renewed nor made needless.

What it looks at
----------------
The waivers file (`~/.config/workbench/waivers.yaml`, or the one that `--waivers` names): the last day of each waiver
whose finding still stands.

Why it matters
--------------
A waiver is a decision for a while. The day it ends, the reason is due to be looked at again: the patch that was awaited
is there, the owner has moved on, the server is in use after all. What nobody decides again becomes normal.

How an attacker uses it
-----------------------
Exceptions that outlive their reason are the gaps that everybody knows of and nobody watches.

How to fix it by hand
---------------------
Repair the finding, then take the entry out of the file: `workbench waive FINDING --remove`. Or accept it again, with a
reason that holds today: `workbench waive FINDING --reason "…" --until DATE`, at most 180 days ahead.

References
----------
CWE-1059; NIST SP 800-53 CA-5 (plan of action and milestones), RA-7 (risk response)
"""

from __future__ import annotations

import inspect

from workbench.model.check import Check
from workbench.model.finding import Evidence, Finding, Location, Subject
from workbench.model.severity import Severity
from workbench.model.waiver import EXPIRED, Waiver

CHECK = Check(
    title="Waiver has expired",
    severities=(Severity.LOW,),
    needs=(),
    # It is made by the scan: no Snapshot holds what was accepted of it.
    run=lambda snapshot: (),
    id=EXPIRED,
    lesson=inspect.cleandoc(__doc__ or ""),
)


def finding_of(waiver: Waiver, finding: Finding | None, path: str) -> Finding:
    """The finding about one expired waiver, for ``finding``, where that one still stands."""
    label = finding.subject.label if finding is not None else waiver.finding
    return Finding(
        subject=Subject("waiver", waiver.finding, f"{waiver.check}: {label}"),
        severity=Severity.LOW,
        summary=f"what {waiver.owner} accepted of {label} is accepted no more since {waiver.expires}",
        evidence=(
            Evidence(
                expected="a waiver that holds, or a finding that is repaired",
                actual=f"accepted on {waiver.accepted} until {waiver.expires}, because: {waiver.reason}",
                command=("grep", "-n", "-F", "-A", "8", "--", waiver.finding, path),
            ),
        ),
        location=Location(path, waiver.line),
        check=CHECK.id,
    )
