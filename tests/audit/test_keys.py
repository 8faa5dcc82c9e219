"""Key files: made once, also when many need them at once, and never by themselves in production."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
    assert keys.made_keys() == sorted(["seal.pem", *(f"{name}.key" for name in keys.SECRETS)])
    assert len(keys.seal("text")) == 2
