"""The report as a page and as Markdown: all of it is there, and no text of the host becomes anything but text."""

from __future__ import annotations

import re
import stat
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from scripts.staged_facts import snapshot as staged
from tests import builders
from tests.unit.test_report import report as plain_report
from tests.unit.test_text import HOSTILE
from tests.unit.test_waivers import judged, seen, waiver
from workbench.exits import Unusable
from workbench.model.clients import ClientFacts
from workbench.model.report import Report
from workbench.model.servers import Server, ServerFacts
from workbench.model.snapshot import Snapshot
from workbench.plugins import Plugins, load
from workbench.report.exporting import FORMATS, Format, export, format_of, render, usual_name
from workbench.report.html_lesson import lesson_html
from workbench.report.markdown import code, prose
from workbench.scan import scan

NOTHING = Plugins({}, {})
MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><b>x",
    "<!-- ",
    "&lt;b&gt;",
    "[x](http://evil.example)",
    "![x](http://evil.example/p.png)",
    "<http://evil.example>",
    "http://evil.example www.evil.example me@evil.example",
    "@everyone #1 GH-1 owner/repo#7 0123456789abcdef0123456789abcdef01234567",
    "a|b|c",
    "``` `` ` ```` <b>",
    "`",
    "` <b>x</b> `",
    "# heading",
    "- [ ] task",
    "1. one",
    "~~x~~ **x** __x__ $x$ :tada:",
    "javascript:alert(1)",
    "[ref]: http://evil.example",
    "\\[x\\](y)",
    "x\\",
    "[^1] ^[x]",
    "   ",
    "",
]
TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "main",
    "footer",
    "section",
    "article",
    "nav",
    "div",
}
TAGS |= {"span", "p", "b", "h1", "h2", "h3", "h4", "dl", "dt", "dd", "ul", "li", "a", "code", "pre", "bdi", "br", "em"}
TAGS |= {"details", "summary"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "style", "role", "aria-label"}


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def host(name: str) -> Snapshot:
    server = Server(
        key=f"config {name}",
        name=name,
        presence="running",
        configured=True,
        transport="stdio",
        clients=(name,),
        command=(name, "x"),
        url=name,
    )
    clients = ClientFacts(builders.COMPLETE, (builders.config([builders.server(name)]),))
    return builders.snapshot(servers=ServerFacts(builders.COMPLETE, (server,)), clients=clients)


def page(report: Report, snapshot: Snapshot, plugins: Plugins = NOTHING) -> Page:
    made = Page(render(report, snapshot, plugins, "html"))
    for tag, attributes in made.tags:
        assert tag in TAGS, tag
        assert set(attributes) <= ATTRIBUTES, attributes
        assert (attributes.get("href") or "#").startswith("#"), attributes
        assert re.fullmatch(r"width:\d{1,3}%", attributes.get("style") or "width:1%"), attributes
    return made


def tokens(text: str) -> list[Token]:
    made = MarkdownIt("gfm-like").parse(text)
    return [each for token in made for each in (token, *(token.children or ()))]


def harmless(text: str) -> list[Token]:
    made = tokens(text)
    kinds = {token.type for token in made}
    assert not kinds & {"link_open", "image", "html_inline", "html_block", "s_open"}, kinds
    for token in made:
        if token.type == "text":
            # What the renderers of code hosts turn into links and mentions once everything is parsed.
            assert not re.search(r"@\w|#\d|GH-\d|\w/\w+#|[0-9a-f]{7}|https?:|www\.", token.content), token.content
    return made


@pytest.mark.parametrize("name", [*MARKUP, *HOSTILE])
def test_a_hostile_name_is_text_on_the_page(name: str) -> None:
    made = page(plain_report(name), host(name))
    text = "".join(made.texts)
    assert all(character.isprintable() or character == "\n" for character in text)
    if name in MARKUP:
        assert text.count(name) >= 5
    scripts = [tag for tag, _ in made.tags if tag in ("script", "img", "svg", "iframe", "link", "form", "base")]
    assert not scripts


@pytest.mark.parametrize("name", [*MARKUP, *HOSTILE])
def test_a_hostile_name_is_text_in_markdown(name: str) -> None:
    text = render(plain_report(name), host(name), NOTHING, "markdown")
    made = harmless(text)
    assert all(character.isprintable() or character == "\n" for character in text)
    headings = [token for token in made if token.type == "heading_open"]
    assert [token.tag for token in headings].count("h1") == 1
    rows = [len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("| ")]
    assert set(rows) == {5}


