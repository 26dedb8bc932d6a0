"""sudo lets variables through that make a permitted program run other code.

What it looks at
----------------
Every rule that runs without a password as another account, and what `Defaults` and tags let through to its programs for
the accounts that may use it (settings for one user, host, target or command are applied as sudo applies them):

* `SETENV` or `Defaults setenv`: the caller sets any variable, `LD_PRELOAD` included: high.
* `Defaults !env_reset`: everything passes but a list of known bad names, and `NODE_OPTIONS`, which makes node load any
  file, is not on it; with `!env_delete` nothing is held back: high.
* `env_keep` of a variable that loads code: `LD_*` for any program; `NODE_OPTIONS`, `PYTHONPATH`, `PERL5LIB`, `RUBYOPT`,
  `BASH_ENV`, `JAVA_TOOL_OPTIONS` and the like for a program of that language: high. Where the language of the program
  is not known: medium. A program that is known to be of another language is not affected.
* `env_keep` of `PATH` without a `secure_path`: medium, high for a script that `env` starts (`#!/usr/bin/env node`); of
  `HOME` or what else names a configuration folder, for a script or an interpreter: medium.

A rule for `ALL` is told by sudoers/passwordless-too-broad; it needs no variable to run other code.

Why it matters
--------------
An exact rule says which program runs with which arguments. The environment is its third input: with one variable the
loader or the interpreter runs the caller's code first, inside the permitted program, as the target account.

How an attacker uses it
-----------------------
`sudo -n -u mcp-server NODE_OPTIONS=--require=/tmp/x.js /usr/local/bin/mcp-server` is one shell command of an injected
prompt. The dynamic loader takes `LD_*` away from sudo itself, but not what is set on sudo's own command line, which
`SETENV` and `env_keep` permit.

How to fix it by hand
---------------------
1. `sudo visudo -f FILE`: remove `SETENV:` from the rule, and `setenv`, `!env_reset` and the names from `Defaults`.
2. Give the server the one variable that it needs, for its command alone:
   `Defaults!/usr/local/bin/mcp-server env_keep += "API_KEY"`; better still a file of the account's, mode 0600.
3. Set `Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"`.
4. Check it: `sudo -n -u ACCOUNT LD_PRELOAD=/x PROGRAM` must say "you are not allowed to set".

References
----------
* sudoers(5), "Command environment" and "SETENV and NOSETENV": https://www.sudo.ws/docs/man/sudoers.man/
* ld.so(8), "Secure-execution mode"; Node.js documentation, NODE_OPTIONS
* CWE-426, Untrusted Search Path: https://cwe.mitre.org/data/definitions/426.html
* CWE-454, External Initialization of Trusted Variables: https://cwe.mitre.org/data/definitions/454.html
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    SudoCommand,
    SudoDefault,
    SudoRequest,
    SudoRule,
    Verdict,
    check,
    judge_permitted_programs,
    rule_callers,
    rule_listing,
    rule_location,
    rule_subject,
    spoken_callers,
    spoken_targets,
    sudo_settings,
)

_OF_LANGUAGE = {
    "node": ("NODE_OPTIONS", "NODE_PATH", "NODE_REPL_EXTERNAL_MODULE"),
    "python": ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE", "PYTHONINSPECT", "PYTHONBREAKPOINT"),
    "perl": ("PERL5LIB", "PERL5OPT", "PERLLIB", "PERL5DB"),
    "ruby": ("RUBYLIB", "RUBYOPT", "GEM_HOME", "GEM_PATH", "BUNDLE_GEMFILE"),
    "bash": ("BASH_ENV", "ENV", "SHELLOPTS", "BASHOPTS", "PS4", "BASH_FUNC_*"),
    "sh": ("ENV",),
    "java": ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH"),
}
_LOADER = ("LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "DYLD_LIBRARY_PATH")
_PLACES = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "NPM_CONFIG_USERCONFIG", "PIP_CONFIG_FILE", "GIT_CONFIG_GLOBAL")
# What sudo's own list of bad names lacks, without env_reset.
_PASSES = {"node": "NODE_OPTIONS", "java": "_JAVA_OPTIONS", "ruby": "GEM_PATH"}
_LANGUAGES = (
    ("node", re.compile(r"node(?:js)?|npx|npm|bun|deno|tsx")),
    ("python", re.compile(r"(?:python|pypy)[\d.]*|uvx?|pipx?")),
    ("perl", re.compile(r"perl[\d.]*")),
    ("ruby", re.compile(r"ruby[\d.]*")),
    ("bash", re.compile(r"r?bash")),
    ("sh", re.compile(r"sh|dash|ksh|ash|busybox|zsh")),
    ("java", re.compile(r"java")),
)
_WRAPPERS = frozenset(
    ["env", "nice", "timeout", "nohup", "stdbuf", "setsid", "ionice", "bwrap", "firejail", "systemd-run", "xargs"]
)
_SHOWN = 6
_Harm = tuple[Severity, str]


@check(
    title="sudo lets variables through that make a permitted program run other code",
    severities=(Severity.HIGH, Severity.MEDIUM),
    needs=("sudoers:rules", "accounts"),
)
def keeps_environment(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every rule without a password by what reaches its programs."""
    return judge_permitted_programs(snapshot, _judged)


