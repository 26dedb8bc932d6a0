"""What an engine's answer means: security options, seccomp profiles, what runs a server, and whose container it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from workbench.host.containers.describing import container_fact, engine_fact, environment
from workbench.host.containers.engines import Place
from workbench.host.containers.joining import id_files_of, pairs
from workbench.host.containers.recognition import is_named, recognise
from workbench.host.containers.seccomp import Machine, summarise
from workbench.host.containers.values import number, seconds
from workbench.launch import understand
from workbench.launch.images import normal_image
from workbench.model.containers import ContainerFact, EngineFact, PublishedPort
from workbench.model.processes import ServerProcess

DATA = Path(__file__).parents[1] / "data" / "containers"
ENGINE = EngineFact("/run/docker.sock", "its usual place", "docker", seccomp="builtin")
HERE = Machine({"CAP_CHOWN"}, "amd64", "6.1.0-13-amd64")


def inspected(host: dict[str, Any] | None = None, config: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    whole = {"Image": "plain", "Labels": {}, "Env": [], **(config or {})}
    return {"Id": "a" * 64, "Name": "/x", "Path": "run", "Args": [], "HostConfig": host or {}, "Config": whole, **more}


def fact_of(host: dict[str, Any] | None = None, engine: EngineFact = ENGINE, **more: Any) -> ContainerFact:
    version = {"Arch": "amd64", "KernelVersion": "6.1.0"}
    return container_fact(inspected(host, **more), engine, version, same_host=True)


class TestSecurityOptions:
    @pytest.mark.parametrize(
        ("options", "on"),
        [
            ([], False),
            (["no-new-privileges"], True),
            (["no-new-privileges:true"], True),
            (["no-new-privileges=true"], True),
            (["no-new-privileges=1"], True),
            (["no-new-privileges:false"], False),
            (["no-new-privileges=False"], False),
            (["no-new-privileges:nonsense"], False),
            (["no-new-privileges", "no-new-privileges:false"], False),
            (["seccomp=unconfined", "no-new-privileges"], True),
        ],
    )
    def test_no_new_privileges_is_its_value(self, options: list[str], on: bool) -> None:
        assert fact_of({"SecurityOpt": options}).no_new_privileges is on

    def test_an_engine_may_switch_it_on_for_all(self) -> None:
        engine = replace(ENGINE, no_new_privileges=True)
        assert fact_of({}, engine).no_new_privileges
        assert not fact_of({"SecurityOpt": ["no-new-privileges:false"]}, engine).no_new_privileges

    @pytest.mark.parametrize(
        ("host", "seccomp"),
        [
            ({}, "default"),
            ({"SecurityOpt": None}, "default"),
            ({"SecurityOpt": ["seccomp=builtin"]}, "default"),
            ({"SecurityOpt": ["seccomp=unconfined"]}, "unconfined"),
            ({"SecurityOpt": ["seccomp:unconfined"]}, "unconfined"),
            ({"Privileged": True}, "unconfined"),
            ({"SecurityOpt": ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}']}, "profile"),
            ({"SecurityOpt": ["seccomp=/etc/profile.json"]}, "profile"),
        ],
    )
    def test_seccomp(self, host: dict[str, Any], seccomp: str) -> None:
        assert fact_of(host).seccomp == seccomp

    def test_a_profile_told_by_its_path_alone_has_no_verdicts(self) -> None:
        profile = fact_of({"SecurityOpt": ["seccomp=/etc/profile.json"]}).seccomp_profile
        assert profile is not None and profile.problem and not profile.verdicts

    def test_mandatory_access_control(self) -> None:
        fact = fact_of({"SecurityOpt": ["apparmor=unconfined", "label:disable", "label=type:x_t"]})
        assert (fact.apparmor, fact.label) == ("unconfined", ("disable", "type:x_t"))
        assert fact_of(AppArmorProfile="docker-default").apparmor == "docker-default"

    @pytest.mark.parametrize(
        ("host", "masked"),
        [
            ({"MaskedPaths": ["/proc/kcore"]}, ("/proc/kcore",)),
            ({"MaskedPaths": []}, ()),
            ({"MaskedPaths": None}, None),
            ({"MaskedPaths": None, "Privileged": True}, ()),
            ({"SecurityOpt": ["unmask=ALL"]}, ()),
        ],
    )
    def test_masked_paths(self, host: dict[str, Any], masked: tuple[str, ...] | None) -> None:
        assert fact_of(host).masked_paths == masked

    @pytest.mark.parametrize(
        ("given", "told"), [(None, None), (0, None), (-1, None), (5, 5), ("5", None), (True, None), (2.5, None)]
    )
    def test_no_limit_has_many_spellings(self, given: Any, told: int | None) -> None:
        assert fact_of({"PidsLimit": given}).pids_limit == told
        assert fact_of({"Memory": given}).memory == told

    def test_podman_spells_all_out(self) -> None:
        listed = "CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT"
        dropped = listed.split()
        podman = replace(ENGINE, kind="podman")
        assert fact_of({"CapDrop": dropped}, podman).cap_drop == ("ALL",)
        assert fact_of({"CapDrop": dropped[1:]}, podman).cap_drop == tuple(dropped[1:])
        assert fact_of({"CapDrop": ["CAP_CHOWN", "net_raw"]}).cap_drop == ("CHOWN", "NET_RAW")
        assert fact_of({"Ulimits": [{"Name": "RLIMIT_NOFILE", "Soft": 1, "Hard": 2}]}).ulimits == (("nofile", 1, 2),)


class TestPorts:
    def test_running_ones_tell_where_they_really_listen(self) -> None:
        bound: list[Any] = [{"HostIp": "0.0.0.0", "HostPort": "32768"}, {"HostIp": "::", "HostPort": "32768"}]
        made: dict[str, Any] = {
            "State": {"Running": True},
            "NetworkSettings": {"Ports": {"80/tcp": bound, "81/tcp": None}},
        }
        assert fact_of(**made).ports == (
            PublishedPort("0.0.0.0", 32768, 80, "tcp"),
            PublishedPort("::", 32768, 80, "tcp"),
        )

    def test_stopped_ones_tell_where_they_will(self) -> None:
        host = {"PortBindings": {"53/udp": [{"HostIp": "127.0.0.1", "HostPort": "53"}], "9/x": "odd"}}
        assert fact_of(host).ports == (PublishedPort("127.0.0.1", 53, 53, "udp"),)


def test_an_engine_names_itself_and_its_defaults() -> None:
    place = Place("/run/docker.sock", "DOCKER_HOST", Path("/").stat())
    options = ["name=apparmor", "name=seccomp,profile=builtin", "name=userns", "name=no-new-privileges", "odd"]
    fact = engine_fact(
        place, {"Components": [{"Name": "Podman Engine"}], "Version": "4.3"}, {"SecurityOptions": options}
    )
    assert (fact.kind, fact.userns_remap, fact.rootless, fact.no_new_privileges) == ("podman", True, False, True)
    assert (fact.seccomp, fact.mandatory) == ("builtin", ("apparmor",))
    assert engine_fact(place, {}, None).seccomp == ""


def test_of_two_variables_of_one_name_the_last_holds() -> None:
    assert environment(inspected(config={"Env": ["A=1", "A=2", "B", "=x", 7]})) == {"A": "2", "B": ""}


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2026-11-26T05:21:51.008573482Z", 1795670511.008573),
        ("2026-11-26T06:21:51+01:00", 1795670511.0),
        ("2026-11-26T06:21:51.5+01:00", 1795670511.5),
        ("0001-01-01T00:00:00Z", 0.0),
        ("2026-11-26T05:21:51", 0.0),
        ("", 0.0),
        ("9" * 5000, 0.0),
        ("99999-01-01T00:00:00Z", 0.0),
        (None, 0.0),
    ],
)
def test_moments(told: object, moment: float) -> None:
    assert seconds({"x": told}, "x") == pytest.approx(moment)


@pytest.mark.parametrize("given", [None, "7", True, 1.5, float("inf"), 1 << 80, [7], {}])
def test_what_is_no_number_is_none(given: object) -> None:
    assert number({"x": given}, "x") == 0


def verdicts(document: object, machine: Machine = HERE) -> dict[str, str]:
    profile = summarise(json.dumps(document), machine)
    assert not profile.problem
    return dict(profile.verdicts)


def allowing(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": list(rules)}


def denied(*names: str, **more: Any) -> dict[str, Any]:
    return {"names": list(names), "action": "SCMP_ACT_ERRNO", **more}


class TestSeccomp:
    def test_the_published_profile_denies_what_every_start_needs(self) -> None:
        told = verdicts(json.loads((DATA / "as-published.json").read_text()))
        assert {told[call] for call in ("execve", "fstatfs", "newfstatat", "arch_prctl", "clone3")} == {"denied"}
        assert told["read"] == "allowed"

    def test_the_working_one_denies_processes_and_nothing_that_is_needed(self) -> None:
        told = verdicts(json.loads((DATA / "nofork.json").read_text()))
        assert {told[call] for call in ("execve", "clone (thread)", "fstatfs", "newfstatat", "futex")} == {"allowed"}
        assert {told[call] for call in ("clone (process)", "clone (namespace)", "fork", "vfork")} == {"denied"}
        assert told["clone3"] == "no such call"
        assert {told[call] for call in ("ptrace", "mount", "bpf", "keyctl", "io_uring_setup", "unshare")} == {"denied"}

    def test_namespaces_masked_out_of_clone(self) -> None:
        masked = {"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
        rule = {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [masked]}
        told = verdicts({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [rule]})
        uses = [told[f"clone ({use})"] for use in ("thread", "process", "namespace")]
        assert uses == ["allowed", "allowed", "denied"]

    def test_one_family_of_sockets(self) -> None:
        inet = {"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}
        told = verdicts(allowing(denied("socket", args=[inet])))
        assert (told["socket (inet)"], told["socket (unix)"]) == ("denied", "allowed")

    def test_a_condition_on_arguments_that_nobody_knows(self) -> None:
        told = verdicts(allowing(denied("ptrace", "kill", args=[{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}])))
        assert told["ptrace"] == "depends"
        assert told["mount"] == "allowed"

    def test_without_conditions_it_holds_over_all_with_them(self) -> None:
        condition = [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]
        told = verdicts(allowing(denied("ptrace", errnoRet=38, args=condition), denied("ptrace")))
        assert told["ptrace"] == "denied"

    @pytest.mark.parametrize(
        ("machine", "verdict"),
        [
            (HERE, "allowed"),
            (Machine({"CAP_SYS_ADMIN"}, "amd64", "6.1.0"), "denied"),
            (Machine((), "", ""), "allowed"),
        ],
    )
    def test_rules_for_some_capabilities(self, machine: Machine, verdict: str) -> None:
        assert verdicts(allowing(denied("mount", includes={"caps": ["CAP_SYS_ADMIN"]})), machine)["mount"] == verdict

    def test_what_is_not_known_of_the_machine_decides_nothing(self) -> None:
        rule = denied("ptrace", includes={"minKernel": "4.8"})
        assert verdicts(allowing(rule), Machine((), "amd64", ""))["ptrace"] == "depends"
        assert verdicts(allowing(rule), Machine((), "amd64", "6.1.0-13-amd64"))["ptrace"] == "denied"
        assert verdicts(allowing(rule), Machine((), "amd64", "4.4.0"))["ptrace"] == "allowed"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "[]",
            "{}",
            "[" * 100_000,
            '{"defaultAction": "SCMP_ACT_FOO"}',
            '{"defaultAction": 7}',
            '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["x"], "action": "NO"}]}',
        ],
    )
    def test_what_is_no_profile_says_so(self, text: str) -> None:
        assert summarise(text, HERE).problem

    @pytest.mark.parametrize(
        "rule",
        [
            7,
            None,
            {"action": "SCMP_ACT_ERRNO", "names": 7},
            denied("mount", args=7, includes=7, excludes=[]),
            denied("mount", args=[7, None, {"index": "x", "op": 7}]),
            denied("mount", includes={"minKernel": "x", "caps": 7, "arches": {}}),
        ],
    )
    def test_odd_rules_break_nothing(self, rule: object) -> None:
        summarise(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}), HERE)

    def test_a_huge_profile_is_quick(self) -> None:
        import time

        condition = [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]
        rule = denied("clone", "socket", *(f"call{number}" for number in range(50)), args=condition)
        text = json.dumps(allowing(*[rule] * 5000))
        began = time.perf_counter()
        assert not summarise(text, HERE).problem
        assert time.perf_counter() - began < 5
        assert summarise(json.dumps(allowing(*[denied("x")] * 5001)), HERE).problem


def why(image: str = "plain", command: tuple[str, ...] = ("run",), name: str = "x", **config: Any) -> str:
    made = inspected(config={"Image": image, **config}, Path=command[0], Args=list(command[1:]), Name=f"/{name}")
    return recognise(container_fact(made, ENGINE, {}, same_host=True), made, {}, "/home/dev")


def compose(project: str, service: str) -> dict[str, str]:
    return {"com.docker.compose.project": project, "com.docker.compose.service": service}


class TestRecognition:
    @pytest.mark.parametrize(
        "image",
        [
            "mcp/filesystem",
            "mcp/time:latest",
            "docker.io/mcp/postgres",
            "localhost/mcp/fetch:1",
            "mcp/git@sha256:" + "a" * 64,
            "ghcr.io/github/github-mcp-server",
            "ghcr.io/github/github-mcp-server:v0.5",
            "registry:5000/team/weather-mcp:2",
            "docker/mcp-gateway",
            "mcp-server-sqlite",
            "supercorp/supergateway",
        ],
    )
    def test_images(self, image: str) -> None:
        assert "image" in why(image)

    @pytest.mark.parametrize(
        "command",
        [
            ("npx", "-y", "@modelcontextprotocol/server-memory"),
            ("docker-entrypoint.sh", "npx", "-y", "some-mcp-server"),
            ("/sbin/tini", "--", "uvx", "mcp-server-git"),
            ("sh", "-c", "exec npx -y tavily-mcp"),
            ("python", "-m", "mcp_server_fetch"),
            ("/venv/bin/mcp-server-time",),
            ("python", "/app/weather_mcp_server.py"),
            ("node", "/app/node_modules/@modelcontextprotocol/server-filesystem/dist/index.js", "/data"),
            ("supergateway", "--stdio", "weather"),
            ("fastmcp", "run", "server.py"),
            ("terraform", "mcp", "serve"),
            ("/bin/tool", "mcp-server"),
        ],
    )
    def test_commands(self, command: tuple[str, ...]) -> None:
        assert why(command=command)

    @pytest.mark.parametrize(
        "config",
        [
            {"Labels": {"io.modelcontextprotocol.server.name": "io.github.x/y"}},
            {"Labels": {"io.docker.server.metadata": "name: x"}},
            {"Labels": {"docker-mcp": "true", "docker-mcp-name": "time"}},
            {"Labels": {"toolhive": "true", "toolhive-name": "fetch"}},
            {"Labels": {"org.opencontainers.image.title": "GitHub MCP Server"}},
            {"Labels": compose("stack", "github-mcp")},
            {"Labels": compose("weather-mcp-server", "app")},
            {"Env": ["MCP_TRANSPORT=http"]},
            {"Env": ["FASTMCP_HOST=0.0.0.0"]},
            {"Env": ["MCP_PORT=3000"], "ExposedPorts": {"3000/tcp": {}}},
        ],
    )
    def test_labels_and_variables(self, config: dict[str, Any]) -> None:
        assert why(**config)

    def test_names(self) -> None:
        assert why(name="github-mcp-server") == "it is named github-mcp-server"
        assert why(name="my-mcp") == "it is named my-mcp"

    @pytest.mark.parametrize(
        ("image", "more"),
        [
            ("postgres:16", {"name": "mcp-server-postgres"}),
            ("docker.io/library/redis", {"Labels": compose("mcp-server", "cache")}),
            ("nginx", {"Env": ["MCP_TRANSPORT=http"]}),
            ("node:20", {"command": ("node", "index.js")}),
            ("python:3.12", {}),
            ("mcp.example.com/postgres", {}),
            ("mcp/team/postgres", {}),
            ("weather", {"Labels": compose("github-mcp-server", "db"), "name": "github-mcp-server-db-1"}),
            ("github-mcp-server-db", {"Labels": compose("github-mcp-server", "db")}),
            ("chat-ui", {"Env": ["MCP_SERVER_URL=http://x", "MCP_PORT=3000", "MCP_TIMEOUT=9"]}),
            ("modelcontextprotocol/inspector", {"name": "mcp-inspector"}),
            ("vsc-github-mcp-server-" + "a" * 64, {}),
            ("mcp/dev", {"Labels": {"devcontainer.local_folder": "/home/dev/github-mcp-server"}}),
            ("docker/mcp-proxy-l4", {"Labels": {"docker-mcp": "true", "docker-mcp-proxy": "true"}}),
            ("proxy", {"Labels": {"docker-mcp": "true"}, "name": "docker-mcp-proxy-abc"}),
            ("dnsmasq", {"Labels": {"toolhive": "true", "toolhive-auxiliary-workload": "true"}}),
            ("dhcpmcpd", {"name": "mcp23017"}),
            ("minecraft", {"name": "mcpe"}),
            ("", {"command": ("",), "name": ""}),
        ],
    )
    def test_what_stands_beside_a_server_is_none(self, image: str, more: dict[str, Any]) -> None:
        assert why(image, **more) == ""

    def test_a_secret_in_a_label_or_a_variables_name_is_not_told(self) -> None:
        token = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"
        assert token not in why(Labels={"io.modelcontextprotocol.server.name": token})
        assert token not in why(Env=[f"FASTMCP_{token}=1"])


ID, OTHER = "ab" * 32, "cd" * 32


def container(**more: Any) -> ContainerFact:
    made = ContainerFact(ID, "box", "weather", running=True, pid=500, created=1000.0, started=1000.5)
    return replace(made, command=("node", "index.js", "--city", "Bern"), **more)


def tool(*command: str, **more: Any) -> ServerProcess:
    """A client's ``docker`` that started a moment before the container."""
    launch = understand(command, "/home/dev")
    made = {"key": "tool", "pid": 90, "chain": (90,), "started": 999.8, "command": command, "launch": launch}
    return builders.process(**{**made, **more})


