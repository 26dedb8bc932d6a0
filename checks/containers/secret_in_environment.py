"""A container with an MCP server keeps credentials in its environment.

What it looks at
----------------
The variables that every container with an MCP server was made with, running or stopped, from ``-e``, ``--env-file``, a
compose file or the image. Only names and kinds are kept, never a value. It is high where the value itself has the form
of a credential (a GitHub token, a private key, a URL with a password), medium where only the name of its variable says
so. References such as ``API_KEY_FILE=/run/secrets/key`` and placeholders stay silent.

Why it matters
--------------
The engine writes the variables to its disk and keeps them until the container is removed, also of one that stopped
months ago. ``docker inspect`` shows them, and so do backups, support bundles and every tool that may ask the engine.
Inside they are handed on to each program that the server starts, and one call that shows the environment shows them
all. A variable from the image is in each copy of that image.

How an attacker uses it
-----------------------
An injected prompt asks a file server for ``/proc/self/environ``, which no rule about home directories covers. The token
works from anywhere, long after the conversation is over.

How to fix it by hand
---------------------
Let the server read the credential from a file that is mounted for it alone, where it can (many know ``…_FILE``)::

    install -m 0600 /dev/stdin ~/.config/mcp/github-token        # paste, then Ctrl-D
    docker run -i --rm -v ~/.config/mcp/github-token:/run/secrets/token:ro -e GITHUB_TOKEN_FILE=/run/secrets/token IMAGE

In a compose file it is ``secrets:``. Where the server reads variables alone, remove the container after each use
(``--rm``) and give it a token that can do little and ends soon. Renew what was kept so far.

References
----------
- docker-container-inspect(1); Docker documentation: Secrets in Compose
- CIS Docker Benchmark 4.10: ensure secrets are not stored in Dockerfiles
- CWE-526: Cleartext Storage of Sensitive Information in an Environment Variable
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    ContainerFact,
    EngineFact,
    Evidence,
    Finding,
    Passed,
    Severity,
    Snapshot,
    Verdict,
    check,
    container_subject,
    inspect_command,
    judge_containers,
)

_NAMES = '{{range .Config.Env}}{{println (index (split . "=") 0)}}{{end}}'
# The kinds that follow from the name of the variable alone.
_BY_NAME = frozenset(("password", "generic"))


@check(
    title="A container keeps credentials in its environment",
    severities=(Severity.HIGH, Severity.MEDIUM),
    needs=("containers:engines", "containers:details"),
)
def secret_in_environment(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the variables of every container."""
    return judge_containers(snapshot, _judge)


def _judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
    held = [(entry.name, entry.secret.kind) for entry in container.environment if entry.secret is not None]
    if not held:
        return Passed(container_subject(container))
    names = ", ".join(name for name, _ in held)
    until = "while it runs and after" if container.running else "although it does not run"
    return Finding(
        subject=container_subject(container),
        severity=Severity.MEDIUM if all(kind in _BY_NAME for _, kind in held) else Severity.HIGH,
        summary=f"{container.name} keeps {names} in its environment, {until}",
        evidence=(
            Evidence(
                expected="no credential in the environment of the container",
                actual=", ".join(f"{name} ({kind})" for name, kind in held),
                # Names only. None where a name is the secret.
                command=() if "<secret: " in names else inspect_command(container, engine, _NAMES),
            ),
        ),
    )
