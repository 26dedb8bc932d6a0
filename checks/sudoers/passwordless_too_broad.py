"""Sudo gives away too much without asking for a password.

What it looks at
----------------
The sudo policy of this machine as sudo's own `cvtsudoers` parses it: aliases expanded, `Defaults` applied
(`!authenticate`, for everyone or for one user, host, target account or command; `exempt_group`), later rules that take
an earlier one back taken into account. A rule that runs without a password is a finding when it permits

* every command (`NOPASSWD: ALL`), also with exceptions such as `ALL, !/bin/su`;
* a program that gives a shell or runs any code: shells, interpreters, editors, pagers, package managers, `docker`,
  `find`, `tar`, `env`, `systemctl` with free arguments, and the like;
* as root, a program that writes any file or changes any file's rights (`tee`, `cp`, `chmod`, `chown`), or reads any.

As root, or as any account because root is one of them, it is critical; as another account it is high, and so is reading
any file as root. A rule that only lets an account act as itself is in order, and so is one exact program with exact
arguments as a dedicated account: `dev ALL=(mcp-server) NOPASSWD: /usr/local/bin/mcp-filesystem-server /srv/workspace`.
A rule for an account that does not exist here still counts: it waits for whoever gets that name.

Why it matters
--------------
An MCP server that runs as you can run `sudo -n` as you. The password is the only thing between an injected prompt and
root, and such a rule removes it. Exceptions do not help: whoever may run everything but `/bin/su` copies `/bin/su` to
another name, or runs `python3` instead.

How an attacker uses it
-----------------------
A web page or an issue that the agent reads tells it to run `sudo -n -l`, which lists the rules. With
`NOPASSWD: /usr/bin/find` the next call is `sudo -n find / -maxdepth 0 -exec /bin/sh -c '…' ;`, with `NOPASSWD: docker`
it is `sudo -n docker run -v /:/host …`, with `less` or `vim` it is a single `!`. Nothing asks, and nothing shows.

How to fix it by hand
---------------------
1. See the rule: `sudo -l -U USER`, and the file and line that are named in the finding.
2. Edit it with `sudo visudo -f FILE` (never with another editor: it refuses a file that sudo could not read). Keep a
   second root shell open until `sudo -l` works again.
3. Remove `NOPASSWD:` (then sudo asks), or permit one program by its absolute path with exactly its arguments, as an
   account of its own instead of root. `""` after a program permits it without any argument.
4. For a `Defaults !authenticate`, delete the entry, or bind it to the one exact command (`Defaults!COMMAND`).
5. Check it: `sudo -k; sudo -n -l -U USER`.

References
----------
* sudoers(5), "Tag_Spec", "Secure editing" and "Preventing shell escapes": https://www.sudo.ws/docs/man/sudoers.man/
* cvtsudoers(1): https://www.sudo.ws/docs/man/cvtsudoers.man/
* GTFOBins, programs that give a shell through sudo: https://gtfobins.github.io/#+sudo
* CWE-250, Execution with Unnecessary Privileges: https://cwe.mitre.org/data/definitions/250.html
* CWE-269, Improper Privilege Management: https://cwe.mitre.org/data/definitions/269.html
"""

from __future__ import annotations

import fnmatch
import itertools
import re
from collections.abc import Iterator

from workbench.api import (
    ROOT_GROUPS,
    Account,
    Evidence,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    SudoCommand,
    SudoRule,
    Verdict,
    check,
    foreign_targets,
    permitted_commands,
    rule_listing,
    rule_location,
    rule_subject,
    spoken_callers,
    spoken_targets,
)

# Each in one string, as a reader would list them. A version at the end of a name is taken off before the look-up.
_SHELLS = (
    "sh bash dash zsh ksh mksh fish csh tcsh ash rbash busybox toybox su sudo runuser pkexec login script screen tmux"
)
_INTERPRETERS = (
    "python perl ruby node nodejs deno php lua tclsh wish expect java jshell julia R Rscript guile pypy osascript"
)
_PACKAGE_MANAGERS = (
    "apt apt-get aptitude dpkg yum dnf microdnf rpm zypper pacman apk snap flatpak brew port pip pipx gem easy_install"
    " conda mamba cpan nix nix-env emerge"
)
_RUNNERS = (
    "env nice ionice nohup timeout time stdbuf setsid setarch xargs parallel watch flock taskset chrt unshare nsenter"
    " chroot setpriv capsh systemd-run systemd-nspawn machinectl start-stop-daemon strace ltrace gdb perf valgrind find"
    " tar awk gawk mawk nawk sed ed zip cpio rsync scp sftp ssh socat nc ncat netcat nmap tcpdump openvpn crontab at"
    " batch journalctl dmsetup ip systemctl service docker podman nerdctl ctr lxc lxd incus kubectl"
    " virsh ansible ansible-playbook salt-call puppet msfconsole logrotate run-parts xe mysql psql sqlite3 ftp wall"
)
_EDITORS_AND_PAGERS = (
    "vi vim nvim view rview rvim vimdiff nano pico emacs ed ex jed joe micro mcedit mc less more most pg man visudo"
    " vipw vigr gvim"
)
_FROM_HERE = (
    "npm npx pnpm pnpx yarn bun bunx uv uvx make gmake cmake ninja just cargo rake gradle mvn ant vagrant git tox"
)
_WRITERS = (
    "tee cp mv dd install ln chmod chown chgrp chattr setfacl truncate rm curl wget aria2c unzip 7z mount umount patch"
    " sysctl modprobe insmod useradd usermod adduser groupadd groupmod passwd chpasswd gpasswd debugfs mkfs"
    " update-alternatives ldconfig setcap"
)
_READERS = "cat tac head tail grep egrep fgrep rg nl od xxd hexdump base64 strings diff sort uniq cut paste rev comm wc"

