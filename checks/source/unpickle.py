"""A server reads messages of another process in a way that runs code in them.

What it looks at
----------------
In the code of servers: ``pickle``, ``dill``, ``marshal``, ``jsonpickle`` and ``yaml.load`` with an unsafe loader (and
their likes in JavaScript), where what they read came over a socket or a pipe. ``Connection.recv()`` of
``multiprocessing`` is one of them: it unpickles. It is found on connections of a ``Listener`` without ``authkey``; a
``Pipe`` between a process and its own child is left out.

Why it matters
--------------
A pickle is a program: it names a function and its arguments, and reading it calls the function. There is no way to look
at one before. So whoever can write to the socket runs code in the server.

How an attacker uses it
-----------------------
It connects and sends a pickle that calls ``os.system``. That works before any check of the message, for the check can
only look at what came out of the reading.

How to fix it by hand
---------------------
Use a format that only holds data, and then a schema::

    message = Request.model_validate_json(line)         # pydantic: JSON, and nothing else
    settings = yaml.safe_load(text)

Keep ``send_bytes`` and ``recv_bytes`` of ``multiprocessing.connection`` for the transport, with JSON in them, and give
the ``Listener`` an ``authkey`` and a private folder.

References
----------
- Python documentation: pickle, "Warning"; multiprocessing.connection, authentication keys
- CWE-502: Deserialization of Untrusted Data
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import Flawed, Severity, Snapshot, Unpickling, Verdict, check, judge_code


@check(title="A server unpickles what it is sent", severities=(Severity.HIGH,), needs=("code:python", "code:files"))
def unpickle(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every reading of a message that runs code in it."""
    return judge_code(snapshot, snapshot.code.observed.unpicklings, _judge, "unpickles what another process sent")


def _judge(reading: Unpickling) -> Flawed:
    return Flawed(
        Severity.HIGH,
        f"{reading.call} runs whatever code another process puts into what {reading.source} gives",
        "a format that holds nothing but data: JSON with a schema, yaml.safe_load",
        f"{reading.call} on what {reading.source} gives",
    )
