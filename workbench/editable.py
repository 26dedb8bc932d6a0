"""Name the configured servers of a finding, and say why a config cannot be edited: what fixes of configs share."""

from __future__ import annotations

from workbench.model.clients import ClientConfig, ServerEntry
from workbench.model.finding import Finding, Pointer, Subject
from workbench.model.plan import Refusal
from workbench.model.snapshot import Snapshot
from workbench.subjects import server_subject
from workbench.text import is_visible

_BY_HAND = "change it by hand, as the lesson says"


def configured(finding: Finding, snapshot: Snapshot) -> tuple[tuple[ClientConfig, ServerEntry], ...]:
    """The entries that the finding is about, each with the config that it stands in. Empty when there is none now."""
    wanted = {subject.key for subject in (finding.subject, *finding.also) if subject.kind == "server"}
    return tuple(
        (config, entry)
        for config in snapshot.clients.configs
        for entry in config.servers
        if server_subject(config, entry).key in wanted
    )


def only_in_part(finding: Finding, snapshot: Snapshot) -> Refusal | None:
    """Why no change of configurations mends all of a finding: it is also about what something else starts."""
    known = {server_subject(config, entry).key for config, entry in configured(finding, snapshot)}
    others = [subject.label for subject in (finding.subject, *finding.also) if subject.key not in known]
    if not known or not others:
        return None
    named = ", ".join(dict.fromkeys(others[:3])) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    return Refusal(
        f"the same is found of {named}, which no client's configuration starts, so it would be found again",
        "stop or update that first, then look again",
    )


def config_of(subject: Subject, snapshot: Snapshot) -> ClientConfig | None:
    """The config that a subject is, or stands in."""
    path = subject.key.partition("#")[0]
    return next((config for config in snapshot.clients.configs if config.path.asked == path), None)


def why_not_editable(config: ClientConfig, pointer: Pointer) -> Refusal | None:
    """Why a value of the config cannot be named exactly, so that another could be meant."""
    if config.format == "xml":
        return Refusal(
            f"{config.client_name} writes this file anew itself, so it is not edited", "change it in its settings"
        )
    if config.kind != "config":
        return Refusal(
            f"the file belongs to an extension or a plug-in of {config.client_name}",
            f"remove or update that in {config.client_name}",
        )
    if not all(file.exact for file in (config.path.file, *config.path.directories, *config.path.links)):
        return Refusal("the path of the configuration holds characters that cannot be shown", _BY_HAND)
    # A name that had to be made visible has a backslash in it, and leads elsewhere or nowhere.
    if not pointer or any(isinstance(part, str) and ("\\" in part or not is_visible(part)) for part in pointer):
        return Refusal("the setting cannot be named exactly in the document", _BY_HAND)
    return None
