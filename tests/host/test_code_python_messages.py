"""What is done with messages of other processes, and what is sent to them."""

from __future__ import annotations

import pytest

from tests.host.code import read
from workbench.model.code import MessageHandler

HEAD = """
import asyncio, json, multiprocessing, os, pickle, socket, socketserver, yaml
from multiprocessing.connection import Listener
from pydantic import BaseModel
class Message(BaseModel):
    path: str
"""
RECEIVED = {
    "pipe": "def handle(ours):\n    pipe, other = multiprocessing.Pipe()\n    message = pipe.recv()\n",
    "queue": "inbox = multiprocessing.Queue()\ndef handle():\n    message = inbox.get()\n",
    "stream": "async def main():\n    await asyncio.start_unix_server(handle, PATH)\n"
    "async def handle(reader, writer):\n    message = json.loads(await reader.readline())\n",
    "socket": "def handle(connection):\n    message = json.loads(connection.recv(4096))\n",
    "socketserver": "class Handler(socketserver.StreamRequestHandler):\n  def handle(self):\n"
    "    message = json.loads(self.rfile.readline())\n",
}


def handler(receiving: str, then: str) -> MessageHandler:
    (found,) = read(f"{HEAD}{RECEIVED[receiving]}    {then}\n").handlers
    return found


@pytest.mark.parametrize("receiving", RECEIVED)
@pytest.mark.parametrize(
    ("then", "acts"),
    [
        ("os.system(message['command'])", ("os.system",)),
        ("if message['type'] == 'exec': os.system(message.get('command'))", ("os.system",)),
        ("open(message['path'])", ()),
        ("eval(message['code'])", ("eval",)),
    ],
)
def test_what_is_done_with_a_message(receiving: str, then: str, acts: tuple[str, ...]) -> None:
    found = handler(receiving, then)
    assert found.validator == ""
    assert found.acts == (acts or ("open",))


@pytest.mark.parametrize("receiving", RECEIVED)
@pytest.mark.parametrize(
    ("then", "validator"),
    [
        ("os.system(Message.model_validate(message).path)", "pydantic"),
        ("known = Message(**message); os.system(known.path)", "pydantic"),
        ("jsonschema.validate(message, SCHEMA); os.system(message['path'])", "jsonschema"),
        ("assert isinstance(message, dict); os.system(message['path'])", "written by hand"),
    ],
)
def test_a_schema_comes_first(receiving: str, then: str, validator: str) -> None:
    found = handler(receiving, then)
    assert (found.validator, found.acts, found.dispatch) == (validator, (), "")


@pytest.mark.parametrize(
    "then", ["print(message)", "self.count += 1", "if message == 'stop': return", "store(message)"]
)
def test_a_message_that_is_only_told_of_acts_on_nothing(then: str) -> None:
    found = handler("pipe", then)
    assert (found.acts, found.dispatch) == ((), "")


@pytest.mark.parametrize(
    "then",
    [
        "getattr(api, message['method'])(*message['args'])",
        "method = getattr(api, message['method'], None); method()",
        "globals()[message['name']](message)",
    ],
)
def test_a_field_that_chooses_what_is_called(then: str) -> None:
    assert handler("stream", then).dispatch


@pytest.mark.parametrize(
    "then",
    [
        "HANDLERS[message['type']](message)",
        "getattr(api, 'known')(message)",
        "print(getattr(settings, message['name']))",
        "getattr(message, 'close')()",
        "assert message['method'] in ALLOWED; getattr(api, message['method'])()",
    ],
)
def test_a_table_of_what_is_known_beforehand_is_no_choice(then: str) -> None:
    assert handler("stream", then).dispatch == ""


def test_what_is_no_message_of_a_process_is_left_alone() -> None:
    code = "import requests, queue\ni = queue.Queue()\ndef f():\n    eval(i.get())\n    eval(requests.get(U).text)\n"
    assert read(code).handlers == ()


