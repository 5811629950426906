from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_again import AGAIN, textured
from fabricate_recipe import tiny_recipe
from fabricate_run import fabricate_labelled_pictures
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.splits.mixed import mix_releases
from hilum.training.data.make_split import make_splits
from hilum.training.data.without_held_out import without_held_out

LABELS = ("Effusion", "Nodule")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty pictures, and seven copies of held-out ones in training rows, each with another image of its patient."""
    folder = tmp_path_factory.mktemp("table") / "data"
    fabricate_labelled_pictures(folder, patients=30, labels=LABELS, seed=0)
    draw = np.random.default_rng(0)
    for picture in folder.glob("*.png"):
        textured(draw).save(picture)
    path = folder / "table.csv"
    head, *rows = path.read_text().splitlines()
    held_out = [row.split(",")[0] for row in rows if row.split(",")[2] == "test"]
    free = Image.open(folder / rows[0].split(",")[0])
    for number, (name, changed) in enumerate(AGAIN.items()):
        changed(Image.open(folder / held_out[number])).save(folder / name)
        free.rotate(90 + 13 * number).save(folder / f"other-of-{name}")
        rows += [f"{file},copy{number},train,PA,40,F,1,0" for file in (name, f"other-of-{name}")]
    path.write_text("\n".join([head, *rows]) + "\n")
    return folder


def test_a_held_out_picture_that_was_saved_again_is_never_fitted_on(table: Path) -> None:
    mixed = mix_releases(read_own_table(table))
    recipe = tiny_recipe(releases=("table",))
    (before,) = splits = tuple(make_splits(recipe, records=mixed.records).values())
    assert set(AGAIN) <= {record.image for name in ("train", "validation") for record in before.parts[name]}
    found = without_held_out(mixed, splits=splits, jobs=2)
    (after,) = make_splits(recipe, records=found.records).values()
    gone = {record.image for part in before.parts.values() for record in part} - {
        record.image for part in after.parts.values() for record in part
    }
    assert gone == {*AGAIN, *(f"other-of-{name}" for name in AGAIN)}
    assert after.parts["test"] == before.parts["test"]
    assert {one.record.image: one.reason for one in found.left_out} == {
        **dict.fromkeys(AGAIN, "the same picture stands elsewhere in the data"),
        **{f"other-of-{name}": "its patient stands in a held-out test set" for name in AGAIN},
    }
    assert all(str(table) not in one.why for one in found.left_out)


def test_without_a_test_nothing_is_left_out(table: Path) -> None:
    records = [record for record in read_own_table(table) if record.official == "train"]
    mixed = mix_releases(records)
    splits = make_splits(tiny_recipe(releases=("table",)), records=mixed.records)
    assert without_held_out(mixed, splits=splits.values()) == mixed
