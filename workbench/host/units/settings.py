"""What a unit says, as far as it may be kept: its settings, the names of its variables, the secrets in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from workbench.host.units.unit_file import Assignment, command_of, words_of
from workbench.model.facts import SecretFact
from workbench.model.units import UnitSecret, UnitSetting
from workbench.secrets import capture, environment_entry, redact_arguments, shown_name
from workbench.text import visible

_SECTIONS = ("Service", "Socket", "Slice")
# Settings whose values are words, numbers, accounts and paths. Of all others no value is kept.
_PLAIN = re.compile(
    r"(?:(?:Private|Protect|Restrict|SystemCall|Memory|Limit|Tasks|CPU|IPAddress|SocketBind|Device|Mount"
    r"|Runtime|State|Cache|Logs|Configuration|Kill|Timeout|Syslog)[A-Za-z]*"
    r"|(?:CapabilityBoundingSet|AmbientCapabilities|NoNewPrivileges|LockPersonality|UMask|User|Group|DynamicUser"
    r"|SupplementaryGroups|RemoveIPC|KeyringMode|ProcSubset|RootDirectory|RootImage|TemporaryFileSystem"
    r"|WorkingDirectory|Restart|Type|SecureBits|Slice|Sockets|Accept|Service|Delegate|EnvironmentFile|PassEnvironment"
    r"|UnsetEnvironment|ReadWritePaths|ReadOnlyPaths|InaccessiblePaths|ExecPaths|NoExecPaths|BindPaths"
    r"|BindReadOnlyPaths|ReadWriteDirectories|ReadOnlyDirectories|InaccessibleDirectories|LogLevelMax|LoadCredential"
    r"|LoadCredentialEncrypted|SetLoginEnvironment|Standard(?:Input|Output|Error)|SocketMode|SocketUser|SocketGroup|DirectoryMode|Listen[A-Za-z]*"
    r"|MaxConnections[A-Za-z]*|RemainAfterExit|PAMName|IOSchedulingClass|OOMPolicy|OOMScoreAdjust|Nice))\Z"
)
# None of these forms is a secret: to look closer at some thousand values takes longer than systemd itself.
_HARMLESS = re.compile(
    r"(?:yes|no|true|false|on|off|strict|full|tmpfs|invisible|native|simple|socket|journal|\d{1,6}[KMG%]?)\Z"
    r"|(?:~?(?:@[a-z-]{2,20}|AF_[A-Z0-9]{2,12}|CAP_[A-Z_]{2,20})(?: |\Z))+\Z",
    re.IGNORECASE,
)
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,80}\Z")
_VARIABLE = re.compile(r"(?=.{1,100}\Z)(?:[A-Za-z][A-Za-z0-9]{0,30})?(?:_[A-Za-z0-9]{0,30})*\Z")
_COMMANDS = re.compile(r"Exec(?:Start|Stop|Reload|Condition)(?:Pre|Post)?\Z")
_OLD_NAMES = {
    "ReadWriteDirectories": "ReadWritePaths",
    "ReadOnlyDirectories": "ReadOnlyPaths",
    "InaccessibleDirectories": "InaccessiblePaths",
}
MOST = 2000
"""Settings kept of one unit: more is nothing that anyone wrote."""


def kept(counting: Iterable[tuple[str, Assignment]]) -> tuple[UnitSetting, ...]:
    """The settings that count, safe to keep and to show."""
    found: list[UnitSetting] = []
    for file, each in counting:
        if each.section in _SECTIONS and _KEY.match(each.key) and len(found) < MOST:
            key = _OLD_NAMES.get(each.key, each.key)
            found.append(UnitSetting(each.section, key, _value(each), visible(file), each.first))
    return tuple(found)


def _value(each: Assignment) -> str:
    if not each.value:
        return ""
    if not _PLAIN.match(each.key):
        return "…"
    if _HARMLESS.match(each.value):
        return each.value
    # The key stands before it, so that what only looks like a path or an account is still told from a secret.
    return redact_arguments([f"{each.key}={each.value}"])[0][0].partition("=")[2]


def names_and_secrets(
    counting: Sequence[tuple[str, Assignment]],
) -> tuple[tuple[str, ...], tuple[UnitSecret, ...]]:
    """The names of the variables that a unit sets or passes on, and the secrets that stand in it, each once."""
    names: dict[str, None] = {}
    secrets: dict[tuple[str, str], UnitSecret] = {}
    for file, each in counting:
        if each.section != "Service":
            continue
        if each.key == "PassEnvironment":
            names |= dict.fromkeys(shown_name(name) for name in each.value.split())
        for name, found in _in(each):
            if name:
                names[name] = None
            if found is not None:
                secret = UnitSecret(each.key, found, visible(file), each.first)
                secrets.setdefault((secret.path, secret.secret.fingerprint), secret)
    return tuple(names), tuple(secrets.values())


def of_variables(path: str, content: str) -> tuple[tuple[str, ...], tuple[UnitSecret, ...]]:
    """The same of a file of variables."""
    names: list[str] = []
    secrets: list[UnitSecret] = []
    for number, line in enumerate(content.split("\n"), 1):
        name, equals, value = line.strip().partition("=")
        # What is no variable may be the content of any other file that a unit names, a key for one.
        if not equals or not _VARIABLE.match(name.strip()):
            continue
        entry = environment_entry(name.strip(), value.strip().strip("\"'"), "")
        names.append(entry.name)
        if entry.secret is not None:
            secrets.append(UnitSecret("EnvironmentFile", entry.secret, visible(path), number))
    return tuple(dict.fromkeys(names)), tuple(secrets)


def _in(each: Assignment) -> Iterator[tuple[str, SecretFact | None]]:
    """The variables and the secrets of one assignment: (name or "", secret or None)."""
    if each.key == "Environment":
        for word in words_of(each.value):
            name, equals, value = word.partition("=")
            if equals and name:
                entry = environment_entry(name, value.replace("%%", "%"), "")
                yield entry.name, entry.secret
    elif each.key == "SetCredential":
        # Its value is shown to every account by the manager, whatever the mode of the file.
        name, _, value = each.value.partition(":")
        yield "", capture(name, value, shown_name(name))
    elif _COMMANDS.match(each.key):
        for secret in redact_arguments(command_of(each.value))[1]:
            yield "", secret