_RUNS_ANYTHING = frozenset(f"{_SHELLS} {_INTERPRETERS} {_PACKAGE_MANAGERS} {_RUNNERS}".split())
_ESCAPES = frozenset(_EDITORS_AND_PAGERS.split())
_HERE = frozenset(_FROM_HERE.split())
_WRITES = frozenset(_WRITERS.split())
_READS = frozenset(_READERS.split())
_SCRIPTED = frozenset(f"{_SHELLS} {_INTERPRETERS}".split())
_SYSTEM_FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/snap/bin")
_DECIDES_RIGHTS = (
    "/etc/sudoers",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/group",
    "/etc/gshadow",
    "/etc/cron",
    "/etc/pam.d",
    "/etc/ld.so",
    "/etc/profile",
    "/etc/systemd",
    "/root",
    "/var/spool/cron",
)
# One file with many names: what a link to it does depends on the name of the link.
_MANY_IN_ONE = frozenset(("busybox", "toybox", "snap"))
# Verbs after which free arguments are too loose, but run nothing.
_CONTAINER_VERBS = ("logs", "ps", "restart", "stop", "start", "inspect", "images", "stats", "top", "version", "info")
_UNIT_VERBS = ("start", "stop", "restart", "reload", "try-restart", "status", "show", "cat", "is-active", "is-enabled")
_TAME_VERBS = {
    "systemctl": _UNIT_VERBS,
    "docker": _CONTAINER_VERBS,
    "podman": _CONTAINER_VERBS,
    "ip": ("addr", "address", "link", "route", "rule", "neigh"),
}
_SAYS_ONLY = frozenset(("--version", "--help", "-V", "-h"))
_ELSEWHERE = frozenset(("-C", "--prefix", "--directory", "--cwd", "--project-directory"))
_WILD = re.compile(r"[*?\[]")
_VERSION = re.compile(r"[-.]?\d[\d.]*$")
_LISTED = 6


