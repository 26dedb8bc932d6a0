"""A server that takes no notice of the end of its input, as some do: it lives on when its client is gone."""

import time


def serve() -> None:
    from mcp.server import Server  # type: ignore[import-not-found, unused-ignore]

    Server("stays")


if __name__ == "__main__":
    while True:
        time.sleep(60)
