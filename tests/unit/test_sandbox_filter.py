"""The filter of a launcher, asked as the kernel would: it refuses what it says, and nothing that servers do."""

from __future__ import annotations

import errno
from base64 import b64decode

import pytest

from workbench.host.isolation.bpf import answer, decode
from workbench.launch.sandbox_filter import _REFUSED, REFUSED, program, spelled

X86_64, AARCH64, I386 = 0xC000003E, 0xC00000B7, 0x40000003
ALLOWED, EPERM, ENOSYS = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
FILTER = (decode(program()),)
THREAD, FORK = 0x3D0F00, 17
# read, write, openat, execve, socket, connect, mmap, clone's and wait's like, by number.
NEEDED = {
    X86_64: (0, 1, 257, 59, 41, 42, 9, 61, 202, 231, 57, 58),
    AARCH64: (63, 64, 56, 221, 198, 203, 222, 260, 98, 94),
}


@pytest.mark.parametrize(("name", "x86_64", "aarch64"), _REFUSED)
def test_what_attackers_do_is_refused(name: str, x86_64: int | None, aarch64: int | None) -> None:
    for architecture, number in ((X86_64, x86_64), (AARCH64, aarch64)):
        if number is not None:
            assert answer(FILTER, number, (), architecture) == EPERM, name


@pytest.mark.parametrize("architecture", [X86_64, AARCH64])
def test_what_servers_do_is_not(architecture: int) -> None:
    for number in NEEDED[architecture]:
        assert answer(FILTER, number, (), architecture) == ALLOWED, number
    refused = {row[1 if architecture == X86_64 else 2] for row in _REFUSED}
    open_ones = {number for number in range(600) if answer(FILTER, number, (), architecture) == ALLOWED}
    assert open_ones == set(range(600)) - refused - {435}


@pytest.mark.parametrize(("architecture", "clone"), [(X86_64, 56), (AARCH64, 220)])
def test_a_process_may_be_made_and_a_namespace_not(architecture: int, clone: int) -> None:
    for flags in (THREAD, FORK, 0x01200011, 0x4111):
        assert answer(FILTER, clone, (flags,), architecture) == ALLOWED, hex(flags)
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert answer(FILTER, clone, (FORK | flag,), architecture) == EPERM, hex(flag)
    # Its flags lie in memory, where no filter can look.
    assert answer(FILTER, 435, (), architecture) == ENOSYS


def test_no_other_interface_is_a_way_around() -> None:
    for number in (0, 1, 26, 101, 310):
        assert answer(FILTER, number, (), I386) == EPERM
        assert answer(FILTER, number | 0x40000000, (), X86_64) == EPERM, "x32"
        assert answer(FILTER, number, (), 0x12345678) == EPERM


def test_it_stands_in_a_launcher_as_it_is() -> None:
    assert b64decode(spelled()) == program()
    assert all(len(line) <= 120 and line.isascii() for line in spelled().splitlines())
    assert {"ptrace", "mount", "unshare", "bpf", "io_uring_setup", "keyctl"} <= set(REFUSED)
    assert len({row[1] for row in _REFUSED}) == len(_REFUSED) == len(set(REFUSED))
