"""Find engines, ask them whatever they answer, and put the answers into facts: with sockets that are made for it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from workbench.host import containers
from workbench.host.containers import engines, looking
from workbench.host.context import Context, Home
from workbench.model.clients import ClientFacts
from workbench.model.containers import ContainerFact, ContainerFacts
from workbench.model.facts import SectionState
from workbench.model.processes import ProcessFacts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="engines are asked through unix sockets")

ID = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4
IMAGE = "sha256:" + "ab" * 32
VERSION = {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10", "Components": [{"Name": "Engine"}]}
INFO = {"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"]}
SECRET = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"


def inspection(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "Id": ID,
        "Created": "2026-11-26T05:21:51.008573482Z",
        "Path": "node",
        "Args": ["index.js"],
        "State": {"Running": True, "Pid": 77, "StartedAt": "2026-11-26T05:21:52Z"},
        "Image": IMAGE,
        "Name": "/time",
        "HostConfig": {},
        "Mounts": [],
        "Config": {"Image": "mcp/time", "Env": [], "Labels": {}},
        "NetworkSettings": {},
    }
    return {**made, **changes}


def engine_of(*inspections: Any, **more: Any) -> dict[str, Any]:
    """What an engine answers by path."""
    made = {
        "/version": VERSION,
        "/v1.41/info": INFO,
        "/v1.41/containers/json?all=1": [{"Id": each["Id"]} for each in inspections],
        f"/v1.41/images/{IMAGE}/json": {"RepoDigests": ["mcp/time@sha256:" + "cd" * 32], "Config": {"User": "node"}},
        **{f"/v1.41/containers/{each['Id']}/json": each for each in inspections},
    }
    return {**made, **more}


class FakeEngine:
    """Listens at a socket of its own and answers each connection as it is told."""

    def __init__(self, place: Path, answer: Callable[[socket.socket], None]) -> None:
        self.place = place
        self.asked: list[str] = []
        self._answer = answer
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(place))
        self._listening.listen(32)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with closing(connection):
            try:
                self._answer(connection)
            except OSError:
                pass

    def close(self) -> None:
        self._listening.close()


def request_of(connection: socket.socket) -> str:
    read = b""
    while b"\r\n\r\n" not in read:
        part = connection.recv(4096)
        if not part:
            return ""
        read += part
    method, path, _ = read.split(b"\r\n")[0].decode().split(" ")
    assert method == "GET", read
    return path


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a name short enough for a socket in it."""
    folder = Path(tempfile.mkdtemp(prefix="engines-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def start(place: Path) -> Iterator[Callable[..., FakeEngine]]:
    """Start an engine that gives answers by path, or that does with a connection what it is told."""
    started: list[FakeEngine] = []

    def begin(
        answers: dict[str, Any] | None = None,
        act: Callable[[socket.socket], None] | None = None,
        name: str = "docker.sock",
    ) -> FakeEngine:
        def reply(connection: socket.socket) -> None:
            while path := request_of(connection):
                engine.asked.append(path)
                known = answers is not None and path in answers
                body = json.dumps(answers[path]).encode() if known and answers is not None else b'{"message":"no"}'
                head = f"HTTP/1.1 {200 if known else 404} X\r\nContent-Length: {len(body)}\r\n\r\n"
                connection.sendall(head.encode() + body)

        engine = FakeEngine(place / name, act or reply)
        started.append(engine)
        return engine

    yield begin
    for each in started:
        each.close()


def context_of(*sockets: Path, proc: Path | None = None, **more: Any) -> Context:
    nowhere = Path("/nonexistent")
    return Context("linux", nowhere, os.getuid(), {}, nowhere, proc=proc or nowhere, engines=sockets, **more)


def gather(*sockets: Path, **more: Any) -> ContainerFacts:
    return containers.gather(context_of(*sockets, **more))


class TestFinding:
    def find(self, context: Context, monkeypatch: pytest.MonkeyPatch, system: tuple[str, ...] = ()) -> tuple[Any, Any]:
        monkeypatch.setattr(engines, "_SYSTEM", system)
        places, unread = engines.find(replace(context, engines=None))
        return [(each.path, each.named) for each in places], [(each.what, each.why) for each in unread]

    def of_home(self, place: Path, **environment: str) -> Context:
        return Context("linux", place, os.getuid(), environment, place, proc=place / "proc")

    def test_no_socket_is_no_engine(self, place: Path) -> None:
        context = replace(self.of_home(place), engines=None)
        if any(Path(each).exists() for each in engines._SYSTEM):
            pytest.skip("this machine has an engine")
        assert containers.gather(context).state.status == "not applicable"

    def test_every_name_of_one_socket_is_one_engine(
        self, place: Path, start: Callable[..., FakeEngine], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engine = start({})
        link = place / "link.sock"
        link.symlink_to(engine.place)
        context = self.of_home(place, DOCKER_HOST=f"unix://{engine.place}", XDG_RUNTIME_DIR=str(place))
        found, unread = self.find(context, monkeypatch, (str(link), str(engine.place)))
        assert (found, unread) == ([(str(engine.place), "DOCKER_HOST")], [])

    def test_the_usual_places_of_a_session_and_a_home(
        self, place: Path, start: Callable[..., FakeEngine], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for folder in ("run/podman", ".docker/run", ".docker/desktop"):
            (place / folder).mkdir(parents=True)
        names = ["run/docker.sock", "run/podman/podman.sock", ".docker/run/docker.sock", ".docker/desktop/docker.sock"]
        for name in names:
            start({}, name=name)
        found, _ = self.find(self.of_home(place, XDG_RUNTIME_DIR=str(place / "run")), monkeypatch)
        assert found == [(str(place / name), "its usual place") for name in names]

    @pytest.mark.parametrize("address", ["tcp://10.0.0.1:2376", "ssh://me:hunter2secret@host", "nonsense", "unix://x"])
    def test_an_engine_that_no_socket_reaches_is_told_without_its_address(
        self, place: Path, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found, unread = self.find(self.of_home(place, DOCKER_HOST=address), monkeypatch)
        assert found == []
        ((what, why),) = unread
        assert what == "the container engine that DOCKER_HOST names"
        assert why.startswith("it is not reached through a socket of this host")
        assert "10.0.0.1" not in why and "hunter2" not in why

    def context_file(self, place: Path, name: str, host: str, current: bool = True) -> None:
        folder = place / ".docker" / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))
        if current:
            (place / ".docker" / "config.json").write_text(json.dumps({"currentContext": name, "auths": {}}))

    def test_the_current_context(
        self, place: Path, start: Callable[..., FakeEngine], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engine = start({})
        self.context_file(place, "mine", f"unix://{engine.place}")
        self.context_file(place, "far", "ssh://host", current=False)
        assert self.find(self.of_home(place), monkeypatch) == (
            [(str(engine.place), "the docker context mine")],
            [],
        )
        found, unread = self.find(self.of_home(place, DOCKER_CONTEXT="far"), monkeypatch)
        assert found == [(str(engine.place), "the docker context mine")]
        assert [what for what, _ in unread] == ["the container engine that the docker context far names"]

    def test_a_named_socket_that_is_not_there_is_told(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.context_file(place, "gone", f"unix://{place}/gone.sock")
        _, unread = self.find(self.of_home(place), monkeypatch)
        what = f"the container engine at {place}/gone.sock, which the docker context gone names"
        assert unread == [(what, "nothing is there")]

    @pytest.mark.parametrize("content", ["{", "[" * 5000, "[]", '{"currentContext": 7}', "\x00\xff"])
    def test_a_broken_configuration_breaks_nothing(
        self, place: Path, content: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.context_file(place, "x", "unix:///nonexistent.sock")
        (place / ".docker" / "config.json").write_text(content, encoding="latin-1")
        found, unread = self.find(self.of_home(place), monkeypatch)
        assert found == []
        assert len(unread) == (0 if content.startswith(("[]", '{"')) else 1)

    def test_a_fifo_for_a_configuration_does_not_stop_the_scan(
        self, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (place / ".docker").mkdir()
        os.mkfifo(place / ".docker" / "config.json")
        _, unread = self.find(self.of_home(place), monkeypatch)
        assert [why for _, why in unread] == ["it is a fifo, not a regular file"]

    def test_another_home_cannot_choose_what_we_connect_to(
        self, place: Path, start: Callable[..., FakeEngine], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engine = start({})
        self.context_file(place, "trap", f"unix://{engine.place}")
        theirs = Home(place, os.getuid() + 1, {})
        context = replace(self.of_home(Path("/nonexistent")), homes=(theirs,))
        found, unread = self.find(context, monkeypatch)
        assert found == []
        assert [why for _, why in unread] == ["it does not belong to that account"]

    def test_a_file_at_a_usual_place_is_no_engine(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (place / "docker.sock").touch()
        assert self.find(self.of_home(place), monkeypatch, (str(place / "docker.sock"),)) == ([], [])
        assert gather(place / "docker.sock").state.unread[0].why == "it is no socket"


def raw_answer(text: bytes) -> Callable[[socket.socket], None]:
    def act(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(text)

    return act


def silence(connection: socket.socket) -> None:
    connection.recv(1)
    time.sleep(5)


def drip(connection: socket.socket) -> None:
    request_of(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"[")
        time.sleep(0.05)


def drip_head(connection: socket.socket) -> None:
    request_of(connection)
    for _ in range(100):
        connection.sendall(b"H")
        time.sleep(0.05)


def flood(connection: socket.socket) -> None:
    request_of(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(64):
        connection.sendall(b"[" * (1 << 20))


class TestAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
            b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}",
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 999999 \r\n\r\n",
            b'HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{"ApiVersion": "x"}',
            b"\x00\xff" * 40000,
        ],
    )
    def test_what_is_no_engine_is_told_so(self, answer: bytes, start: Callable[..., FakeEngine]) -> None:
        facts = gather(start(act=raw_answer(answer)).place)
        assert facts.state.status == "failed"
        (gap,) = facts.state.unread
        assert (gap.facet, gap.why) == ("engines", "what answers there is no container engine")

    def test_it_is_never_led_elsewhere(self, start: Callable[..., FakeEngine]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as elsewhere:
            elsewhere.settimeout(0.2)
            port = elsewhere.getsockname()[1]
            answer = f"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\r\n".encode()
            facts = gather(start(act=raw_answer(answer)).place)
            with pytest.raises(TimeoutError):
                elsewhere.accept()
        assert facts.state.unread[0].why == "the engine answers with status 302"

    @pytest.mark.parametrize(("version", "old"), [("1.23", True), ("1.24", False), ("0.9", True), ("1.99", False)])
    def test_an_old_engine_is_told_so_and_a_new_one_is_asked_in_words_we_know(
        self, version: str, old: bool, start: Callable[..., FakeEngine]
    ) -> None:
        facts = gather(start({"/version": {"ApiVersion": version}}).place)
        why = facts.state.unread[0].why
        assert (why == "its API is older than 1.24") == old

    def test_an_engine_that_refuses_old_words_is_asked_in_the_oldest_it_takes(
        self, start: Callable[..., FakeEngine]
    ) -> None:
        engine = start({"/version": {"ApiVersion": "2.9", "MinAPIVersion": "2.5"}})
        gather(engine.place)
        assert "/v2.5/containers/json?all=1" in engine.asked

    @pytest.mark.parametrize("act", [silence, drip, drip_head])
    def test_a_hanging_engine_does_not_hold_the_scan(
        self, act: Callable[[socket.socket], None], start: Callable[..., FakeEngine], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(looking, "DEADLINE", 0.4)
        well = start(engine_of(inspection()), name="well.sock")
        began = time.monotonic()
        facts = gather(start(act=act).place, well.place)
        assert time.monotonic() - began < 2.0
        assert facts.state.status == "partial"
        (gap,) = facts.state.unread
        assert gap.why in ("it does not answer", "it did not answer within 0.4 s")
        assert [found.id for found in facts.containers] == [ID]

    def test_one_that_never_accepts_does_not_hold_it_either(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(looking, "DEADLINE", 0.4)
        with socket.socket(socket.AF_UNIX) as full, socket.socket(socket.AF_UNIX) as first:
            full.bind(str(place / "full.sock"))
            full.listen(0)
            first.connect(str(place / "full.sock"))
            began = time.monotonic()
            facts = gather(place / "full.sock")
        assert time.monotonic() - began < 2.0
        assert facts.state.unread[0].why == "it does not answer"

    def test_an_endless_answer_ends(self, start: Callable[..., FakeEngine]) -> None:
        facts = gather(start(act=flood).place)
        assert facts.state.unread[0].why == "its answer is larger than 32 MiB"

    def test_nobody_listens(self, place: Path) -> None:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(place / "left.sock"))
        facts = gather(place / "left.sock")
        assert facts.state.status == "failed"
        assert facts.state.unread[0].why == "nobody listens at it"

    def test_the_engine_is_only_ever_asked_to_tell(self, start: Callable[..., FakeEngine]) -> None:
        engine = start(engine_of(inspection()))
        gather(engine.place)
        assert set(engine.asked) == {
            "/version",
            "/v1.41/info",
            "/v1.41/containers/json?all=1",
            f"/v1.41/containers/{ID}/json",
            f"/v1.41/images/{IMAGE}/json",
        }


class TestContainers:
    def test_one_is_told_with_its_image_and_engine(self, start: Callable[..., FakeEngine], tmp_path: Path) -> None:
        answers = engine_of(inspection())
        answers["/version"] = {**VERSION, "KernelVersion": "6.1.0-test"}
        (tmp_path / "sys/kernel").mkdir(parents=True)
        (tmp_path / "sys/kernel/osrelease").write_text("6.1.0-test\n")
        engine = start(answers)
        facts = gather(engine.place, proc=tmp_path)
        assert facts.state.status == "complete" and facts.seen == 1
        (found,) = facts.containers
        assert (found.name, found.pid, found.running, found.engine) == ("time", 77, True, str(engine.place))
        assert (found.digests, found.image_user) == (("mcp/time@sha256:" + "cd" * 32,), "node")
        assert found.created == pytest.approx(1795670511.008573)
        assert found.recognised_by == "its image mcp/time is of the namespace mcp"
        assert (facts.engines[0].rootless, facts.engines[0].seccomp) == (True, "builtin")

    def test_process_ids_of_a_virtual_machine_are_not_ours(
        self, start: Callable[..., FakeEngine], tmp_path: Path
    ) -> None:
        (tmp_path / "sys/kernel").mkdir(parents=True)
        (tmp_path / "sys/kernel/osrelease").write_text("23.1.0\n")
        answers = engine_of(inspection())
        answers["/version"] = {**VERSION, "KernelVersion": "6.10.14-linuxkit"}
        (found,) = gather(start(answers).place, proc=tmp_path).containers
        assert (found.running, found.pid) == (True, 0)

    def test_one_that_is_removed_meanwhile_is_no_gap_and_one_that_is_not_told_is(
        self, start: Callable[..., FakeEngine]
    ) -> None:
        answers = engine_of(inspection(), inspection(Id=OTHER))
        del answers[f"/v1.41/containers/{OTHER}/json"]
        facts = gather(start(answers).place)
        assert (facts.state.status, len(facts.containers), facts.seen) == ("complete", 1, 2)
        answers[f"/v1.41/containers/{OTHER}/json"] = inspection()  # another container's
        facts = gather(start(answers, name="b.sock").place)
        assert [(gap.facet, gap.why) for gap in facts.state.unread] == [
            ("details", "the engine's answer is of another container")
        ]

    def test_an_image_that_is_gone_leaves_its_user_unknown(self, start: Callable[..., FakeEngine]) -> None:
        answers = engine_of(inspection())
        del answers[f"/v1.41/images/{IMAGE}/json"]
        facts = gather(start(answers).place)
        assert facts.state.status == "complete"
        assert facts.containers[0].image_user is None

    @pytest.mark.parametrize("bad", [["../../images/prune"], [7], [None], ["x" * 64]])
    def test_an_id_that_is_none_is_never_asked_for(self, bad: list[Any], start: Callable[..., FakeEngine]) -> None:
        answers = engine_of()
        answers["/v1.41/containers/json?all=1"] = [{"Id": each} for each in bad]
        engine = start(answers)
        facts = gather(engine.place)
        assert facts.state.unread[0].why == "what answers there is no container engine"
        assert len(engine.asked) == 3

    @pytest.mark.parametrize("wrong", [None, 7, "text", [], [7], {"a": 7}, True, 1e999])
    def test_values_of_any_kind_break_nothing(self, wrong: Any, start: Callable[..., FakeEngine]) -> None:
        keys = (
            "Created",
            "Path",
            "Args",
            "State",
            "Name",
            "HostConfig",
            "Mounts",
            "NetworkSettings",
            "AppArmorProfile",
        )
        whole = [inspection(**{key: wrong}) for key in keys]
        host = ("SecurityOpt", "CapAdd", "Devices", "Tmpfs", "Ulimits", "PortBindings", "Mounts", "NanoCpus", "Memory")
        inner = [inspection(HostConfig={key: wrong}) for key in host]
        labelled = [{"Image": "mcp/time", "Env": wrong, "Labels": wrong, "ExposedPorts": wrong, "User": wrong}]
        made = [*whole, *inner, *(inspection(Config=config) for config in labelled)]
        for number, each in enumerate(made):
            each["Id"] = f"{number:064x}"
        facts = gather(start(engine_of(*made)).place)
        assert facts.state.status == "complete", facts.state
        assert len(facts.containers) == len(made)

    def test_hostile_text_is_made_harmless_and_secrets_are_left_out(self, start: Callable[..., FakeEngine]) -> None:
        evil = "\x1b[2J\u202e" + SECRET
        made = inspection(
            Name=f"/{evil}",
            Args=["--token", SECRET],
            HostConfig={"SecurityOpt": [f"apparmor={evil}", f"label={evil}"], "Tmpfs": {evil: evil}, "PidMode": evil},
            Mounts=[{"Type": "bind", "Source": f"/x/{evil}", "Destination": evil, "RW": True}],
            Config={
                "Image": f"mcp/{evil}",
                "User": evil,
                "Env": [f"A={SECRET}", f"{SECRET}=x"],
                "Labels": {evil: SECRET, "io.modelcontextprotocol.server.name": evil, SECRET: "x"},
            },
            NetworkSettings={"Networks": {evil: {}}},
        )
        facts = gather(start(engine_of(made)).place)
        told = "".join(map(str, _strings(facts)))
        assert len(facts.containers) == 1
        assert SECRET not in told
        assert "\x1b" not in told and "\u202e" not in told

    def test_the_auditors_own_container_is_never_told(self, start: Callable[..., FakeEngine], tmp_path: Path) -> None:
        engine = start(engine_of(inspection(), inspection(Id=OTHER)))
        (tmp_path / "self").mkdir()
        (tmp_path / "self/mountinfo").write_text(
            f"1 2 8:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/sda rw\n"
            f"1 2 0:9 / /var/lib/docker/containers/{OTHER}/mounts/shm rw - tmpfs shm rw\n"
        )
        facts = gather(engine.place, proc=tmp_path)
        assert [found.id for found in facts.containers] == [OTHER]
        (tmp_path / "self/mountinfo").unlink()
        (tmp_path / "self/cgroup").write_text(f"0::/docker/{OTHER}\n")
        assert [found.id for found in gather(engine.place, proc=tmp_path).containers] == [ID]
        (tmp_path / "self/cgroup").unlink()
        (tmp_path / "sys/kernel").mkdir(parents=True)
        (tmp_path / "sys/kernel/hostname").write_text(f"{ID[:12]}\n")
        assert [found.id for found in gather(engine.place, proc=tmp_path).containers] == [OTHER]

    @pytest.mark.parametrize(
        ("running", "policy", "told"),
        [(False, "no", False), (False, "", False), (True, "no", True), (False, "always", True)],
    )
    def test_what_a_repair_put_aside_is_told_of_once_something_may_start_it(
        self, running: bool, policy: str, told: bool, start: Callable[..., FakeEngine]
    ) -> None:
        new = inspection(Id=OTHER, Name="/new")
        new["Config"] = {**new["Config"], "Labels": {"workbench.recreated": ID}}
        old = inspection()
        old["State"] = {**old.get("State", {}), "Running": running}
        old["HostConfig"] = {**old.get("HostConfig", {}), "RestartPolicy": {"Name": policy}}
        engine = start(engine_of(old, new))
        assert ([found.id for found in gather(engine.place).containers] == [OTHER]) is not told
        assert {found.id for found in gather(engine.place, named_containers=(ID,)).containers} == {ID, OTHER}
        alone = start(engine_of(old), name="alone.sock")
        assert [found.id for found in gather(alone.place).containers] == [ID], "nothing says that it was put aside"

    def test_a_running_server_and_a_configured_image_say_what_a_name_does_not(
        self, start: Callable[..., FakeEngine]
    ) -> None:
        plain = {"Image": "weather:1", "Env": [], "Labels": {}}
        inside = inspection(Config=plain, Args=[])
        stopped = inspection(Id=OTHER, Config={**plain, "Image": "news"}, State={"Running": False})
        engine = start(engine_of(inside, stopped))
        assert gather(engine.place).containers == ()
        server = builders.process(pid=77, chain=(76, 77), container=ID, label="weather")
        processes = ProcessFacts(SectionState("complete"), (server,))
        context = replace(context_of(engine.place), found={"processes": processes})
        # The engine's kernel is not told here, so the process id is not known to be this host's.
        assert containers.gather(context).containers == ()
        launch = replace(
            builders.server().launch or pytest.fail(), image=builders.image("docker.io/library/news:latest")
        )
        config = builders.config([builders.server("news-server", ("docker", "run", "-i", "news"), launch=launch)])
        clients = ClientFacts(SectionState("complete"), (config,))
        (told,) = containers.gather(replace(context_of(engine.place), found={"clients": clients})).containers
        assert (told.id, told.recognised_by) == (OTHER, "the entry news-server starts this image")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _strings(each)
    elif hasattr(type(value), "__dataclass_fields__"):
        for name in type(value).__dataclass_fields__:
            yield from _strings(getattr(value, name))


def test_nothing_of_the_sdk_is_loaded_without_an_engine_that_answers(place: Path) -> None:
    import subprocess

    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(place / "left.sock"))
    code = (
        "import sys; from pathlib import Path; from workbench.host import containers\n"
        "from workbench.host.context import Context; here = Path('/nonexistent')\n"
        f"context = Context('linux', here, 0, {{}}, here, engines=(Path({str(place / 'left.sock')!r}),))\n"
        "print(containers.gather(context).state.status, *(name for name in sys.modules if name in "
        "('docker', 'requests', 'urllib3')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.split() == ["failed"]


def test_windows_says_that_it_does_not_look() -> None:
    state = containers.gather(replace(context_of(), platform="win32")).state
    assert state.status == "failed"
    assert state.unlock


def test_the_facts_survive_a_snapshot_file(start: Callable[..., FakeEngine]) -> None:
    from workbench.report.snapshot_file import from_json, to_json

    profile = json.dumps({"defaultAction": "SCMP_ACT_ALLOW"})
    host = {"SecurityOpt": [f"seccomp={profile}"], "Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": 2}], "NanoCpus": 5}
    made = inspection(HostConfig={**host, "Tmpfs": {"/t": ""}, "PortBindings": {"80/tcp": [{"HostPort": "80"}]}})
    snapshot = builders.snapshot(containers=gather(start(engine_of(made)).place))
    assert isinstance(snapshot.containers.containers[0], ContainerFact)
    assert from_json(to_json(snapshot).encode(), "x") == snapshot
