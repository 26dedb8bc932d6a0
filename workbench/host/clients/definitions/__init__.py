"""Which clients there are and where each keeps its servers. Adding a client is adding one ``Client`` to a table here.

A place is a pattern: ``~`` is the home, ``{config}`` the platform's folder for application settings, ``{xdg}`` the
folder of clients that use ``~/.config`` everywhere, ``$NAME`` an environment variable (a folder, or a file where
nothing follows), ``*`` any name at that level. A pattern whose variable does not exist on the platform (``{local}``
outside Windows, an unset ``$NAME``) is no place to look. ``workbench.host.clients.places`` lists the variables.
"""

from __future__ import annotations

from workbench.host.clients.definitions.claude import CLAUDE
from workbench.host.clients.definitions.command_line import COMMAND_LINE
from workbench.host.clients.definitions.desktop import DESKTOP
from workbench.host.clients.definitions.editors import EDITORS
from workbench.host.clients.definitions.model import ANY, Client, Format, Keys
from workbench.host.clients.definitions.unconfirmed import UNCONFIRMED

CLIENTS: tuple[Client, ...] = (*CLAUDE, *EDITORS, *COMMAND_LINE, *DESKTOP, *UNCONFIRMED)
"""The unconfirmed ones come last: a file that a client is known to read is not shown as theirs."""

__all__ = ["ANY", "CLIENTS", "Client", "Format", "Keys"]
