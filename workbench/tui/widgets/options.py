"""A list to choose from whose cursor stands out also where there are no colours to tint it with."""

from __future__ import annotations

from dataclasses import replace

from textual.style import Style
from textual.widget import Widget
from textual.widgets import OptionList


class Options(OptionList):
    """Textual's, with the row under the cursor reversed where a tint tells nothing."""

    def get_visual_style(self, *component_classes: str, partial: bool = False) -> Style:
        """The style of a part of it. That of the stylesheet is asked for "reverse" in vain: Textual leaves it out."""
        style = super().get_visual_style(*component_classes, partial=partial)
        if "option-list--option-highlighted" in component_classes and self.has_focus and without_tints(self):
            return replace(style, reverse=True, underline=False)
        return style


def without_tints(widget: Widget) -> bool:
    """Whether there is no colour, or only those of the terminal: then a tint cannot be told from what is around it."""
    return widget.app.no_color or widget.app.native_ansi_color
