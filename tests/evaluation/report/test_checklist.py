import pytest

from hilum.evaluation.report.checklist import checklist


def test_every_item_of_claim_stands_in_it_once():
    numbers = []
    for item in checklist({}):
        for part in item.claim.replace("–", "").split(", "):
            low, _, high = part.partition("-")
            numbers += [] if not low else range(int(low), int(high or low) + 1)
    assert numbers == list(range(1, 45))


def test_every_main_item_of_tripod_stands_in_it():
    numbers = set()
    for item in checklist({}):
        for part in item.tripod.split(", "):
            numbers.add(int(part.partition("-")[0].rstrip("abcdefg")))
    assert numbers == set(range(1, 28))


def test_filled_items_and_those_for_the_authors():
    items = {item.claim: item for item in checklist({"9": "resize"})}
    assert items["9"].filled == "resize"
    assert items["44"].filled is None


def test_a_number_that_is_no_item_is_a_mistake_of_the_caller():
    with pytest.raises(KeyError):
        checklist({"45": "x"})
