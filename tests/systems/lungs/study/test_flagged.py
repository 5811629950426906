import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_lung_releases import SIDE, write_lung_releases
from fabricate_lungs import RULE
from hilum.bundle.lung_spec import LUNG_SIDES
from hilum.datasets.records.record import Record
from hilum.datasets.releases.general_blockchain import read_general_blockchain
from hilum.errors import DataError
from hilum.systems.lungs.study.flagged import FLAGGED, MOST, flagged_rows, write_flagged
from hilum.systems.lungs.study.judge import JudgedLungs, judge_lungs
from hilum.systems.lungs.study.predictions import LungPredictions

GRID = 64


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, ...]:
    return read_general_blockchain(write_lung_releases(tmp_path_factory.mktemp("releases"), each=4) / "lungs")


def drawing(*, right: bool = True, left: bool = True, agree: bool = True) -> np.ndarray:
    """Two passes uint8 (2, 2, 64, 64): each side a block; the mirrored pass draws less where they do not agree."""
    passes = np.zeros((2, 2, GRID, GRID), np.uint8)
    for side, (there, columns) in enumerate(((right, slice(8, 26)), (left, slice(38, 56)))):
        if there:
            passes[0, side, 12:52, columns] = 255
            passes[1, side, 12 : 52 if agree else 22, columns] = 255
    return passes


def predictions_of(records: tuple[Record, ...], passes: list[np.ndarray]) -> LungPredictions:
    return LungPredictions(
        network="fold 0",
        structures=np.array(LUNG_SIDES["whole"]),
        source=np.array([record.source for record in records]),
        image=np.array([record.image for record in records]),
        sha256=np.array([record.sha256 for record in records]),
        patient=np.array([record.patient for record in records]),
        way=np.array(["as it is"] * len(records)),
        passes=np.stack(passes),
    )


@pytest.fixture(scope="module")
def predictions(records: tuple[Record, ...]) -> LungPredictions:
    """Both lungs; one lung alone (mirrored); passes that do not agree; no lung."""
    passes = [drawing(), drawing(left=False), drawing(agree=False), drawing(right=False, left=False)]
    return predictions_of(records, passes)


@pytest.fixture(scope="module")
def judged(predictions: LungPredictions, records: tuple[Record, ...]) -> tuple[JudgedLungs, ...]:
    return judge_lungs(predictions, records={record.sha256: record for record in records})


def test_what_is_not_trusted_goes_first_and_two_plain_lungs_are_not_flagged(judged) -> None:
    rule = RULE.model_copy(update={"area": 0.0, "regions": 0.0})
    rows = flagged_rows(judged, rule=rule)
    assert set(rows) == {1, 2, 3}
    assert rows[-1] == 1, "one lung, trusted, but its box is mirrored"
    dice = [judged[row].dice for row in rows[:-1]]
    assert dice == sorted(dice)


def test_each_is_image_mask_box_and_crop(predictions, judged, records, tmp_path: Path) -> None:
    by_content = {record.sha256: record for record in records}
    (tmp_path / FLAGGED).mkdir()
    (tmp_path / FLAGGED / "099.png").write_bytes(b"of an earlier study")
    shown, flagged = write_flagged(predictions, judged=judged, records=by_content, rule=RULE, folder=tmp_path)
    paths = sorted((tmp_path / FLAGGED).iterdir())
    assert shown == flagged == len(paths) == 3
    assert [path.name for path in paths] == ["001.png", "002.png", "003.png"]
    place = [row for row in flagged_rows(judged, rule=RULE)].index(1)
    with Image.open(io.BytesIO(paths[place].read_bytes())) as picture:
        pixels = np.asarray(picture)
    with Image.open(records[1].path) as image:
        assert np.array_equal(pixels[:SIDE, :SIDE, 0], np.asarray(image.convert("L")))
    mask = pixels[:SIDE, 260 : 260 + SIDE, 0]
    assert set(np.unique(mask)) == {0, 255}, "the right lung alone: the mirror shapes the box, not the mask"
    assert mask[:, SIDE // 2 :].max() == 0


def test_no_more_than_a_page_of_them(records, tmp_path: Path) -> None:
    many = tuple(replace(records[0], sha256=f"{i}", image=f"{i:02d}.png") for i in range(MOST + 2))
    predictions = predictions_of(many, [drawing(right=False, left=False)] * len(many))
    by_content = {record.sha256: record for record in many}
    judged = judge_lungs(predictions, records=by_content)
    found = write_flagged(predictions, judged=judged, records=by_content, rule=RULE, folder=tmp_path)
    assert found == (MOST, MOST + 2)
    assert len(list((tmp_path / FLAGGED).iterdir())) == MOST


def test_another_order_is_refused(predictions, judged, records, tmp_path: Path) -> None:
    by_content = {record.sha256: record for record in records}
    with pytest.raises(DataError, match="in different order"):
        write_flagged(predictions, judged=judged[::-1], records=by_content, rule=RULE, folder=tmp_path)


def test_a_picture_that_was_made_worse_is_not_shown(judged) -> None:
    worse = [replace(one, way="softened") for one in judged]
    assert flagged_rows(worse, rule=RULE) == ()