@pytest.mark.parametrize(
    ("sent", "name", "literal"),
    [
        ("{'type': 'credentials', 'apiKey': key}", "apiKey", False),
        ("{'type': 'credentials', 'token': token}", "token", False),
        ("json.dumps({'password': p}).encode()", "password", False),
        ("os.environ['OPENAI_API_KEY']", "os.environ[OPENAI_API_KEY]", False),
        ("os.getenv('GITHUB_TOKEN')", "os.environ[GITHUB_TOKEN]", False),
        ("settings.api_key", "settings.api_key", False),
        ("('login', password)", "password", False),
    ],
)
def test_a_secret_that_is_sent(sent: str, name: str, literal: bool) -> None:
    (found,) = read(
        f"{HEAD}def f(key, token, password, settings):\n    a, b = multiprocessing.Pipe()\n    a.send({sent})\n"
    ).sends
    assert (found.name, found.literal, found.channel) == (name, literal, "a.send")


def test_a_secret_that_stands_in_the_code_is_not_shown() -> None:
    value = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    sending = f"    a.send({{'x_token': '{value}'}})\n    a.send('{value}')\n"
    found = read(f"{HEAD}def f():\n    a, b = multiprocessing.Pipe()\n{sending}").sends
    assert [each.literal for each in found] == [True, True]
    assert value not in repr(found)


@pytest.mark.parametrize(
    "sent",
    [
        "{'key': key, 'value': 3}",
        "{'max_tokens': 5}",
        "{'token_count': n}",
        "message",
        "{'token': None}",
        "'apiKey'",
        "token",
        "{'token': token}",
        "{'has_key': bool(api_key)}",
        "{'known': api_key is not None}",
        "digest(password)",
        "len(api_key)",
    ],
)
def test_what_is_no_secret(sent: str) -> None:
    function = "def f(message, key, n, token, api_key, password):\n    a, b = multiprocessing.Pipe()\n"
    assert read(f"{HEAD}{function}    a.send({sent})\n").sends == ()


def test_what_is_sent_to_somebody_else_is_not_judged() -> None:
    assert read("def f(client, api_key):\n    client.send({'apiKey': api_key})\n").sends == ()
    assert read(f"{HEAD}def f(client, api_key):\n    client.send({{'apiKey': api_key}})\n").sends == ()


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("def f(c):\n    return pickle.loads(c.recv(10))\n", "pickle.loads"),
        (
            "def f(c):\n    data = b''\n    while True:\n        data += c.recv(10)\n    pickle.loads(data)\n",
            "pickle.loads",
        ),
        ("def f(c):\n    parts = [c.recv(9)]\n    return pickle.loads(b''.join(parts))\n", "pickle.loads"),
        ("def f(c):\n    return yaml.load(c.recv(10), Loader=yaml.Loader)\n", "yaml.load"),
        ("def f(c):\n    return yaml.unsafe_load(c.recv(10))\n", "yaml.unsafe_load"),
        (
            "def f():\n    with Listener(PATH) as listener:\n        c = listener.accept()\n        return c.recv()\n",
            "multiprocessing.connection.Connection.recv",
        ),
    ],
)
def test_a_message_that_is_unpickled(code: str, call: str) -> None:
    assert [each.call for each in read(HEAD + code).unpicklings] == [call]


@pytest.mark.parametrize(
    "code",
    [
        "def f(c):\n    return json.loads(c.recv(10))\n",
        "def f(c):\n    return yaml.safe_load(c.recv(10))\n",
        "def f(c):\n    return yaml.load(c.recv(10), Loader=yaml.SafeLoader)\n",
        "def f(name):\n    return pickle.loads(open(name, 'rb').read())\n",
        "def f():\n    a, b = multiprocessing.Pipe()\n    return b.recv()\n",
        "def f():\n    listener = Listener(PATH, authkey=KEY)\n    c = listener.accept()\n    return c.recv()\n",
        "def f():\n    listener = Listener(PATH)\n    c = listener.accept()\n    return json.loads(c.recv_bytes())\n",
    ],
)
def test_what_is_read_without_running_code(code: str) -> None:
    assert read(HEAD + code).unpicklings == ()
