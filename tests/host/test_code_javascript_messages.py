"""Messages between processes in JavaScript: who acts on one that nothing checked, who sends a secret in one."""

from __future__ import annotations

import pytest

from workbench.host.code.javascript import analyse
from workbench.model.code import MessageHandler, SecretSend

IMPORTS = """
import { fork, exec, execSync, spawn } from 'node:child_process';
import { Worker, parentPort } from 'node:worker_threads';
import cluster from 'cluster';
import fs from 'fs';
import { z } from 'zod';
import { Result } from './schemas.js';
import Ajv from 'ajv';
import * as v from 'valibot';
import { assert, object, string } from 'superstruct';
import { Value } from '@sinclair/typebox/value';
import Joi from 'joi';
import * as yup from 'yup';
const Schema = z.object({ type: z.literal('result'), id: z.string() });
const validate = new Ajv().compile({ type: 'object' });
const handlers = { result(m) {}, error(m) {} };
"""
ACT = "if (message.type === 'result') { store(message.payload); }"


def handlers(code: str, name: str = "/srv/server.mjs") -> tuple[MessageHandler, ...]:
    analysis = analyse(name, (IMPORTS + code).encode())
    assert not analysis.gaps
    return analysis.observations.handlers


def handled(body: str, receiver: str = "fork('./worker.js')") -> MessageHandler:
    found = handlers(f"const worker = {receiver};\nworker.on('message', async (message) => {{ {body} }});")
    assert len(found) == 1, found
    return found[0]


def sends(code: str) -> tuple[SecretSend, ...]:
    analysis = analyse("/srv/server.mjs", (IMPORTS + code).encode())
    assert not analysis.gaps
    return analysis.observations.sends


@pytest.mark.parametrize(
    ("body", "acts"),
    [
        (ACT, ("store",)),
        (
            "if (message.type === 'result') { storeResult(message.payload); }"
            " else if (message.type === 'exec') { exec(message.command); }",
            ("storeResult", "child_process.exec"),
        ),
        ("switch (message.type) { case 'run': execSync(message.command); }", ("child_process.execSync",)),
        ("fs.writeFileSync(message.path, message.content);", ("fs.writeFileSync",)),
        ("const { type, command } = message; if (type === 'exec') exec(`sh ${command}`);", ("child_process.exec",)),
        ("eval(message.code);", ("eval",)),
        ("require(message.module);", ("require",)),
        ("spawn(message.program, message.args);", ("child_process.spawn",)),
        ("for (const job of message.jobs) start(job.name);", ("start",)),
        ("this.db.save(message.record);", ("save",)),
        # That it is an object is no check of what it says.
        ("if (typeof message === 'object' && message !== null) store(message.payload);", ("store",)),
        ("if (!message || !message.type) return; store(message.payload);", ("store",)),
        ("const m = message as Message satisfies Message; ", ()),
    ],
)
def test_a_message_of_a_child_that_is_acted_on_unchecked(body: str, acts: tuple[str, ...]) -> None:
    if " as " in body:
        found = handlers(
            f"const worker = fork('w');\nworker.on('message', (message: M) => {{ {body} {ACT} }});", "/a.ts"
        )[0]
        acts = ("store",)
    else:
        found = handled(body)
    assert (found.acts, found.validator, found.sender) == (acts, "", "child")


@pytest.mark.parametrize(
    ("body", "validator"),
    [
        ("const m = Schema.parse(message); store(m.payload);", "zod"),
        ("let m; try { m = Schema.parse(message); } catch { return; } store(m.payload);", "zod"),
        ("const r = Schema.safeParse(message); if (!r.success) return; store(r.data.payload);", "zod"),
        ("const r = Result.safeParse(message); if (!r.success) return; store(r.data.payload);", "a schema"),
        ("const m = await Schema.parseAsync(message); store(m.payload);", "zod"),
        ("if (!validate(message)) return; store(message.payload);", "ajv"),
        ("const m = v.parse(Message, message); store(m.payload);", "valibot"),
        ("assert(message, object({ type: string() })); store(message.payload);", "superstruct"),
        ("if (!Value.Check(Type, message)) return; store(message.payload);", "typebox"),
        ("const { error, value } = Joi.object({}).validate(message); if (error) return; store(value.payload);", "joi"),
        ("const m = yup.object({}).validateSync(message); store(m.payload);", "yup"),
        ("if (typeof message.id !== 'string') return; store(message.id);", "written by hand"),
        ("if (!isResult(message)) return; store(message.payload);", "written by hand"),
        ("if (!(message instanceof Array) && Number.isInteger(message.id)) store(message.id);", "written by hand"),
        ("if (!Object.hasOwn(handlers, message.type)) return; handlers[message.type](message);", "written by hand"),
    ],
)
def test_a_message_that_is_checked_first(body: str, validator: str) -> None:
    found = handled(body)
    assert (found.validator, found.acts, found.dispatch) == (validator, (), "")


