"""A secret stands in a systemd unit.

What it looks at
----------------
Every systemd service that starts an MCP server: the values of `Environment=` and `SetCredential=` and the command lines
(`ExecStart=` and its kin, continued lines too) of the unit and its drop-ins, and the files that `EnvironmentFile=`
names where accounts other than root and its owner can read them. What only looks like a secret is left alone: the path
of a credential (`MCP_AUTH_TOKEN=%d/mcp-token`), a reference (`${TOKEN}`), a placeholder.

Why it matters
--------------
A unit is no private place. Its file is readable by every account as a rule; its environment is told to every account
by `systemctl show`, even where the file itself is closed, because the manager answers anyone; a command line is seen by
all in `ps`; and unit files go into backups, images and repositories.

How an attacker uses it
-----------------------
Any program on the machine, another MCP server among them, runs `systemctl show -p Environment mcp.service` and has the
token, without a right of any kind. From then on it acts in your name at the service that the token is for.

How to fix it by hand
---------------------
1. Renew the secret at the service that gave it: it was readable, so it is known.
2. Put it in a file of root's own, mode 0600: `sudo install -m 0600 /dev/stdin /etc/mcp/token`.
3. Let systemd hand it to this one service: `LoadCredential=mcp-token:/etc/mcp/token` and, where the server takes a
   path, `Environment=MCP_AUTH_TOKEN_FILE=%d/mcp-token`. `systemd-creds encrypt` ties it to this machine besides.
4. Where the server takes a variable only: `EnvironmentFile=/etc/mcp/environment`, that file root's with mode 0600. The
   manager reads it before it gives up its rights. The server still has it in its environment.
5. Remove the line from the unit, `sudo systemctl daemon-reload`, restart.

References
----------
* systemd.exec(5), "Environment" and "Credentials":
  https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
* System and service credentials: https://systemd.io/CREDENTIALS/
* CWE-522, Insufficiently Protected Credentials: https://cwe.mitre.org/data/definitions/522.html
* CWE-214, Invocation of Process Using Visible Sensitive Information:
  https://cwe.mitre.org/data/definitions/214.html
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    READ,
    Evidence,
    Finding,
    Location,
    Passed,
    Severity,
    Snapshot,
    UnitFact,
    UnitSecret,
    Verdict,
    check,
    judge_units,
    unit_subject,
    who_can,
)


@check(
    title="A secret stands in a systemd unit",
    severities=(Severity.HIGH,),
    needs=("units:content", "units:variables", "units:mode", "accounts"),
)
def secret_in_unit(snapshot: Snapshot) -> Iterator[Verdict]:
    """One finding for each unit that holds a secret which others can read."""

    def judge(unit: UnitFact) -> Verdict:
        told = [
            secret for secret in unit.secrets if secret.key != "EnvironmentFile" or _is_open(unit, secret, snapshot)
        ]
        return _finding(unit, told) if told else Passed(unit_subject(unit))

    return judge_units(snapshot, judge)


def _is_open(unit: UnitFact, secret: UnitSecret, snapshot: Snapshot) -> bool:
    file = next((path for path in unit.files if path.asked == secret.path), None)
    if file is None:
        return False
    own = {0, unit.owner}
    user = unit.value("User")
    own |= {account.uid for account in snapshot.accounts.accounts if user in (account.name, str(account.uid))}
    return bool(who_can(file, READ, snapshot.accounts, frozenset(own)))


def _finding(unit: UnitFact, told: list[UnitSecret]) -> Finding:
    places = ", ".join(dict.fromkeys(_place(secret) for secret in told))
    return Finding(
        subject=unit_subject(unit),
        severity=Severity.HIGH,
        summary=f"{unit.name} holds {'a secret' if len(told) == 1 else f'{len(told)} secrets'} in {places}",
        evidence=tuple(
            Evidence(
                expected="a reference to a credential or to a file of root's own",
                actual=f"{secret.path}:{secret.line}: {_place(secret)}: {secret.secret.kind}, "
                f"{secret.secret.length} characters",
                # Of the line only what stands before the first "=", so that nothing of the secret is printed.
                command=("awk", "-F=", f'NR=={secret.line} {{print FILENAME ":" FNR ": " $1}}', secret.path),
            )
            for secret in told
        ),
        location=Location(told[0].path, told[0].line),
    )


def _place(secret: UnitSecret) -> str:
    return f"{secret.key}={' ' if secret.key.startswith('Exec') else ''}{secret.secret.place}"