class TestJoining:
    def tied(
        self,
        *servers: ServerProcess,
        among: tuple[ContainerFact, ...] | None = None,
        id_files: dict[str, str] | None = None,
    ) -> list[tuple[str, str, str]]:
        found = pairs(servers, (container(),) if among is None else among, id_files)
        return [(pair.server, pair.container, pair.tie) for pair in found]

    def test_a_process_inside_by_its_control_group(self) -> None:
        inside = builders.process(key="in", pid=500, chain=(500,), container=ID)
        deeper = builders.process(key="deep", pid=777, chain=(777,), container=ID)
        assert self.tied(inside, deeper) == [("in", ID, "control group"), ("deep", ID, "control group")]
        assert [pair.main for pair in pairs([inside, deeper], [container()])] == [True, False]
        elsewhere = builders.process(key="in", pid=500, chain=(500,), container="ef" * 32)
        assert self.tied(elsewhere) == []

    def test_a_process_by_its_id_where_the_moment_agrees(self) -> None:
        assert self.tied(builders.process(key="p", pid=500, started=1000.6)) == [("p", ID, "process id")]
        assert self.tied(builders.process(key="p", pid=500, started=5000.0)) == []

    @pytest.mark.parametrize(
        "words",
        [
            ("run", "-i", "--name", "box", "weather"),
            ("run", "-i", "--name=box", "weather"),
            ("container", "run", "--name", "box", "weather"),
            ("--context", "x", "run", "--name", "box", "other-image"),
            ("start", "-ai", "box"),
            ("start", "-ai", ID[:12]),
            ("exec", "-i", "box", "node", "index.js"),
            ("attach", "box"),
        ],
    )
    def test_a_tool_by_the_name_it_gives(self, words: tuple[str, ...]) -> None:
        assert self.tied(tool("docker", *words)) == [("tool", ID, "name")]

    @pytest.mark.parametrize(
        "words",
        [
            ("run", "-i", "--name", "other", "elsewhere"),
            ("start", "-ai", "bo"),
            ("start", "-ai", ID[:4]),
            ("ps",),
            ("mcp", "gateway", "run"),
            (),
        ],
    )
    def test_a_tool_of_another_container(self, words: tuple[str, ...]) -> None:
        assert self.tied(tool("docker", *words)) == []

    def test_a_tool_by_its_id_file(self) -> None:
        server = tool("docker", "run", "--cidfile", "/tmp/cid", "other")
        assert id_files_of([server]) == ("/tmp/cid",)
        assert self.tied(server, id_files={"/tmp/cid": f"{ID}\n"}) == [("tool", ID, "id file")]
        assert self.tied(server, id_files={"/tmp/cid": OTHER}) == []
        assert id_files_of([tool("docker", "run", "--cidfile=relative", "x"), builders.process()]) == ()

    def test_a_tool_by_image_arguments_and_moment(self) -> None:
        server = tool("docker", "run", "-i", "--rm", "weather", "--city", "Bern")
        assert self.tied(server) == [("tool", ID, "moment")]
        podman = replace(container(), image="localhost/weather:latest")
        assert self.tied(server, among=(podman,)) == [("tool", ID, "moment")]

    @pytest.mark.parametrize(
        "change",
        [{"created": 2000.0}, {"created": 900.0}, {"image": "news"}, {"running": False}],
    )
    def test_what_does_not_fit_is_not_joined(self, change: dict[str, Any]) -> None:
        server = tool("docker", "run", "-i", "--rm", "weather", "--city", "Bern")
        assert self.tied(server, among=(replace(container(), **change),)) == []
        assert self.tied(tool("docker", "run", "weather", "--city", "Basel")) == []

    def test_two_that_fit_alike_are_not_guessed(self) -> None:
        server = tool("docker", "run", "-i", "weather")
        twins = (container(), replace(container(), id=OTHER, name="twin"))
        assert self.tied(server, among=twins) == []
        assert self.tied(server, replace(server, key="second")) == []
        # Once one of them is tied by something better, the other is left.
        inside = builders.process(key="in", pid=500, container=OTHER)
        assert self.tied(inside, server, among=twins) == [("in", OTHER, "control group"), ("tool", ID, "moment")]

    def test_another_program_of_that_shape_is_no_tool(self) -> None:
        assert self.tied(tool("/opt/dockerish", "run", "--name", "box", "weather")) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x", "docker.io/library/x:latest"),
        ("mcp/time", "docker.io/mcp/time:latest"),
        ("mcp/time", "localhost/mcp/time"),
        ("ghcr.io/a/b:1", "ghcr.io/a/b:1"),
        ("x@sha256:ab", "docker.io/library/x@sha256:ab"),
    ],
)
def test_one_image_has_many_names(one: str, other: str) -> None:
    assert normal_image(one) == normal_image(other)


def test_different_images_stay_different() -> None:
    names = ["x", "x:1", "y", "a/x", "ghcr.io/x", "x@sha256:ab"]
    assert len({normal_image(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("name", "named"), [("brave_hopper", True), ("abcd1234", True), ("abc", False), ("brave", False), ("", False)]
)
def test_a_container_is_named_by_its_name_or_the_beginning_of_its_id(name: str, named: bool) -> None:
    fact = ContainerFact("abcd1234" * 8, "brave_hopper", "postgres:16")
    assert is_named(fact, ("other", name)) is named
