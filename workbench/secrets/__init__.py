"""Recognise secrets without keeping them."""

from __future__ import annotations

from workbench.secrets.arguments import recognise_argument
from workbench.secrets.capturing import (
    capture,
    environment_entry,
    fingerprint,
    mark_of,
    redact,
    redact_arguments,
    redact_url,
    redact_values,
    secrets_in_commands,
    shown_name,
)
from workbench.secrets.recognition import recognise

__all__ = [
    "capture",
    "environment_entry",
    "fingerprint",
    "mark_of",
    "recognise",
    "recognise_argument",
    "redact",
    "redact_arguments",
    "redact_url",
    "redact_values",
    "secrets_in_commands",
    "shown_name",
]
