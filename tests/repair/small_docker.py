"""An engine in memory that answers at a socket as Docker does, as far as a container is made anew: no Docker is needed.

That it answers as a real one does is what ``tests/live/test_recreate_live.py`` proves, which asks a real one the same.
"""

from __future__ import annotations

import copy
import json
import re
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

IMAGE = "sha256:" + "1a" * 32
OLD = "ab" * 32
VERSION = {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Components": [{"Name": "Engine"}], "Arch": "amd64"}
CONFIG: dict[str, Any] = {
    "Hostname": OLD[:12],
    "User": "",
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Tty": False,
    "OpenStdin": False,
    "Env": ["PATH=/bin", "TOKEN=hush-hush-hush"],
    "Cmd": ["serve"],
    "Entrypoint": ["/bin/server"],
    "Image": "mcp/files",
    "Labels": {"of": "mine"},
    "Volumes": {"/cache": {}},
}
HOST: dict[str, Any] = {
    "Binds": ["/srv/work:/work:ro"],
    "NetworkMode": "default",
    "PortBindings": {},
    "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
    "AutoRemove": False,
    "CapAdd": None,
    "CapDrop": None,
    "SecurityOpt": None,
    "Privileged": False,
    "PidMode": "",
    "IpcMode": "private",
    "ReadonlyRootfs": False,
    "Memory": 0,
    "PidsLimit": None,
    "MaskedPaths": ["/proc/kcore", "/proc/keys"],
    "ReadonlyPaths": ["/proc/sys"],
}
MOUNTS = [
    {"Type": "bind", "Source": "/srv/work", "Destination": "/work", "RW": False},
    {"Type": "volume", "Name": "cd" * 32, "Source": "/v/_data", "Destination": "/cache", "RW": True},
]
NETWORKS: dict[str, Any] = {"bridge": {"NetworkID": "01", "Aliases": None, "Links": None, "IPAMConfig": None}}


class SmallDocker:
    """The containers by their id, what was done with them, and what goes wrong.

    ``broken`` says of a new container how its state is after its start. ``failing`` are the words (``start``) that end
    with an error of the engine's.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.containers: dict[str, dict[str, Any]] = {}
        self.changes: dict[str, list[dict[str, Any]]] = {}
        self.images: dict[str, dict[str, Any]] = {}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.done: list[str] = []
        self.broken: dict[str, Any] = {}
        self.failing: dict[str, str] = {}
        self.logs = b""
        self.version: dict[str, Any] = VERSION
        self.name_image("mcp/files")
        self.add(OLD, "files")
        engine = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answered(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                status, answer = engine.answer(self.command, self.path, body)
                raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                if status != 204:
                    self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw if status != 204 else b"")

            do_GET = do_POST = do_DELETE = _answered  # noqa: N815 - these names are http.server's

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - so is this
                return None

            def address_string(self) -> str:
                return "a socket"

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                return None  # who asked has gone

        self._server = Server(str(place), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """End it; its socket stays, and nobody listens there."""
        self._server.shutdown()
        self._server.server_close()

    def add(self, identity: str, name: str, **more: Any) -> dict[str, Any]:
        """Have one more container, which runs."""
        made: dict[str, Any] = {
            "Id": identity,
            "Name": f"/{name}",
            "Image": IMAGE,
            "Path": "/bin/server",
            "Args": ["serve"],
            "State": {"Running": True, "Paused": False, "Restarting": False, "ExitCode": 0},
            "RestartCount": 0,
            "ExecIDs": None,
            "Config": copy.deepcopy(CONFIG),
            "HostConfig": copy.deepcopy(HOST),
            "Mounts": copy.deepcopy(MOUNTS),
            "NetworkSettings": {"Networks": copy.deepcopy(NETWORKS), "Ports": {}},
            **more,
        }
        self.containers[identity] = made
        return made

    def name_image(self, name: str, identity: str = IMAGE, **more: Any) -> None:
        """Have an image of that name, and by its id."""
        for each in (name, identity):
            self.images[each] = {"Id": identity, "RepoTags": [f"{name}:latest"], "RepoDigests": [], **more}

    @property
    def standing(self) -> dict[str, tuple[str, bool, dict[str, Any]]]:
        """Every container by its name: its id, whether it runs, its restart policy."""
        return {
            each["Name"][1:]: (each["Id"], each["State"]["Running"], dict(each["HostConfig"]["RestartPolicy"]))
            for each in self.containers.values()
        }

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        """What the engine answers."""
        asked = urlsplit(target)
        path, given = re.sub(r"^/v1\.\d+", "", asked.path), {k: v[0] for k, v in parse_qs(asked.query).items()}
        if path == "/version":
            return 200, self.version
        if method == "GET":
            return self._told(path, given)
        self.done.append(f"{method} {path.replace('/containers/', '')}")
        word = path.rpartition("/")[2]
        if word in self.failing:
            return 500, {"message": self.failing[word]}
        if path == "/containers/create":
            return self._made(given["name"], body)
        found = self._find(body["Container"] if word == "connect" else path.split("/")[2])
        if found is None:
            return 404, {"message": "no such container"}
        if word == "connect":
            found["NetworkSettings"]["Networks"][path.split("/")[2]] = body["EndpointConfig"]
            return 200, None
        if method == "DELETE":
            del self.containers[found["Id"]]
        elif word == "rename":
            if self._find(given["name"]) is not None:
                return 409, {"message": "in use"}
            found["Name"] = f"/{given['name']}"
        elif word == "update":
            found["HostConfig"]["RestartPolicy"] = {"MaximumRetryCount": 0, **body["RestartPolicy"]}
        elif word == "stop":
            found["State"]["Running"] = False
        elif word == "start":
            found["State"]["Running"] = True
            if found["Id"] != OLD:
                found.update(self.broken.get("top", {}))
                found["State"] = {**found["State"], **self.broken.get("state", {})}
        return 204, None

    def _told(self, path: str, given: dict[str, str]) -> tuple[int, Any]:
        if path.startswith("/images/"):
            found = self.images.get(path.removeprefix("/images/").removesuffix("/json").replace("%3A", ":"))
        elif path.startswith("/exec/"):
            found = self.sessions.get(path.split("/")[2])
        elif path == "/containers/json":
            label, _, value = (
                json.loads(given["filters"])["label"][0].partition("=") if "filters" in given else ("",) * 3
            )
            wanted = [
                each for each in self.containers.values() if not label or each["Config"]["Labels"].get(label) == value
            ]
            return 200, [{"Id": each["Id"]} for each in wanted if label or "all" in given or each["State"]["Running"]]
        else:
            found = self._find(path.split("/")[2])
            if found is not None and path.endswith("/changes"):
                return 200, self.changes.get(found["Id"]) or None
            if path.endswith("/logs"):
                return 200, b"\x02\0\0\0" + len(self.logs).to_bytes(4, "big") + self.logs
        return (200, found) if found is not None else (404, {"message": "no such thing"})

    def _find(self, name: str) -> dict[str, Any] | None:
        return next((each for each in self.containers.values() if name in (each["Id"], each["Name"][1:])), None)

    def _made(self, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        if self._find(name) is not None:
            return 409, {"message": "in use"}
        body = copy.deepcopy(body)
        host, joined = body.pop("HostConfig"), body.pop("NetworkingConfig")["EndpointsConfig"]
        if not joined and host["NetworkMode"] != "none":
            joined = {"bridge": {"IPAMConfig": None}}
        for key, given in (("MaskedPaths", HOST["MaskedPaths"]), ("ReadonlyPaths", HOST["ReadonlyPaths"])):
            host.setdefault(key, given)
        mounts = []
        for each in host["Binds"]:
            source, place, *rest = each.split(":")
            kind = {"Type": "bind", "Source": source} if source.startswith("/") else {"Type": "volume", "Name": source}
            mounts.append({**kind, "Destination": place, "RW": "ro" not in ",".join(rest).split(",")})
        identity = f"{len(self.done):02x}" * 32
        stopped = {"Running": False, "Paused": False, "Restarting": False, "ExitCode": 0}
        config = {"Hostname": identity[:12], **body}
        more = {"Image": self.images[body["Image"]]["Id"], "State": stopped, "Config": config, "HostConfig": host}
        self.add(identity, name, Mounts=mounts, NetworkSettings={"Networks": joined, "Ports": {}}, **more)
        return 201, {"Id": identity}