def _judged(
    rule: SudoRule, commands: list[SudoCommand], targets: tuple[str, ...], snapshot: Snapshot
) -> Iterator[Verdict]:
    found: dict[str, Severity] = {}
    for command in commands:
        for severity, what in _of_command(rule, command, targets, snapshot):
            text = f"{command.text}: {what}"
            found[text] = max(severity, found.get(text, severity), key=lambda each: each.rank)
    uncertain = [
        setting.name
        for setting in snapshot.sudoers.defaults
        if setting.here is None and setting.name in ("setenv", "env_reset", "env_keep", "env_delete")
    ]
    if uncertain:
        yield NotAssessed(
            f"whether {', '.join(dict.fromkeys(uncertain))} holds for {rule_subject(rule).label}",
            "it is set for hosts of a netgroup",
            "ask sudo: sudo -l -U USER",
        )
    if not found:
        if not uncertain:
            yield Passed(rule_subject(rule))
        return
    ordered = sorted(found, key=lambda text: -found[text].rank)
    more = f"; and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
    target = spoken_targets(targets)
    yield Finding(
        subject=rule_subject(rule),
        severity=found[ordered[0]],
        summary=f"{spoken_callers(rule)} may choose variables of what runs as {target} without a password: "
        + ordered[0],
        evidence=(
            Evidence(
                expected="env_reset, no SETENV, and no variable kept that makes a program load code",
                actual="; ".join(ordered[:_SHOWN]) + more,
                command=rule_listing(rule, snapshot),
            ),
        ),
        location=rule_location(rule),
    )


def _of_command(rule: SudoRule, command: SudoCommand, targets: tuple[str, ...], snapshot: Snapshot) -> Iterator[_Harm]:
    for caller in rule_callers(rule, snapshot):
        for target in targets:
            account = "" if target.startswith("group ") else target
            request = SudoRequest(caller, account, tuple(command.text.split(" ")))
            yield from _harms(rule, command, sudo_settings(snapshot.sudoers, snapshot.accounts, request))


def _harms(rule: SudoRule, command: SudoCommand, settings: dict[str, SudoDefault]) -> Iterator[_Harm]:
    sets = settings.get("setenv")
    if rule.set_environment or (rule.set_environment is None and sets is not None and sets.operation == "on"):
        yield Severity.HIGH, "SETENV, the caller sets any variable, LD_PRELOAD included"
        return
    language = _language(command)
    reset, delete = settings.get("env_reset"), settings.get("env_delete")
    if reset is not None and reset.operation == "off":
        if delete is not None and delete.operation == "off":
            yield Severity.HIGH, "!env_reset and !env_delete, every variable passes, LD_PRELOAD included"
        elif language in _PASSES:
            yield Severity.HIGH, f"!env_reset, {_PASSES[language]} passes"
        else:
            yield Severity.MEDIUM, "!env_reset, what sudo does not know passes, such as NODE_OPTIONS"
        return
    keep = settings.get("env_keep")
    kept = keep.values if keep is not None and keep.operation != "off" else ()
    loads = [name for name in kept if _is_one_of(name, _LOADER)]
    if loads:
        yield Severity.HIGH, f"env_keep of {', '.join(loads)}"
    for named, variables in _OF_LANGUAGE.items():
        matching = [name for name in kept if name not in loads and _is_one_of(name, variables)]
        if matching and language in (named, None):
            severity = Severity.HIGH if language == named else Severity.MEDIUM
            yield severity, f"env_keep of {', '.join(matching)}"
    if any(_is_one_of(name, ("PATH",)) for name in kept) and not _has_path(settings):
        searches = (command.interpreter or "").split()[:1] == ["/usr/bin/env"]
        yield Severity.HIGH if searches else Severity.MEDIUM, "env_keep of PATH, and no secure_path"
    places = [name for name in kept if name not in loads and name != "*" and _is_one_of(name, _PLACES)]
    if places and language != "":
        yield Severity.MEDIUM, f"env_keep of {', '.join(places)}"


def _has_path(settings: dict[str, SudoDefault]) -> bool:
    path = settings.get("secure_path")
    return path is not None and path.operation == "set"


def _is_one_of(pattern: str, names: tuple[str, ...]) -> bool:
    """Whether an entry of env_keep (``NAME``, ``NAME*`` or ``NAME=value``) lets one of the variables through."""
    name, _, value = pattern.partition("=")
    if value and "*" not in value:
        return False  # only that value passes
    return any(fnmatch.fnmatchcase(each, name) for each in names)


def _language(command: SudoCommand) -> str | None:
    """The language of a program: a name, "" for a program of none of them, None where it is not known."""
    program = command.text.partition(" ")[0].rpartition("/")[2]
    names = [program]
    if command.target is not None:
        names.append(command.target.file.path.rpartition("/")[2])
    words = [word.rpartition("/")[2] for word in (command.interpreter or "").split()]
    names += [word for word in words if word != "env" and not word.startswith("-")][:1]
    for language, pattern in _LANGUAGES:
        if any(pattern.fullmatch(name) for name in names):
            return language
    return "" if command.interpreter == "" and not _wraps(program) else None


def _wraps(program: str) -> bool:
    return program in (
        "env",
        "nice",
        "timeout",
        "nohup",
        "stdbuf",
        "setsid",
        "ionice",
        "bwrap",
        "systemd-run",
        "docker",
    )
