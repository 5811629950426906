"""Which rows are the first of their content, against a dictionary."""

import hashlib
import random

from hilum.screening.first_of_content import FirstOfContent


def test_the_first_of_each_content_counts_all_of_it() -> None:
    chance = random.Random(0)
    hashes = [
        None if chance.random() < 0.1 else hashlib.sha256(bytes([chance.randrange(200)])).hexdigest()
        for _ in range(2_000)
    ]
    hashes += ["00" * 32, "00" * 31 + "01", "00" * 32]  # alike but for the last byte
    expected: list[int] = []
    first: dict[str, int] = {}
    for number, sha256 in enumerate(hashes):
        expected.append(1 if sha256 is None or sha256 not in first else 0)
        if sha256 is None:
            continue
        if sha256 in first:
            expected[first[sha256]] += 1
        first.setdefault(sha256, number)
    with FirstOfContent() as rows:
        rows.add(hashes[:700])
        rows.add(hashes[700:])
        assert rows.copies().tolist() == expected


def test_nothing_at_all_is_nothing() -> None:
    with FirstOfContent() as rows:
        assert rows.copies().tolist() == []