def test_a_check_that_comes_after_the_act_is_none() -> None:
    found = handled("store(message.payload); Schema.parse(message);")
    assert (found.validator, found.acts) == ("", ("store",))


def test_json_is_no_schema() -> None:
    found = handled("const m = JSON.parse(message); store(m.payload);")
    assert found.validator == ""


@pytest.mark.parametrize(
    ("body", "dispatch"),
    [
        ("handlers[message.type](message.payload);", "handlers[message.type]"),
        ("const { type, payload } = message; handlers[type](payload);", "handlers[type]"),
        ("const h = handlers[message.type]; if (h) h(message);", "handlers[message.type]"),
        ("this[message.method](...message.args);", "this[message.method]"),
        ("handlers[message.type]?.call(this, message);", "handlers[message.type]"),
        ("handlers[message.type].handle(message.payload);", "handlers[message.type]"),
        ("handlers[mode](message.payload);", ""),
        # The number of a question finds who asked it.
        ("callbacks[message.id](message.result);", ""),
        ("pending[message.requestId].resolve(message.result);", ""),
        ("pending[message.id] = 1;", ""),
    ],
)
def test_a_call_that_the_message_chooses(body: str, dispatch: str) -> None:
    assert handled(body).dispatch == dispatch


def test_a_call_that_a_thread_of_the_same_process_chooses_is_none_of_another() -> None:
    assert handled("handlers[message.type](message.payload);", "new Worker('./w.js')").dispatch == ""


@pytest.mark.parametrize(
    "body",
    [
        "console.log('got', message);",
        "logger.info({ message });",
        "resolve(message);",
        "pending.get(message.id)?.resolve(message.result); pending.delete(message.id);",
        "count += 1;",
        "this.emit('message', message);",
        "results.push(message.value);",
        "res.status(200).json(message.result);",
        "const found = new Result(message.value); resolve(found);",
        "onProgress(message.percent); reportStatus(message.status); this.onDone?.(message.result);",
        "if (message.type === 'ready') { ready = true; }",
        "if (message === 'ready') start();",
    ],
)
def test_a_message_that_is_handed_on_or_counted_is_not_acted_on(body: str) -> None:
    found = handled(body)
    assert (found.acts, found.dispatch) == ((), "")


@pytest.mark.parametrize(
    "code",
    [
        # What is done with the message stands elsewhere: nothing can be said.
        "fork('w').on('message', handle);",
        "import { handle } from './handle.js'; fork('w').on('message', handle);",
        "const w = fork('w'); w.on('message', (message) => dispatch(message));",
        # Not a channel to a process, as far as the file tells.
        "socket.on('message', (message) => { exec(message.command); });",
        "const ws = new WebSocket(url); ws.on('message', (m) => { store(m.payload); });",
        "function listen(bus) { bus.on('message', (m) => exec(m.command)); }",
        "fork('w').on('exit', (code) => exec(code));",
        "fork('w', [], { stdio: 'inherit' });",
        "const child = spawn('node', ['w.js']); child.on('message', (m) => exec(m.command));",
    ],
)
def test_what_the_file_does_not_tell_is_not_said(code: str) -> None:
    assert not handlers(code)


