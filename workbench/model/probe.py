"""What a probe found out about a socket."""

from __future__ import annotations

from typing import Literal

PeerVerdict = Literal["validating", "open", "lazy", "close-all", "hidden by mode", "stale", "unclear"]
"""Whether a server looks at the account of who connects.

``validating``: a stranger's connection is closed at once, the owner's is not. ``open``: a stranger is answered as the
owner is. ``lazy``: a stranger is let in, and turned away at the first message. ``close-all``: every connection is
closed at once. ``hidden by mode``: a stranger may not even connect, so whether the server would look is not known.
``stale``: nobody listens. ``unclear``: the answers do not tell.
"""
