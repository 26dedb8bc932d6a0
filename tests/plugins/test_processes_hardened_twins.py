"""No check of the area finds anything on a server that is well confined, whichever way; and nobody cries ten times."""

from __future__ import annotations

import pytest

from tests import builders
from tests.plugins.confined import host, in_bubblewrap, in_docker, running
from tests.plugins.loading import plugins, run_check
from workbench.model.finding import Finding, NotAssessed
from workbench.model.processes import ServerProcess

AREA = sorted(identity for identity in plugins().checks if identity.startswith("processes/"))
CODE = (builders.path("/usr/bin/node", 0o755, uid=0, gid=0),)


@pytest.mark.parametrize("identity", AREA)
@pytest.mark.parametrize(
    "server",
    [in_bubblewrap(groups=(27, 998, 1000), program=CODE), in_docker(groups=(998,))],
    ids=["bubblewrap", "docker"],
)
def test_it_is_silent(identity: str, server: ServerProcess) -> None:
    assert not builders.kinds(run_check(identity, host(server))) & {Finding, NotAssessed}


@pytest.mark.parametrize("identity", AREA)
def test_ten_servers_of_one_client_are_one_finding_at_most(identity: str) -> None:
    ten = [running(f"server{number}", program=CODE) for number in range(10)]
    assert len(builders.findings(run_check(identity, host(*ten)))) <= 1