@pytest.mark.parametrize("name", [*MARKUP, *HOSTILE])
def test_code_and_prose_say_the_same_words(name: str) -> None:
    for text in (code(name), f"say {prose(name)}"):
        harmless(text)
    shown = "".join(token.content for token in tokens(f"say {prose(name)}") if token.type in ("text", "code_inline"))
    from workbench.text import visible

    assert shown.split() == f"say {visible(name)}".split()


def test_the_page_is_alone_and_says_so() -> None:
    plugins = load()
    report = scan(staged(), plugins)
    text = render(report, staged(), plugins, "html")
    assert "default-src 'none'; style-src 'unsafe-inline'" in text.split("</head>")[0]
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert "url(" not in text
    assert "@import" not in text
    made = page(report, staged(), plugins)
    anchors = {attributes.get("id") for _, attributes in made.tags}
    for _, attributes in made.tags:
        target = attributes.get("href")
        assert target is None or target.removeprefix("#") in anchors, target
    assert len([1 for tag, _ in made.tags if tag == "details"]) >= 10


@pytest.mark.parametrize("format", ["html", "markdown"])
def test_everything_that_matters_is_in_it(format: Format) -> None:  # noqa: A002
    plugins = load()
    report = scan(staged(), plugins)
    text = render(report, staged(), plugins, format)
    plain = "".join(Page(text).texts) if format == "html" else text.replace("`", "")
    for finding in report.findings():
        assert finding.identity in plain
    for words in (report.grade.rule, report.next_step, "Report card", "Not assessed", "Servers", "to unlock", "undo:"):
        assert words in plain, words
    for server in staged().servers.servers:
        assert server.name in plain
    lesson = "How an attacker uses it" if format == "html" else "workbench explain clients/"
    assert lesson in plain
    order = [plain.index(finding.identity) for finding in report.standing()]
    assert order == sorted(order)


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_waived_is_shown_in_every_format(format: Format) -> None:  # noqa: A002
    report = judged(seen(), waivers=(waiver(reason="the customer insists"),))
    text = render(report, builders.snapshot(), NOTHING, format).replace("`", "")
    for words in ("the customer insists", "dev", "2026-02-01", waiver().finding):
        assert words in text, words
    ignored = replace(report, waivers=replace(report.waivers, problem="line 3 is wrong"))  # type: ignore[type-var]
    assert "line 3 is wrong" in render(ignored, builders.snapshot(), NOTHING, format)


def test_thousands_of_findings_teach_once() -> None:
    plugins = load()
    report = scan(staged(), plugins)
    many = [replace(result, findings=result.findings * 40) for result in report.results]
    text = render(replace(report, results=tuple(many)), staged(), plugins, "html")
    # A finding takes a thousand characters or so, and its lesson, which takes thousands, stands there once.
    assert len(text) < 1_300 * sum(len(result.findings) for result in many)
    assert text.count("<details id=") == len({finding.check for finding in report.findings()})


def test_a_lesson_on_the_page() -> None:
    lesson = (
        "The title.\n\nSee ``a < b``, `c` and *this*::\n\n    chmod go-w X\n\n    ls\n\n"
        "What it looks at\n----------------\n* one\n  more\n* two <b>\n\nReferences\n----------\n1. umask(2)\n"
    )
    made = "".join(lesson_html(lesson))
    assert made == (
        "<p>See <code>a &lt; b</code>, <code>c</code> and <em>this</em>:</p><pre>chmod go-w X\n\nls</pre>"
        "<h4>What it looks at</h4><ul><li>one more</li><li>two &lt;b&gt;</li></ul>"
        "<h4>References</h4><ul><li>umask(2)</li></ul>"
    )


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_report_gives_the_same_bytes(format: Format) -> None:  # noqa: A002
    first, second = (render(plain_report(), staged(), NOTHING, format) for _ in range(2))
    assert first == second


def test_a_file_of_its_own(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("old")
    target.chmod(0o644)
    export(plain_report(), builders.snapshot(), NOTHING, "html", target)
    assert target.read_text().startswith("<!doctype html>")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(Unusable, match="not a regular file"):
        export(plain_report(), builders.snapshot(), NOTHING, "html", Path("/dev/null"))
    with pytest.raises(Unusable, match="not written"):
        export(plain_report(), builders.snapshot(), NOTHING, "html", tmp_path / "no" / "such" / "folder")


def test_the_format_is_in_the_name() -> None:
    names = {
        "a.html": "html",
        "A.MD": "markdown",
        "a.sarif": "sarif",
        "a.sarif.json": "sarif",
        "a.json": "json",
        "a": "html",
    }
    for name, format in names.items():  # noqa: A001
        assert format_of(Path(name)) == format
    assert format_of(None) == "html"
    assert usual_name(plain_report(), "sarif") == "workbench-20260102T030405.sarif"
