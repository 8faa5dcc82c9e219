"""Key files: made once, also when many need them at once, and never by themselves in production."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from audit import keys
from kernel.errors import Unavailable


@pytest.fixture(autouse=True)
def empty_folder(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.KEY_DIR = tmp_path / "keys"
    for cached in (keys.secret, keys.sealing_key, keys.known_keys):
        cached.cache_clear()
    yield
    for cached in (keys.secret, keys.sealing_key, keys.known_keys):
        cached.cache_clear()


def test_many_who_need_a_key_at_once_get_the_same_one(settings: Any) -> None:
    with ThreadPoolExecutor(16) as many:
        found = set(many.map(lambda _: keys.secret.__wrapped__("vault"), range(64)))
        seals = set(many.map(lambda _: keys.sealing_key.__wrapped__()[0], range(64)))
    assert (len(found), len(seals)) == (1, 1)
    assert sorted(path.name for path in settings.KEY_DIR.iterdir()) == ["seal.pem", "vault.key"]
    assert {path.stat().st_mode & 0o777 for path in settings.KEY_DIR.iterdir()} == {0o600}


@pytest.mark.requirement("SEC-32")
def test_production_takes_no_signature_without_its_key(settings: Any) -> None:
    settings.ONELOT_ENV = "prod"
    with pytest.raises(Unavailable):
        keys.seal("text")
    with pytest.raises(Unavailable):
        keys.secret("vault")
    wanted = sorted(["paper.pem", "seal.pem", *(f"{name}.key" for name in keys.SECRETS)])
    assert keys.made_keys() == wanted
    assert len(keys.seal("text")) == 2


@pytest.mark.requirement("P11-17", "SEC-27")
def test_what_a_retired_key_sealed_stays_verifiable(settings: Any) -> None:
    key_id, sealed = keys.seal("text")
    retired, fresh = keys.changed_seal()
    assert (retired, keys.seal("text")[0]) == (key_id, fresh)
    assert fresh != key_id
    assert keys.is_sealed("text", key_id=key_id, signature=sealed)
    assert not keys.is_sealed("texts", key_id=key_id, signature=sealed)
    assert "PRIVATE" not in (settings.KEY_DIR / f"seal-{key_id}.pub").read_text()
    assert "PRIVATE" in (settings.KEY_DIR / "seal.pem").read_text()


def changed_elsewhere() -> tuple[str, str]:
    """What another program does: change the key, and seal with the new one."""
    keys.changed_seal()
    return keys.seal("text")


def test_a_program_that_was_running_learns_of_the_new_key() -> None:
    keys.known_keys()
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as other:
        key_id, sealed = other.submit(changed_elsewhere).result()
    assert key_id not in keys.known_keys()
    assert keys.is_sealed("text", key_id=key_id, signature=sealed)
