"""The verifier that leaves the house: its arithmetic against the RFCs, the wheel and the house."""

from __future__ import annotations

import ast
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.canonical import canonical
from kernel.merkle import leaf_hash, path_to, root_of
from mes.packages import verify
from tests.conftest import NOON

SOURCE = Path(verify.__file__)
# RFC 8032, section 7.1: (public key, message, signature).
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
WAYS = [verify.is_signed, verify.is_signed_by_wheel]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner) | st.dictionaries(st.text('aé€z\u2028 \n"'), inner),
    max_leaves=8,
)


@pytest.mark.requirement("P11-14", "A11-17")
@pytest.mark.parametrize("is_signed", WAYS)
@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_vectors_of_rfc_8032_hold(
    is_signed: verify.Callable[[bytes, bytes, bytes], bool],
    public: str,
    message: str,
    signature: str,
) -> None:
    key, text, sealed = (bytes.fromhex(one) for one in (public, message, signature))
    assert is_signed(key, sealed, text)
    assert not is_signed(key, sealed, text + b"\0")
    for at in (0, 31, 32, 63):
        assert not is_signed(key, _flipped(sealed, at), text)
        assert not is_signed(_flipped(key, at % 32), sealed, text)
    # S + L means the same point: who takes it, takes two signatures of one text.
    twice = int.from_bytes(sealed[32:], "little") + verify.ORDER
    assert not is_signed(key, sealed[:32] + twice.to_bytes(32, "little"), text)
    assert not is_signed(key, sealed[:-1], text)
    assert not is_signed(key[:-1], sealed, text)


def _flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def test_both_ways_say_the_same_of_many_keys_and_texts() -> None:
    chance = Random(3)
    for _ in range(12):
        private = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        text = chance.randbytes(chance.randrange(200))
        sealed = private.sign(text)
        for key, one in ((public, sealed), (public, _flipped(sealed, chance.randrange(64))),
                         (chance.randbytes(32), sealed)):  # fmt: skip
            assert verify.is_signed(key, one, text) == verify.is_signed_by_wheel(key, one, text)


@settings(max_examples=40)
@given(values)
def test_its_canonical_form_is_that_of_the_house(value: object) -> None:
    assert verify.canonical(value) == canonical(value)
    assert verify.canonical(verify.read_json(canonical(value))) == canonical(value)


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', "[1.5]", "[NaN]", "[1e3]"])
def test_what_has_two_meanings_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        verify.read_json(text)


def test_its_tree_is_that_of_the_house() -> None:
    for size in range(1, 12):
        texts = [f"leaf {at}" for at in range(size)]
        leaves = [leaf_hash(text.encode()) for text in texts]
        root = root_of(leaves).hex()
        for at, text in enumerate(texts):
            path = [step.hex() for step in path_to(leaves, at)]
            assert verify.is_in_tree(text, index=at, size=size, path=path, root=root)
            assert not verify.is_in_tree("other", index=at, size=size, path=path, root=root)
            if size > 1:
                assert not verify.is_in_tree(text, index=at, size=size, path=path[1:], root=root)
                other = (at + 1) % size
                assert not verify.is_in_tree(text, index=other, size=size, path=path, root=root)
            assert not verify.is_in_tree(text, index=at, size=size, path=[*path, root], root=root)


@pytest.mark.requirement("A11-17")
def test_it_needs_an_old_python_and_its_standard_library_only() -> None:
    tree = ast.parse(SOURCE.read_text(), feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_without_a_package_it_says_so_and_ends_with_two(tmp_path: Path) -> None:
    for asked in (tmp_path, tmp_path / "nothing.zip"):
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(SOURCE), str(asked)], capture_output=True, check=False
        )
        assert (done.returncode, b"no package" in done.stderr) == (2, True)


def test_readings_are_read_back_to_the_bit() -> None:
    text = "at,value,quality\n2026-11-23T12:00:00.000001Z,0.1,0\n2026-11-23T12:00:01.000000Z,,-5\n"
    found, count = verify.digest_of_readings(text)
    assert count == 2
    since = (NOON.replace(tzinfo=None) - verify.EPOCH) // timedelta(microseconds=1)
    assert found == verify.sha256(
        verify.struct.pack(">qdh", since + 1, 0.1, 0)
        + verify.struct.pack(">qh", since + 1_000_000, -5)
    )