@pytest.mark.parametrize(
    ("code", "sender", "acts"),
    [
        ("process.on('message', (m) => { exec(m.command); });", "parent", ("child_process.exec",)),
        ("process.on('message', (m) => { start(m.options); });", "parent", ()),
        ("parentPort.on('message', (m) => { eval(m.code); });", "parent", ("eval",)),
        ("parentPort?.on('message', (m) => { work(m.job); });", "parent", ()),
        ("const w = new Worker('./w.js'); w.on('message', (m) => { finish(m.result); });", "child", ()),
        (
            "const w = new Worker('./w.js'); w.once('message', (m) => exec(m.command));",
            "child",
            ("child_process.exec",),
        ),
        ("cluster.fork().on('message', (m) => { store(m.payload); });", "child", ("store",)),
        ("cluster.on('message', (worker, m) => { store(m.payload); });", "child", ("store",)),
        ("cluster.on('message', (worker, m) => { track(worker.id); });", "child", ()),
        (
            "const c = spawn('node', ['w'], { stdio: ['pipe', 'pipe', 'inherit', 'ipc'] });"
            " c.on('message', (m) => { store(m.payload); });",
            "child",
            ("store",),
        ),
        (
            "class Pool { worker = null; start() { this.worker = fork('w');"
            " this.worker.on('message', (m) => this.got(m)); }"
            " got(m) { if (m.type === 'exec') exec(m.command); } }",
            "child",
            ("child_process.exec",),
        ),
        (
            "class Pool { start() { this.worker = fork('w'); this.worker.on('message', this.got.bind(this)); }"
            " got({ type, command }) { if (type === 'exec') exec(command); } }",
            "child",
            ("child_process.exec",),
        ),
        (
            "function handle(m) { if (m.type === 'x') apply(m.change); } const w = fork('w'); w.on('message', handle);",
            "child",
            ("apply",),
        ),
        (
            "function make() { return fork('w'); } const w = make(); w.on('message', (m) => { store(m.payload); });",
            "child",
            ("store",),
        ),
    ],
)
def test_who_sends(code: str, sender: str, acts: tuple[str, ...]) -> None:
    found = handlers(code)
    assert [(each.sender, each.acts) for each in found] == [(sender, acts)]


@pytest.mark.parametrize(
    ("message", "name", "literal"),
    [
        ("{ type: 'init', apiKey: process.env.OPENAI_API_KEY }", "process.env.OPENAI_API_KEY", False),
        ("process.env.GITHUB_TOKEN", "process.env.GITHUB_TOKEN", False),
        ("{ apiKey }", "apiKey", False),
        ("{ config: { database: { password: settings.password } } }", "password", False),
        ("{ type: 'credentials', data: found }", "credentials", False),
        ("{ token: await mint() }", "token", False),
        ("{ type: 'setup', credentials }", "credentials", False),
        ("[1]", "", False),
        ("{ key: 'github', token: 'ghp_9aKd02JfLqW8xYt3RvBn5mZc7PeHs1GuTi4O' }", "github-token", True),
        ("{ type: 'progress', progressToken: token2 }", "", False),
        ("{ maxTokens: 100, tokens: usage.tokens, tokenCount: n }", "", False),
        ("{ hasToken: !!token, token: true, password: null }", "", False),
        ("{ type: 'token', key: name, value }", "", False),
        ("{ publicKey, cacheKey, nextPageToken }", "", False),
        ("{ type: 'credentials' }", "", False),
        ("{ tokenFile: path }", "", False),
    ],
)
def test_a_secret_in_a_message(message: str, name: str, literal: bool) -> None:
    found = sends(f"const child = fork('w');\nchild.send({message});")
    expected = [(name, literal)] if name else []
    if literal:
        assert [each.literal for each in found] == [True]
        assert "ghp_" not in repr(found)
    else:
        assert [(each.name, each.literal) for each in found] == expected


def test_no_text_of_the_code_is_told_that_may_be_a_secret() -> None:
    secret = "ghp_9aKd02JfLqW8xYt3RvBn5mZc7PeHs1GuTi4O"
    code = (
        f"fork('w', ['{secret}'], {{ env: {{ T: '{secret}' }} }}).on('message', (m) => {{"
        f" table['{secret}'][m.type]('{secret}', m.payload); store(m.payload); db['{secret}'](m.x); }});"
        f"fork('w', ['{secret}']).send({{ password: found }});"
        f"import net from 'net'; net.createServer(h).listen('/tmp/{secret}.sock');"
    )
    observed = analyse("/srv/a.mjs", (IMPORTS + code).encode()).observations
    assert (len(observed.handlers), len(observed.sends), len(observed.listeners)) == (1, 1, 1)
    assert secret not in repr(observed)
    assert observed.handlers[0].channel == "fork(…).on('message')"


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("process.send({ password });", 1),
        ("process.send?.({ password });", 1),
        ("parentPort.postMessage({ secret: s });", 1),
        ("new Worker('w').postMessage({ apiKey });", 1),
        ("response.send({ token });", 0),
        ("window.postMessage({ token });", 0),
        ("fork('w').send({ id });", 0),
    ],
)
def test_only_what_goes_to_a_process_is_sent_to_one(code: str, count: int) -> None:
    assert len(sends(code)) == count
