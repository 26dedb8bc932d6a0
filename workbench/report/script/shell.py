"""Write bytes and texts into a shell script so that no shell reads anything else out of them. The script is ASCII."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.report.lines import wrapped
from workbench.text import visible

_PLAIN = frozenset(range(0x20, 0x7F)) - frozenset(b"'%\\")


def comment(text: str, indent: str = "") -> list[str]:
    """A text as lines that each are a comment, whatever it holds."""
    return [_ascii(line).rstrip() for line in wrapped(text, f"# {indent}", f"# {indent}")]


def comment_lines(lines: list[str], indent: str = "") -> list[str]:
    """Lines that are not wrapped, such as those of a diff, each as a comment."""
    return [_ascii(f"# {indent}{visible(line)}").rstrip() for line in lines]


def quoted(text: str) -> str:
    """A text that is to be shown, as one word."""
    return "'" + _ascii(visible(text)).replace("'", "'\\''") + "'"


def assigned(name: str, value: bytes) -> str:
    """An assignment of these very bytes, which hold no NUL, to a variable."""
    if all(byte in _PLAIN for byte in value):
        return f"{name}='{value.decode('ascii')}'"
    # What stands behind it keeps the line ends that a substitution takes off, and is taken off itself.
    return f"{name}=$(printf '{_spelled(value)}.') && {name}=${{{name}%.}}"


def printed(content: bytes) -> Iterator[str]:
    """Commands that print these very bytes, one for each line of them."""
    for line in content.splitlines(keepends=True) if b"\0" not in content else [content]:
        yield f"printf '{_spelled(line)}'"


def _spelled(content: bytes) -> str:
    """The bytes as a format of printf between single quotes."""
    spelled = "".join(_ESCAPES[byte] if byte not in _PLAIN else chr(byte) for byte in content)
    # The first word must not look like an option.
    return "\\055" + spelled[1:] if spelled.startswith("-") else spelled


_ESCAPES = {byte: f"\\{byte:03o}" for byte in range(256)} | {ord("\n"): "\\n", ord("\\"): "\\\\", ord("%"): "%%"}


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("ascii")
