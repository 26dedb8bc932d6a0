"""Run the classic BPF of a system call filter on a question, as the kernel would, without trusting the program.

A filter can only jump forward, so it ends after at most as many steps as it has instructions. What the kernel would
not have accepted is refused here too.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

Instruction = tuple[int, int, int, int]
"""The code, how far to jump when true and when false, and the operand."""
Program = tuple[Instruction, ...]

INSTRUCTION_LIMIT = 4096
_DATA_SIZE = 64
_MEMORY = 16
_WORD = 0xFFFFFFFF
_LOAD, _LOAD_X, _STORE, _STORE_X, _ARITHMETIC, _JUMP, _RETURN, _MOVE = range(8)
_IMMEDIATE, _ABSOLUTE, _FROM_MEMORY, _LENGTH = 0x00, 0x20, 0x60, 0x80
_ACTION = 0xFFFF0000


class NotAFilter(Exception):  # noqa: N818 - it is an answer, not an error
    """These bytes are no filter that a kernel would have taken."""


def decode(raw: bytes) -> Program:
    """The instructions of a ``struct sock_filter`` array of this machine's byte order. Raises NotAFilter."""
    if not raw or len(raw) % 8 or len(raw) // 8 > INSTRUCTION_LIMIT:
        raise NotAFilter(f"{len(raw)} bytes")
    return tuple(struct.iter_unpack("=HBBI", raw))


def answer(programs: Sequence[Program], number: int, arguments: Sequence[int], architecture: int) -> int:
    """What all filters together return for a call. ``programs`` are oldest first.

    The lowest action, as a signed number, wins; of equal ones that of the newest filter. Raises NotAFilter.
    """
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=IIQ6Q", number, architecture, 0, *(value & 0xFFFFFFFFFFFFFFFF for value in padded))
    returned = [_run(program, data) for program in reversed(programs)]
    return min(returned, key=_rank, default=0x7FFF0000)


def _rank(value: int) -> int:
    action = value & _ACTION
    return action - (1 << 32) if action >= 1 << 31 else action


def _run(program: Program, data: bytes) -> int:
    accumulator = index = place = 0
    memory = [0] * _MEMORY
    while place < len(program):
        code, when_true, when_false, operand = program[place]
        place += 1
        family, mode = code & 0x07, code & 0xE0
        if family == _RETURN:
            return operand if code & 0x18 == 0 else accumulator
        if family == _LOAD:
            accumulator = _loaded(mode, operand, data, memory)
        elif family == _LOAD_X:
            index = _loaded(mode, operand, data, memory, absolute=False)
        elif family in (_STORE, _STORE_X):
            if operand >= _MEMORY:
                raise NotAFilter("it stores outside of its memory")
            memory[operand] = accumulator if family == _STORE else index
        elif family == _ARITHMETIC:
            value = index if code & 0x08 else operand
            if code & 0xF0 == 0x30 and value == 0:
                return 0  # the kernel ends a filter that divides by zero
            accumulator = _computed(code & 0xF0, accumulator, value)
        elif family == _JUMP:
            place += _distance(code, accumulator, index if code & 0x08 else operand, when_true, when_false, operand)
        elif code & 0xF8 == 0:
            index = accumulator
        else:
            accumulator = index
    raise NotAFilter("it runs past its end")


def _loaded(mode: int, operand: int, data: bytes, memory: list[int], *, absolute: bool = True) -> int:
    if mode == _IMMEDIATE:
        return operand
    if mode == _LENGTH:
        return _DATA_SIZE
    if mode == _FROM_MEMORY and operand < _MEMORY:
        return memory[operand]
    if mode == _ABSOLUTE and absolute and operand % 4 == 0 and operand <= _DATA_SIZE - 4:
        return int(struct.unpack_from("=I", data, operand)[0])
    raise NotAFilter("it loads what a filter cannot")


def _computed(operation: int, accumulator: int, value: int) -> int:
    match operation:
        case 0x00:
            result = accumulator + value
        case 0x10:
            result = accumulator - value
        case 0x20:
            result = accumulator * value
        case 0x30:
            result = accumulator // value
        case 0x40:
            result = accumulator | value
        case 0x50:
            result = accumulator & value
        case 0x60:
            result = accumulator << (value & 31)
        case 0x70:
            result = accumulator >> (value & 31)
        case 0x80:
            result = -accumulator
        case 0xA0:
            result = accumulator ^ value
        case _:
            raise NotAFilter("it computes what a filter cannot")
    return result & _WORD


def _distance(code: int, accumulator: int, value: int, when_true: int, when_false: int, operand: int) -> int:
    match code & 0xF0:
        case 0x00:
            return operand
        case 0x10:
            holds = accumulator == value
        case 0x20:
            holds = accumulator > value
        case 0x30:
            holds = accumulator >= value
        case 0x40:
            holds = bool(accumulator & value)
        case _:
            raise NotAFilter("it jumps as a filter cannot")
    return when_true if holds else when_false
