"""The tab of a page: its title and how many things are on it; a shorter title where not all tabs would fit."""

from __future__ import annotations

from textual import events
from textual.content import Content, ContentText
from textual.widgets import Tab

from workbench.tui.widgets.pages import PageName

_ROOMY = 100


class PageTab(Tab):
    """A tab that is labelled by what it is given, and by less of it in a narrow terminal."""

    def __init__(self, page: PageName) -> None:
        self._page, self._words, self._shown = page, page.title, ""
        super().__init__(page.title, id=f"tab-{page.name}")

    @property
    def label(self) -> Content:
        """The whole label."""
        return Content(self._words)

    @label.setter
    def label(self, label: ContentText) -> None:
        self._words = label if isinstance(label, str) else label.plain
        self.fit()

    async def on_click(self, event: events.Click) -> None:
        """Show the page as its key does, with the cursor in it: else none of the page's own keys were at the foot."""
        event.prevent_default()
        await self.screen.run_action(f"page('{self._page.name}')")

    def fit(self) -> None:
        """Show as much of it as there is room for."""
        words = self._words
        if self.is_attached and self.app.size.width < _ROOMY:
            some, of, _ = words.partition(" of ")
            words = f"{some}+" if of else words
            words = words.replace(self._page.title, self._page.short or self._page.title, 1)
        if words != self._shown:
            self._shown = words
            self.update(Content(words))
