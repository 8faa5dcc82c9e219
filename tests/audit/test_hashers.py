"""Passwords are hashed beside the pages, by few threads that give way, in every process."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import get_native_id

import pytest

from audit.hashers import NICER, ROOM, OwaspArgon2, _room

SALT = "a salt of sixteen"


def test_it_checks_what_it_hashed() -> None:
    encoded = OwaspArgon2().encode("a long enough password", SALT)
    assert OwaspArgon2().verify("a long enough password", encoded)
    assert not OwaspArgon2().verify("another long password", encoded)


def test_however_many_sign_only_half_of_the_cores_hash() -> None:
    with ThreadPoolExecutor(6) as signers:
        list(signers.map(lambda _: OwaspArgon2().encode("a long enough password", SALT), range(12)))
    hashing = _room(os.getpid())._threads
    assert 1 <= len(hashing) <= ROOM


@pytest.mark.skipif(sys.platform != "linux", reason="niceness is of threads on Linux only")
def test_a_page_comes_before_a_hash() -> None:
    mine = os.getpriority(os.PRIO_PROCESS, get_native_id())
    theirs = (
        _room(os.getpid()).submit(lambda: os.getpriority(os.PRIO_PROCESS, get_native_id())).result()
    )
    assert (theirs, os.getpriority(os.PRIO_PROCESS, get_native_id())) == (
        min(19, NICER),
        mine,
    )


def test_a_forked_process_hashes_with_threads_of_its_own() -> None:
    encoded = OwaspArgon2().encode("a long enough password", SALT)
    child = os.fork()
    if child == 0:
        os._exit(0 if OwaspArgon2().verify("a long enough password", encoded) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
