"""The answers of system call filters: the interpreter against small programs, sound and hostile."""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence

import pytest

from workbench.host.isolation.bpf import INSTRUCTION_LIMIT, Instruction, NotAFilter, Program, answer, decode
from workbench.host.isolation.syscalls import answers, in_words

X86_64, I386 = 0xC000003E, 0x40000003
ALLOW, LOG, TRACE, NOTIFY, ERRNO, TRAP, KILL, KILL_PROCESS = (
    0x7FFF0000,
    0x7FFC0000,
    0x7FF00000,
    0x7FC00000,
    0x00050000,
    0x00030000,
    0x00000000,
    0x80000000,
)
NUMBER, ARCHITECTURE, FIRST_LOW, FIRST_HIGH = 0, 4, 16, 20


def load(offset: int) -> Instruction:
    return (0x20, 0, 0, offset)


def equal(value: int, when_true: int, when_false: int) -> Instruction:
    return (0x15, when_true, when_false, value)


def give(value: int) -> Instruction:
    return (0x06, 0, 0, value)


def denies(*numbers: int, returned: int = ERRNO | 1) -> Program:
    """Allow everything but some calls of x86_64; other architectures are let through."""
    body: list[Instruction] = [load(NUMBER)]
    for number in numbers:
        body += [equal(number, 0, 1), give(returned)]
    return (load(ARCHITECTURE), equal(X86_64, 1, 0), give(ALLOW), *body, give(ALLOW))


def ask(program: Sequence[Instruction], number: int = 0, *arguments: int, architecture: int = X86_64) -> int:
    return answer([tuple(program)], number, arguments, architecture)


class TestInterpreter:
    def test_loads_the_call_its_architecture_and_the_halves_of_its_arguments(self) -> None:
        give_accumulator: Instruction = (0x16, 0, 0, 0)
        assert ask([load(NUMBER), give_accumulator], 59) == 59
        assert ask([load(ARCHITECTURE), give_accumulator]) == X86_64
        assert ask([load(FIRST_LOW), give_accumulator], 0, 0x1_2345_6789) == 0x23456789
        assert ask([load(FIRST_HIGH), give_accumulator], 0, 0x1_2345_6789) == 1
        assert ask([load(56), give_accumulator], 0, 1, 2, 3, 4, 5, 6) == 6

    @pytest.mark.parametrize(
        ("operation", "operand", "result"),
        [
            (0x00, 5, 12),
            (0x10, 8, 0xFFFFFFFF),
            (0x20, 3, 21),
            (0x30, 2, 3),
            (0x40, 8, 15),
            (0x50, 3, 3),
            (0x60, 4, 112),
            (0x70, 1, 3),
            (0x80, 0, 0xFFFFFFF9),
            (0xA0, 2, 5),
            (0x30, 0, 0),
        ],
    )
    def test_computes_in_32_bits(self, operation: int, operand: int, result: int) -> None:
        program = [(0x00, 0, 0, 7), (0x04 | operation, 0, 0, operand), (0x16, 0, 0, 0)]
        assert ask(program) == result
        by_index = [(0x01, 0, 0, operand), (0x00, 0, 0, 7), (0x0C | operation, 0, 0, 0), (0x16, 0, 0, 0)]
        assert ask(by_index) == result

    @pytest.mark.parametrize(
        ("code", "operand", "jumps"),
        [
            (0x15, 7, True),
            (0x15, 8, False),
            (0x25, 6, True),
            (0x25, 7, False),
            (0x35, 7, True),
            (0x35, 8, False),
            (0x45, 4, True),
            (0x45, 8, False),
        ],
    )
    def test_jumps(self, code: int, operand: int, jumps: bool) -> None:
        assert ask([(0x00, 0, 0, 7), (code, 1, 0, operand), give(KILL), give(ALLOW)]) == (ALLOW if jumps else KILL)
        assert ask([(0x05, 0, 0, 1), give(KILL), give(LOG)]) == LOG

    def test_remembers(self) -> None:
        program = [load(NUMBER), (0x02, 0, 0, 15), (0x00, 0, 0, 0), (0x60, 0, 0, 15), (0x16, 0, 0, 0)]
        assert ask(program, 41) == 41
        by_index = [(0x01, 0, 0, 9), (0x03, 0, 0, 0), (0x61, 0, 0, 0), (0x87, 0, 0, 0), (0x16, 0, 0, 0)]
        assert ask(by_index) == 9
        swapped = [load(NUMBER), (0x07, 0, 0, 0), (0x00, 0, 0, 1), (0x0C, 0, 0, 0), (0x16, 0, 0, 0)]
        assert ask(swapped, 41) == 42
        assert ask([(0x80, 0, 0, 0), (0x16, 0, 0, 0)]) == 64

    @pytest.mark.parametrize(
        "program",
        [
            [],
            [load(NUMBER)],
            [load(64), give(ALLOW)],
            [load(0xFFFFFFFC), give(ALLOW)],
            [load(2), give(ALLOW)],
            [(0x21, 0, 0, 0), give(ALLOW)],
            [(0x02, 0, 0, 16), give(ALLOW)],
            [(0x60, 0, 0, 16), give(ALLOW)],
            [(0x05, 0, 0, 0xFFFFFFFF), give(ALLOW)],
            [equal(0, 255, 255), give(ALLOW)],
            [(0x94, 0, 0, 3), give(ALLOW)],
            [(0x55, 0, 0, 3), give(ALLOW)],
        ],
    )
    def test_what_the_kernel_would_not_take_is_refused(self, program: list[Instruction]) -> None:
        with pytest.raises(NotAFilter):
            ask(program)

    def test_the_longest_program_ends(self) -> None:
        longest = tuple([equal(1, 0, 0)] * (INSTRUCTION_LIMIT - 1) + [give(ALLOW)])
        began = time.process_time()
        assert ask(longest) == ALLOW
        assert time.process_time() - began < 1

    @pytest.mark.parametrize("raw", [b"", b"1234567", bytes(8 * (INSTRUCTION_LIMIT + 1))])
    def test_bytes_that_are_no_program_are_refused(self, raw: bytes) -> None:
        with pytest.raises(NotAFilter):
            decode(raw)

    def test_bytes_become_instructions(self) -> None:
        assert decode(struct.pack("=HBBI", 0x15, 1, 2, 3)) == ((0x15, 1, 2, 3),)