@check(
    title="Sudo gives away too much without asking for a password",
    severities=(Severity.CRITICAL, Severity.HIGH),
    needs=("sudoers:rules",),
)
def passwordless_too_broad(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every rule that has effect on this machine."""
    rules = [rule for rule in snapshot.sudoers.rules if rule.here]
    if not rules:
        yield NotApplicable("no sudo rule has effect on this machine")
    for rule in rules:
        yield from _judged(rule, snapshot)


def _judged(rule: SudoRule, snapshot: Snapshot) -> Iterator[Verdict]:
    targets = foreign_targets(rule, snapshot)
    if not rule.passwordless or not targets:
        yield Passed(rule_subject(rule))
        return
    as_root = _as_root(rule, targets, snapshot)
    found: list[tuple[str, Severity, str]] = []
    unclear = False
    for command in permitted_commands(rule):
        if _is_pattern(command):
            unclear = True
            yield NotAssessed(
                f"what the regular expression in {command.text} permits {', '.join(rule.users)}",
                "sudo's regular expressions are not evaluated",
                "write the permitted command out, or judge it by hand",
            )
        elif harm := _harm(command, as_root=as_root):
            found.append((command.text, *harm))
    if found:
        worst = max((each[1] for each in found), key=lambda severity: severity.rank)
        yield _finding(rule, worst, found, targets, snapshot)
    elif not unclear:
        yield Passed(rule_subject(rule))


def _finding(
    rule: SudoRule,
    severity: Severity,
    found: list[tuple[str, Severity, str]],
    targets: tuple[str, ...],
    snapshot: Snapshot,
) -> Finding:
    whom = spoken_callers(rule)
    what, _, why = max(found, key=lambda each: each[1].rank)
    actual = "; ".join(f"{text}: {reason}" for text, _, reason in found[:_LISTED])
    if len(found) > _LISTED:
        actual += f"; and {len(found) - _LISTED} more"
    target = spoken_targets(targets)
    return Finding(
        subject=rule_subject(rule),
        severity=severity,
        summary=f"{whom} may run {'anything' if what == 'ALL' else what} as {target} without a password: {why}",
        evidence=(
            Evidence(
                expected="without a password, at most one exact program with exact arguments, and not as root",
                actual=f"as {target}, without a password: {actual}",
                command=rule_listing(rule, snapshot),
            ),
        ),
        location=rule_location(rule),
    )


def _as_root(rule: SudoRule, targets: tuple[str, ...], snapshot: Snapshot) -> bool:
    barred = bool({"!root", "!#0"} & set(rule.runas_users))
    accounts = {account.name: account for account in snapshot.accounts.accounts}
    return any(
        target in ("root", "#0")
        or (target == "ALL" and not barred)
        or target.removeprefix("group ") in ROOT_GROUPS - {"ALL"}
        or target == "group ALL"
        or _is_root(accounts.get(target))
        for target in targets
    )


def _is_root(account: Account | None) -> bool:
    return account is not None and account.uid == 0


def _is_pattern(command: SudoCommand) -> bool:
    program, _, arguments = command.text.partition(" ")
    return program.startswith("^") or (arguments.startswith("^") and bool(_names(command, program)))


def _harm(command: SudoCommand, *, as_root: bool) -> tuple[Severity, str] | None:
    """How bad one permitted command is, and why; None when it is narrow."""
    worst = Severity.CRITICAL if as_root else Severity.HIGH
    if command.text == "ALL":
        return worst, "that is every command, and exceptions from it can be walked around"
    program, _, arguments = command.text.partition(" ")
    words = [] if arguments == '""' else arguments.split()
    free = not arguments or bool(_WILD.search(arguments))
    touches_rights = free or any(word.startswith(_DECIDES_RIGHTS) for word in words)
    if program == "sudoedit":
        return (worst, "it edits files that decide who may do what") if as_root and touches_rights else None
    names = _names(command, program)
    if names & _ESCAPES or ("systemctl" in names and words[:1] == ["edit"]):
        return worst, "an editor or pager starts a shell from inside"
    if names & _SCRIPTED and _is_a_shell(names, words, free=free):
        return worst, "that is a shell or interpreter that runs whatever it is told"
    if names & _RUNS_ANYTHING - _SCRIPTED and free and not _verb_is_tame(names, words):
        return worst, "with free arguments it runs any program"
    if names & _HERE and (free or (as_root and not _place_is_fixed(words))):
        return worst, "it runs code that the caller's working directory names"
    if not as_root:
        return None
    if names & _SCRIPTED and _code_is_here(names, words):
        return worst, "it runs code from the caller's working directory"
    if names & _WRITES and touches_rights:
        return worst, "it writes, or changes the rights of, files that decide who may do what"
    if names & _READS and free:
        return Severity.HIGH, "it reads any file as root, keys and password hashes included"
    return None


def _names(command: SudoCommand, program: str) -> set[str]:
    """The known programs that a command may be: by its name, by the file it is a link to, or many for a pattern."""
    known = _RUNS_ANYTHING | _ESCAPES | _HERE | _WRITES | _READS
    if program.endswith("/"):
        program += "*"
    folder, _, name = program.rpartition("/")
    if _WILD.search(program):
        meant = any(fnmatch.fnmatchcase(place, folder) for place in _SYSTEM_FOLDERS)
        return {each for each in known if meant and fnmatch.fnmatchcase(each, name)}
    candidates = {name, _VERSION.sub("", name)}
    if command.target is not None:
        real = command.target.file.path.rpartition("/")[2]
        candidates |= {real, _VERSION.sub("", real)} - _MANY_IN_ONE
    return candidates & known


def _is_a_shell(names: set[str], words: list[str], *, free: bool) -> bool:
    if names & {"su", "runuser"} and not {"-c", "--command"} & set(words):
        return True
    if words and all(word.startswith("-") for word in words):
        return not _SAYS_ONLY.issuperset(words)
    # A script that stands first keeps the free arguments behind it to itself.
    script_is_fixed = bool(words) and words[0].startswith("/") and not _WILD.search(words[0])
    return not words or (free and not script_is_fixed)


def _verb_is_tame(names: set[str], words: list[str]) -> bool:
    if "service" in names:
        return bool(words) and not _WILD.search(words[0])
    return any(program in names and words and words[0] in verbs for program, verbs in _TAME_VERBS.items())


def _place_is_fixed(words: list[str]) -> bool:
    return any(word in _ELSEWHERE and after.startswith("/") for word, after in itertools.pairwise(words))


def _code_is_here(names: set[str], words: list[str]) -> bool:
    if not words:
        return False
    if words[0] == "-m" and "python" in names:
        return True
    return bool(names & _SCRIPTED - {"su", "sudo", "runuser", "pkexec"}) and not words[0].startswith(("-", "/"))
