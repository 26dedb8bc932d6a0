"""A server acts on what its own child process says, without looking at it.

What it looks at
----------------
In the code of servers: every place that receives a message of another process of the server's own, such as
``child.on('message')``, a worker's messages, a pipe or queue of ``multiprocessing``, a line from a unix socket. It is
in order where a schema (zod, ajv, typebox, pydantic, jsonschema) or a check written by hand comes first, and where
nothing is done with the message. It is found where a part of the message reaches a command, a file or a function that
acts, or where a field of it chooses which function is called.

Why it matters
--------------
A type in TypeScript (``(m: Result) => …``, ``as``, ``satisfies``) is gone when the program runs: it checks nothing. The
child is often the part that reads what strangers wrote: a web page, a document, a repository. Whoever takes it over
speaks with the parent's rights as soon as the parent does as it is told.

How an attacker uses it
-----------------------
The broken-into worker sends ``{"type": "exec", "command": "…"}``, or ``{"method": "constructor"}`` to a parent that
calls ``handlers[message.method]()``. What was one parser with a flaw is now the server, and all that it may do.

How to fix it by hand
---------------------
Say exactly what a message may be, and end the child that sends anything else::

    const Message = z.discriminatedUnion("type", [
      z.object({ type: z.literal("result"), id: z.string().uuid(), ms: z.number().int().nonnegative() }),
    ]);
    child.on("message", (raw) => {
      const read = Message.safeParse(raw);
      if (!read.success) return child.kill();
      store(read.data);
    });

It is ``.nonnegative()``: the ``.nonneg()`` that is printed in some guides does not exist and throws when the file is
loaded. In Python: a pydantic model, ``Message.model_validate_json(line)``. Choose what is called with ``if`` or
``match``, or from a ``Map`` of known names; never by ``object[name]``, ``getattr`` or ``globals()``.

References
----------
- Node.js documentation: child_process, subprocess.on('message')
- zod: discriminatedUnion, safeParse; pydantic: model_validate_json
- CWE-20: Improper Input Validation
- CWE-470: Use of Externally-Controlled Input to Select Classes or Code
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import Flawed, MessageHandler, Passed, Severity, Snapshot, Verdict, check, code_subject, judge_code

_SENDERS = {"child": "its child process", "parent": "its parent process", "unknown": "another process"}


@check(
    title="A server acts on messages of its own processes unchecked",
    severities=(Severity.CRITICAL,),
    needs=("code:files", "code:python", "code:javascript"),
)
def unvalidated_ipc_message(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every handler of messages."""
    return judge_code(snapshot, snapshot.code.observed.handlers, _judge, "receives messages of other processes")


def _judge(handler: MessageHandler) -> Flawed | Passed:
    if handler.validator or not (handler.acts or handler.dispatch):
        return Passed(code_subject(handler.site))
    sender = _SENDERS[handler.sender]
    if handler.dispatch:
        summary = f"a message of {sender} chooses what is called: {handler.dispatch}"
        actual = f"{handler.channel}: {handler.dispatch}"
    else:
        summary = f"what {sender} says reaches {', '.join(handler.acts[:3])} unchecked"
        actual = f"{handler.channel}: unchecked, it reaches {', '.join(handler.acts)}"
    return Flawed(Severity.CRITICAL, summary, "a schema that refuses every other message, before it is used", actual)