class TestSeveralFilters:
    @pytest.mark.parametrize(
        ("one", "other", "wins"),
        [
            (ALLOW, LOG, LOG),
            (LOG, TRACE, TRACE),
            (TRACE, NOTIFY, NOTIFY),
            (NOTIFY, ERRNO | 1, ERRNO | 1),
            (ERRNO | 1, TRAP, TRAP),
            (TRAP, KILL, KILL),
            (KILL, KILL_PROCESS, KILL_PROCESS),
            (KILL_PROCESS, ALLOW, KILL_PROCESS),
        ],
    )
    def test_the_lowest_action_wins_in_any_order(self, one: int, other: int, wins: int) -> None:
        assert answer([(give(one),), (give(other),)], 0, (), X86_64) == wins
        assert answer([(give(other),), (give(one),)], 0, (), X86_64) == wins

    def test_of_two_errors_the_newest_filter_says_which(self) -> None:
        assert answer([(give(ERRNO | 1),), (give(ERRNO | 13),)], 0, (), X86_64) == ERRNO | 13

    def test_without_any_all_is_allowed(self) -> None:
        assert answer([], 59, (), X86_64) == ALLOW


class TestAnswers:
    def test_what_is_refused_and_what_is_not(self) -> None:
        said = dict(answers([denies(59, 101, 165)], "x86_64"))
        assert (said["execve"], said["ptrace"], said["mount"]) == ("EPERM", "EPERM", "EPERM")
        assert (said["execveat"], said["fork"], said["socket(AF_INET)"]) == ("allowed", "allowed", "allowed")

    def test_the_family_of_a_socket_is_asked_for(self) -> None:
        program = (load(NUMBER), equal(41, 0, 3), load(FIRST_LOW), equal(1, 1, 0), give(ERRNO | 97), give(ALLOW))
        said = dict(answers([program], "x86_64"))
        assert said["socket(AF_UNIX)"] == "allowed"
        assert said["socket(AF_INET)"] == said["socket(AF_NETLINK)"] == "EAFNOSUPPORT"

    def test_a_clone_that_makes_a_process_is_asked_for_not_one_that_makes_a_thread(self) -> None:
        # As the profile that lets threads and no processes through: CLONE_THREAD must be set.
        program = (load(NUMBER), equal(56, 0, 3), load(FIRST_LOW), (0x45, 1, 0, 0x10000), give(ERRNO | 1), give(ALLOW))
        assert dict(answers([program], "x86_64"))["clone"] == "EPERM"

    def test_a_filter_that_forgets_the_32_bit_interface(self) -> None:
        forgets = dict(answers([denies(59, 41)], "x86_64", i386=True))
        assert (forgets["execve"], forgets["execve (32-bit)"]) == ("EPERM", "allowed")
        assert forgets["socket(AF_INET) (32-bit)"] == "allowed"
        assert "ptrace (32-bit)" not in forgets
        without = dict(answers([denies(59)], "x86_64", i386=False))
        assert "execve (32-bit)" not in without

    def test_a_filter_that_ends_what_is_not_native_forgets_nothing(self) -> None:
        native = (load(ARCHITECTURE), equal(X86_64, 1, 0), give(KILL_PROCESS), *denies(59)[3:])
        assert not [call for call, _ in answers([native], "x86_64", i386=True) if call.endswith("(32-bit)")]

    def test_a_filter_that_forgets_x32(self) -> None:
        said = dict(answers([denies(59, 41)], "x86_64", x32=True))
        assert (said["execve (x32)"], said["socket(AF_UNIX) (x32)"]) == ("allowed", "allowed")
        closed = (load(NUMBER), (0x35, 0, 1, 0x40000000), give(KILL), equal(59, 0, 1), give(ERRNO | 1), give(ALLOW))
        assert "execve (x32)" not in dict(answers([closed], "x86_64", x32=True))

    def test_another_machine_has_other_numbers(self) -> None:
        program = (load(NUMBER), equal(221, 0, 1), give(ERRNO | 1), give(ALLOW))
        said = dict(answers([program], "aarch64", i386=True, x32=True))
        assert said["execve"] == "EPERM"
        assert "fork" not in said and "chmod" not in said
        assert not any("(" in call and not call.startswith("socket") for call in said)

    @pytest.mark.parametrize(
        ("returned", "words"),
        [
            (ALLOW, "allowed"),
            (LOG, "logged and allowed"),
            (ERRNO | 1, "EPERM"),
            (ERRNO | 38, "ENOSYS"),
            (ERRNO, "skipped"),
            (ERRNO | 4095, "error 4095"),
            (TRAP, "trap"),
            (TRAP | 7, "trap"),
            (KILL, "killed"),
            (KILL_PROCESS, "killed"),
            (NOTIFY, "asked of a supervisor"),
            (TRACE | 9, "asked of a tracer"),
            (0x12340000, "killed"),
        ],
    )
    def test_in_words(self, returned: int, words: str) -> None:
        assert in_words(returned) == words
