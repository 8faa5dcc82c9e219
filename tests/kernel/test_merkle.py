"""The Merkle tree: the roots of RFC 6962, and proofs that prove nothing else."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.merkle import is_in, leaf_hash, path_to, root_of

ITEMS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
         "606162636465666768696a6b6c6d6e6f")  # fmt: skip
# The first eight trees of the tests of Certificate Transparency.
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
trees = st.lists(st.binary(max_size=4), min_size=1, max_size=40)


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_rfc(size: int) -> None:
    leaves = [leaf_hash(bytes.fromhex(text)) for text in ITEMS[:size]]
    assert root_of(leaves).hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root_of([]) == hashlib.sha256(b"").digest()


@given(trees, st.data())
def test_every_leaf_is_proved_at_its_place(items: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(item) for item in items]
    index = data.draw(st.integers(0, len(leaves) - 1))
    path, root = path_to(leaves, index), root_of(leaves)
    assert is_in(leaves[index], index=index, size=len(leaves), path=path, root=root)


@given(trees, st.binary(max_size=4), st.data())
def test_what_does_not_stand_in_a_tree_is_never_proved(
    items: list[bytes], other: bytes, data: st.DataObject
) -> None:
    leaves = [leaf_hash(item) for item in items]
    index = data.draw(st.integers(0, len(leaves) - 1))
    if other == items[index]:
        return
    path, root = path_to(leaves, index), root_of(leaves)
    assert not is_in(leaf_hash(other), index=index, size=len(leaves), path=path, root=root)


@given(st.lists(st.binary(max_size=4), min_size=2, max_size=40, unique=True), st.data())
def test_a_changed_path_or_place_proves_nothing(items: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(item) for item in items]
    size, root = len(leaves), root_of(leaves)
    index = data.draw(st.integers(0, size - 1))
    path, leaf = path_to(leaves, index), leaves[index]
    elsewhere = data.draw(st.integers(-1, size).filter(lambda place: place != index))
    assert not is_in(leaf, index=elsewhere, size=size, path=path, root=root)
    assert not is_in(leaf, index=index, size=size, path=path[:-1], root=root)
    assert not is_in(leaf, index=index, size=size, path=[*path, leaf], root=root)
    assert not is_in(leaf, index=index, size=size, path=path, root=bytes(32))


def test_there_is_no_path_to_a_leaf_that_is_not_there() -> None:
    with pytest.raises(IndexError):
        path_to([leaf_hash(b"")], 1)
