"""A server over HTTP, for an application server that runs it in several processes."""


def build() -> None:
    from mcp.server import Server  # type: ignore[import-not-found, unused-ignore]

    Server("web")


async def app(scope: dict, receive: object, send: object) -> None:  # type: ignore[type-arg]
    """Answer nothing: it is only looked at."""
    assert scope["type"] == "lifespan"
