import pytest

from fabricate_one_label import predictions_of_one_label
from hilum.systems.pneumonia.dcgan_arms import Quality
from hilum.systems.pneumonia.synthetic_section import changes_of, quality_table

TRUTH = [1] * 10 + [0] * 10


def test_a_change_is_told_of_all_images_of_the_ill_and_of_the_healthy():
    before = predictions_of_one_label(TRUTH, [0.9] * 10 + [0.9] * 6 + [0.1] * 4)
    after = predictions_of_one_label(TRUTH, [0.9] * 8 + [0.1] * 2 + [0.9] * 1 + [0.1] * 9)
    found = changes_of(after, before=before)
    assert {name: one.value for name, one in found.items()} == pytest.approx(
        {"accuracy": (5 - 2) / 20, "sensitivity": -0.2, "specificity": 0.5}
    )
    assert all(one.interval[0] < one.value < one.interval[1] for one in found.values())


def test_the_table_names_the_network_of_the_distances():
    one = Quality(learnt_from=10, made=6, compared=4, distance=12.0, of_children=3.0, network="mobilenet_v2, random")
    table = quality_table([one, one])
    assert [row[0] for row in table.rows] == ["fold 0", "fold 1"]
    assert table.rows[0][1:] == (10, 6, 4, 12.0, 3.0)
    assert "mobilenet_v2, random, not Inception's" in table.note
