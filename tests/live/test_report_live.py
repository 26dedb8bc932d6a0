"""The page of a report in a real browser: it fits a phone, it can be read, it runs and loads nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.staged_facts import snapshot as staged
from tests.live.browser import Browser, browser
from tests.live.support import require_program
from tests.unit.test_report_formats import MARKUP, host
from tests.unit.test_text import HOSTILE
from workbench.model.finding import Evidence, Finding, Location, Subject
from workbench.model.report import Report
from workbench.model.severity import Severity
from workbench.model.waiver import Waiver, WaiverFile
from workbench.plugins import load
from workbench.report.exporting import render
from workbench.scan import scan
from workbench.waivers.applying import seen_of

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("browser")]
LONG = "/home/dev/" + "a-folder-with-a-name-" * 30 + "x" * 500
EVIL = [*MARKUP, *HOSTILE, LONG, "漢字" * 300, "<script>document.title='owned'</script>", "שלום " * 40]
# The contrast of every text with what is behind it, as WCAG reckons it; the worst first.
CONTRAST = """
(() => {
  const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => v / 255)
      .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126*r + 0.7152*g + 0.0722*b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
      if (c !== 'rgba(0, 0, 0, 0)') return c; } return 'rgb(255, 255, 255)'; };
  const seen = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
    seen.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.className + ' ' + e.tagName]);
  }
  return seen.sort((x, y) => x[0] - y[0])[0];
})()
"""
WIDER = """
[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.tagName + '.' + e.className).slice(0, 5)
"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(require_program("chromium"), tmp_path_factory.mktemp("profile")) as made:
        yield made


def whole() -> Report:
    plugins = load()
    found = list(scan(staged(), plugins).findings())
    day = staged().taken_at[:10]
    waivers = [
        Waiver(each.check, each.identity, f"because of {LONG}", "dev", day, day, each.severity, seen_of(each))
        for each in found[:3]
    ]
    old = replace(waivers[2], expires="2020-01-02", accepted="2020-01-01")
    return scan(staged(), plugins, None, WaiverFile("/w.yaml", (*waivers[:2], old)))


def hostile() -> Report:
    findings = tuple(
        Finding(
            Subject("socket", name, name),
            Severity.HIGH,
            name,
            (Evidence(name, name, ("stat", name)),),
            Location(name, 3),
            (Subject("server", name, name),),
            check="sockets/connectable-by-others",
            repairs=(name,),
        )
        for name in EVIL
    )
    report = whole()
    return replace(report, results=(replace(report.results[0], findings=findings), *report.results[1:]), user=EVIL[0])


def page(tmp_path: Path, report: Report, name: str = "") -> Path:
    file = tmp_path / "report.html"
    file.write_text(render(report, host(name) if name else staged(), load(), "html"), encoding="utf-8")
    return file


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_can_be_read(chromium: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    for report, name in ((whole(), ""), (hostile(), LONG)):
        chromium.open(page(tmp_path, report, name), width, scheme)
        chromium.value("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert chromium.value("innerWidth") == width
        wide, narrow = chromium.value("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide <= narrow, chromium.value(WIDER)
        assert chromium.value(WIDER) == []
        contrast, where = chromium.value(CONTRAST)
        assert contrast >= 4.5, f"{contrast:.2f} in {where}"
        assert float(chromium.value("parseFloat(getComputedStyle(document.body).fontSize)")) >= 16


def test_light_and_dark_differ(chromium: Browser, tmp_path: Path) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        chromium.open(page(tmp_path, whole()), 360, scheme)
        grounds.append(chromium.value("getComputedStyle(document.body).backgroundColor"))
    assert len(set(grounds)) == 2


def test_it_runs_nothing_and_loads_nothing(chromium: Browser, tmp_path: Path) -> None:
    file = page(tmp_path, hostile(), '"><img src=x onerror=alert(1)><script>alert(1)</script>')
    chromium.open(file, 1280, "light")
    assert chromium.value("document.title") == "MCP hardening report: grade F"
    foreign = "script, img, iframe, link, form, input, svg, object, embed, base, [onerror], [onmouseover], [onclick]"
    assert chromium.value(f"document.querySelectorAll('{foreign}').length") == 0
    asked = [each["request"]["url"] for each in chromium.told("Network.requestWillBeSent")]
    assert set(asked) <= {file.as_uri()}
    assert not chromium.told("Page.javascriptDialogOpening")
    assert not [each for each in chromium.told("Log.entryAdded") if each["entry"]["level"] == "error"]
    links = chromium.value("[...document.links].filter(each => !each.getAttribute('href').startsWith('#')).length")
    assert links == 0
    for name in MARKUP:
        if name.strip():
            shown = chromium.value("document.body.textContent")
            assert name in shown


def test_its_policy_stops_what_would_get_in(chromium: Browser, tmp_path: Path) -> None:
    file = page(tmp_path, whole())
    broken = "<script>document.title = 'owned'</script><img src='http://192.0.2.1/x.png'></body>"
    file.write_text(file.read_text().replace("</body>", broken))
    chromium.open(file, 1280, "light")
    assert chromium.value("document.title").startswith("MCP hardening report")
    blocked = [each["entry"]["text"] for each in chromium.told("Log.entryAdded")]
    assert any("Content Security Policy" in text for text in blocked), blocked


def test_on_paper_every_lesson_is_there(chromium: Browser, tmp_path: Path) -> None:
    chromium.open(page(tmp_path, whole()), 1280, "dark")
    chromium.tell("Emulation.setEmulatedMedia", media="print")
    shown = "document.querySelector('details h4').checkVisibility()"
    assert chromium.value(shown) is True
    assert chromium.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert chromium.value("document.querySelector('nav').checkVisibility()") is False
    chromium.tell("Emulation.setEmulatedMedia", media="screen")
    assert chromium.value(shown) is False
