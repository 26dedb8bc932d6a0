"""One entry of a waivers file as it is written, checked to the last field. Imported only where there is such a file."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from workbench.model.severity import Severity
from workbench.model.waiver import LONGEST_WAIVER, Waiver
from workbench.secrets import redact
from workbench.text import visible

REASON_LIMIT = 500


def _words(text: str) -> str:
    # One line, shown as it stands: a control character in a reason has no business there.
    if not text.strip():
        raise ValueError("it is empty")
    return visible(redact(text.strip()), REASON_LIMIT)


def _day(text: str) -> str:
    # Only the one way of writing a day: Python also reads 20260102 and 2026-W01-1.
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise ValueError("it is no day, such as 2026-12-31")


Words = Annotated[str, Field(max_length=4 * REASON_LIMIT), AfterValidator(_words)]
Day = Annotated[str, AfterValidator(_day)]


class Entry(BaseModel):
    """The fields of one waiver. Anything else in it is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    check: str = Field(pattern=r"^[a-z0-9_-]{1,80}/[a-z0-9_-]{1,80}$")
    finding: str = Field(pattern=r"^[0-9a-f]{16}$")
    reason: Words
    owner: Words
    accepted: Day
    expires: Day
    severity: Severity
    seen: list[Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _for_a_while(self) -> Entry:
        days = (date.fromisoformat(self.expires) - date.fromisoformat(self.accepted)).days
        if days < 0:
            raise ValueError(f"it expires on {self.expires}, before it was accepted on {self.accepted}")
        if days > LONGEST_WAIVER:
            raise ValueError(f"it holds for {days} days; a waiver holds for at most {LONGEST_WAIVER}")
        return self

    def waiver(self, line: int | None) -> Waiver:
        """The entry as what the scan applies."""
        return Waiver(
            self.check,
            self.finding,
            self.reason,
            self.owner,
            self.accepted,
            self.expires,
            self.severity,
            tuple(self.seen),
            line,
        )
