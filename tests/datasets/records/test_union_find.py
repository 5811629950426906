from hilum.datasets.records.union_find import UnionFind


def test_what_was_joined_has_one_root_and_nothing_else_has_it() -> None:
    found = UnionFind()
    for one, other in ((1, 2), (3, 4), (2, "a"), ("a", ("b", 1))):
        found.join(one, other)
    assert len({found.root(member) for member in (1, 2, "a", ("b", 1))}) == 1
    assert found.root(3) == found.root(4) != found.root(1)
    assert found.root("alone") == "alone"
    found.join(4, 1)
    assert found.root(3) == found.root(("b", 1))
