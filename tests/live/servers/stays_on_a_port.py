"""The same with a port: something that was started to stay."""

import socket
import time


def serve() -> None:
    from mcp.server import Server  # type: ignore[import-not-found, unused-ignore]

    Server("stays")


if __name__ == "__main__":
    listening = socket.create_server(("127.0.0.1", 0))
    while True:
        time.sleep(60)
