"""RFC 9162 hashing and proofs, against vectors that other implementations made."""

import base64
import json
from pathlib import Path

import pytest

from archive.ledger import merkle
from archive.ledger.merkle import (
    Edge,
    consistency_path,
    includes,
    inclusion_path,
    is_beginning,
    leaf_hash,
    root_of,
)

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(b"entry-%d" % number) for number in range(count)]


def encoded(hashes: list[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]


@pytest.mark.parametrize(("size", "root"), sorted(VECTORS["roots"].items(), key=lambda pair: int(pair[0])))
def test_the_roots_are_those_of_other_tools(size, root):
    assert encoded([root_of(leaves(int(size)))]) == [root]


def test_the_proofs_are_those_of_other_tools():
    thousand = leaves(1000)
    assert encoded([thousand[500]]) == [VECTORS["leaf_500"]]
    assert (
        encoded(inclusion_path(500, 1000, lambda start, end: root_of(thousand[start:end])))
        == (VECTORS["inclusion_500_in_1000"])
    )
    assert (
        encoded(consistency_path(600, 1000, lambda start, end: root_of(thousand[start:end])))
        == (VECTORS["consistency_600_to_1000"])
    )


def test_every_entry_of_every_small_tree_is_proved_and_nothing_else():
    for size in range(1, 34):
        tree = leaves(size)
        root = root_of(tree)
        for index in range(size):
            path = inclusion_path(index, size, lambda start, end, tree=tree: root_of(tree[start:end]))
            assert includes(tree[index], index, size, path, root)
            assert not includes(leaf_hash(b"x"), index, size, path, root)
            assert not includes(tree[index], index, size, [*path, root], root)
            assert not includes(tree[index], index + 1, size, path, root)
            if path:
                assert not includes(tree[index], index, size, path[:-1], root)


def test_every_small_tree_is_the_beginning_of_every_larger_one():
    for size in range(1, 34):
        tree = leaves(size)
        root = root_of(tree)
        for old in range(1, size + 1):
            path = consistency_path(old, size, lambda start, end, tree=tree: root_of(tree[start:end]))
            assert is_beginning(old, root_of(tree[:old]), size, root, path)
            assert not is_beginning(old, leaf_hash(b"x"), size, root, path)
            assert not is_beginning(old, root_of(tree[:old]), size, leaf_hash(b"x"), path)
            assert not is_beginning(old, root_of(tree[:old]), size, root, [*path, root])


def test_an_edge_goes_on_where_it_was_left():
    tree = leaves(300)
    edge = Edge()
    for leaf in tree[:171]:
        edge.add(leaf)
    again = Edge(edge.size, edge.hashes)
    for leaf in tree[171:]:
        again.add(leaf)
    assert again.root() == root_of(tree)
    assert Edge().root() == merkle.EMPTY


def test_a_proof_of_what_is_not_in_the_tree_cannot_be_made():
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion_path(5, 5, lambda start, end: b"")
    with pytest.raises(ValueError, match="not the beginning"):
        consistency_path(6, 5, lambda start, end: b"")
