"""Reading what only root may read, through sudo: which exact commands that takes, and what they answered.

A collector that is refused asks here. The first time it hears that the answer is not known, and what it asked is kept;
when the person has seen the commands and agreed, they are run, and the next look hears their answers. Every command is
a root-owned system program that only reads, with exact arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from workbench.host.command import Output, find_program
from workbench.host.files import CannotLook
from workbench.model.record import draft

Vector = tuple[str, ...]
VECTOR_LIMIT = 400
"""Commands of one look: more is nothing a person would read before agreeing."""


@draft
class Privileged:
    """What was asked and what is known. ``answers`` are the outputs of the commands that were run, by command."""

    answers: Mapping[Vector, Output] = field(default_factory=dict)
    wanted: dict[Vector, None] = field(default_factory=dict)

    def run(self, program: str, *arguments: str) -> Output | None:
        """What that command answered, or None where it was not run yet. Raises CannotLook where it does not exist."""
        vector = (find_program(program), *arguments)
        answer = self.answers.get(vector)
        if answer is None and len(self.wanted) < VECTOR_LIMIT:
            self.wanted[vector] = None
        return answer

    def read(self, path: str) -> bytes | None:
        """The content of a file, or None where it is not known yet. Raises CannotLook where root was refused too."""
        # As text that survives any terminal, log or code page on its way.
        answer = self.run("base64", "-w0", "--", path)
        if answer is None:
            return None
        if answer.status != 0:
            raise CannotLook("it could not be read as root either", absent="No such file" in answer.err)
        import base64
        import binascii

        try:
            return base64.b64decode(answer.out, validate=True)
        except (binascii.Error, ValueError) as error:
            raise CannotLook("what was read as root could not be understood") from error

    def links(self, *places: str) -> Mapping[str, str] | None:
        """Where the symbolic links at these places, or one level below them, point; None where it is not known yet."""
        answer = self.run("find", *places, "-maxdepth", "1", "-type", "l", "-printf", r"%p\0%l\0")
        if answer is None:
            return None
        pieces = answer.out.split("\0")
        return dict(zip(pieces[::2], pieces[1::2], strict=False))
