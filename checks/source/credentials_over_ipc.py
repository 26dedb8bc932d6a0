"""A server hands a secret to its child process in a message.

What it looks at
----------------
In the code of servers: what is sent with ``child.send()``, ``process.send()``, ``worker.postMessage()`` or through a
pipe or queue of ``multiprocessing``. It is found where the name of what is sent says that it is a secret (``apiKey``,
``token``, ``os.environ["OPENAI_API_KEY"]``), or where the secret itself stands there.

Why it matters
--------------
A child is made to keep what is dangerous apart from what is worth stealing. A secret sent to it is in its memory from
then on, in whatever it writes into its log when it fails, and in every message that it answers by repeating the first.

How an attacker uses it
-----------------------
The page or file that takes the child over reads the key out of the child's memory, where it need not be, and sends it
away with the child's own network access. Nothing of the parent has to be broken.

How to fix it by hand
---------------------
Let the secret stay in the parent, and let the child ask for the *deed*: it sends the request, the parent adds the key
and sends the answer back. Where the child must have it, give one that is short-lived and good for this alone, through a
file descriptor that is closed after reading::

    const child = spawn(process.execPath, ["worker.js"], { stdio: ["ignore", "inherit", "inherit", "pipe"] });
    child.stdio[3].end(token);

The environment is not the better place, though it is often recommended: every process of the same account reads it in
``/proc/PID/environ`` for as long as the child lives, and the child hands it on to all that it starts.

References
----------
- Node.js documentation: child_process, options.stdio
- proc(5): /proc/PID/environ
- CWE-522: Insufficiently Protected Credentials
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import Flawed, SecretSend, Severity, Snapshot, Verdict, check, judge_code


@check(
    title="A server sends a secret to its child process",
    severities=(Severity.MEDIUM,),
    needs=("code:files", "code:python", "code:javascript"),
)
def credentials_over_ipc(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every message with a secret in it."""
    return judge_code(snapshot, snapshot.code.observed.sends, _judge, "sends a secret to another process")


def _judge(send: SecretSend) -> Flawed:
    what = f"a secret that stands in the code ({send.name})" if send.literal else send.name
    return Flawed(
        Severity.MEDIUM,
        f"{what} is sent to another process with {send.channel}",
        "no secret in messages: the child asks for the deed, not for the key",
        f"{send.channel} with {what}",
        shown=not send.literal,
    )
