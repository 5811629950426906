"""Training pictures: faults of chests, targets, and draws by group."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fabricate_gate_data import write_gate_data
from hilum.datasets.records.record import Record
from hilum.findings import XRAY_TYPES
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.systems.gate.data.releases import VIEWS_TOLD, ViewTold, read_gate_data
from hilum.systems.gate.frames import Framing
from hilum.systems.gate.groups import (
    CHEST_SOURCES,
    FOLDS,
    capped,
    fold_of_groups,
    gate_folds,
    groups_to_draw,
    patients_left_over,
    shares_of_groups,
)
from hilum.systems.gate.pictures import (
    ChestChanges,
    GateChanges,
    GatePicture,
    GateTrainingImages,
    beside,
    change_chest,
    crop_area,
    load_pictures,
    render_pictures,
)
from hilum.training.recipe.augment import Augmentation

SPEC = PreprocessSpec(
    steps=(Resize(height=32, width=32, rule="letterbox", filter="bilinear"),), mean=(0.5,), std=(0.5,)
)
NEVER = ChestChanges(turned=0.0, inverted=0.0, cropped=0.0, mild_crop_area=1.0)
CHANGES = GateChanges(framing=Framing(side_px=32), augmentation=Augmentation(), chest=NEVER)


def a_picture(
    *,
    source: str = "nih",
    group: str = "1",
    is_xray: bool = True,
    xray_type: str | None = None,
    view: ViewTold | None = None,
) -> GatePicture:
    grey = np.random.default_rng(0).integers(0, 200, (40, 30), np.uint8)
    return GatePicture(grey, grey[:32, :30], f"{group}.png", source, group, is_xray, xray_type, view)


def test_a_chest_is_turned_inverted_and_cropped_as_said() -> None:
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    rng = np.random.default_rng(0)
    same = change_chest(grey, changes=NEVER, rng=rng)
    assert np.array_equal(same.grey, grey)
    assert (same.turn, same.inverted, same.cropped) == (0, False, False)
    always = ChestChanges(turned=1.0, inverted=1.0, cropped=0.0, mild_crop_area=1.0)
    changed = change_chest(grey, changes=always, rng=rng)
    assert changed.turn in (1, 2, 3)
    assert np.array_equal(np.rot90(255 - grey, changed.turn), changed.grey)


def test_a_strong_crop_keeps_the_said_area() -> None:
    grey = np.zeros((200, 100), np.uint8)
    cropped = crop_area(grey, area=0.25, rng=np.random.default_rng(0))
    assert cropped.shape == (100, 50)


def test_rows_of_targets_say_what_was_done() -> None:
    pictures = (a_picture(xray_type="chest"), a_picture(xray_type="hand"), a_picture(is_xray=False), a_picture())
    images = GateTrainingImages(pictures, spec=SPEC, changes=CHANGES, aspects=[1.0])
    rows = [images[index, 5][1].tolist() for index in range(4)]
    assert rows[0] == [1.0, XRAY_TYPES.index("chest"), 0.0, 0.0, 0.0, -1.0]
    assert rows[1] == [1.0, XRAY_TYPES.index("hand"), -1.0, -1.0, -1.0, -1.0]
    assert rows[2] == [0.0, -1.0, -1.0, -1.0, -1.0, -1.0]
    assert rows[3] == [1.0, -1.0, -1.0, -1.0, -1.0, -1.0]
    image = images[0, 5][0]
    assert image.shape == (1, 32, 32)
    assert torch.equal(image, images[0, 5][0])
    assert not torch.equal(image, images[0, 6][0])


@pytest.mark.parametrize("view", VIEWS_TOLD)
def test_a_chest_is_asked_for_its_view_unless_it_is_cropped(view: ViewTold) -> None:
    pictures = (a_picture(xray_type="chest", view=view),)
    whole = GateTrainingImages(pictures, spec=SPEC, changes=CHANGES, aspects=[1.0])
    cropped = replace(CHANGES, chest=replace(NEVER, cropped=1.0))
    part = GateTrainingImages(pictures, spec=SPEC, changes=cropped, aspects=[1.0])
    assert whole[0, 5][1][-1] == VIEWS_TOLD.index(view)
    assert part[0, 5][1][-1] == -1


def test_chests_from_the_side_are_mirrored_and_frontal_ones_never() -> None:
    stretched = replace(CHANGES, framing=Framing(side_px=32, shares=(0.0, 0.0, 0.0, 0.0, 1.0, 0.0)))
    slope = np.tile(np.arange(30, dtype=np.uint8) * 8, (40, 1))
    for view, sides in (("LL", {True, False}), ("PA", {True})):
        picture = GatePicture(slope, slope, "1.png", "nih", "1", True, "chest", view)
        images = GateTrainingImages((picture,), spec=SPEC, changes=stretched, aspects=[1.0])
        shown = [images[0, seed][0][0] for seed in range(12)]
        assert {bool(image[:, -1].mean() > image[:, 0].mean()) for image in shown} == sides


@pytest.mark.parametrize("how", ["part", "pair"])
def test_parts_and_pairs_keep_their_kind_and_ask_for_no_type(how: str) -> None:
    pictures = (a_picture(xray_type="chest", view="LL"), a_picture(xray_type="hand"), a_picture(is_xray=False))
    changes = replace(CHANGES, **{how: 1.0})
    images = GateTrainingImages(pictures, spec=SPEC, changes=changes, aspects=[1.0])
    rows = [images[index, 5][1].tolist() for index in range(3)]
    assert rows == [[is_xray, -2.0, -1.0, -1.0, -1.0, -1.0] for is_xray in (1.0, 1.0, 0.0)]
    assert torch.equal(images[0, 5][0], images[0, 5][0])
    assert not torch.equal(images[0, 5][0], images[0, 6][0])


def test_a_pair_holds_pictures_of_one_kind_only() -> None:
    light, dark = np.full((40, 30), 250, np.uint8), np.full((40, 30), 5, np.uint8)
    pictures = tuple(
        GatePicture(grey, grey, f"{i}.png", "nih", str(i), is_xray, None)
        for i, (grey, is_xray) in enumerate([(light, True), (light, True), (dark, False), (dark, False)])
    )
    changes = replace(
        CHANGES, pair=1.0, inverted=0.0, framing=Framing(side_px=32, shares=(0.0, 0.0, 0.0, 0.0, 1.0, 0.0))
    )
    images = GateTrainingImages(pictures, spec=SPEC, changes=changes, aspects=[1.0])
    means = [[float(images[index, seed][0].mean()) for seed in range(12)] for index in (0, 2)]
    assert min(means[0]) > 0.9
    assert max(means[1]) < -0.9


def test_two_pictures_stand_beside_each_other_at_one_height() -> None:
    tall, wide = np.full((40, 20), 9, np.uint8), np.full((10, 30), 7, np.uint8)
    both = beside(tall, wide, upright=False)
    assert both.shape == (10, 5 + 30)
    assert both[:, :5].tolist() == [[9] * 5] * 10
    assert both[:, 5:].tolist() == [[7] * 30] * 10
    assert beside(tall, wide, upright=True).shape == (40 + 7, 20)


def test_shares_within_a_kind_go_with_the_root_of_the_sizes() -> None:
    groups = {"types: hand": [0] * 16, "types: knee": [1] * 4, "photos": [2] * 9}
    shares = shares_of_groups(groups, shares={"types": 0.6, "photos": 0.4})
    assert shares == pytest.approx({"types: hand": 0.4, "types: knee": 0.2, "photos": 0.4})


def test_groups_tell_mixed_from_bulk_and_chests_from_others() -> None:
    pictures = (
        a_picture(source="frac", xray_type="hand"),
        a_picture(source="mednist", xray_type="hand"),
        a_picture(source="ewen", xray_type="chest"),
        a_picture(source="nih", xray_type="chest", view="AP"),
        a_picture(source="lungs", xray_type="chest", view="frontal"),
        a_picture(source="chest_lateral", xray_type="chest", view="LL"),
        a_picture(source="ewen"),
        a_picture(source="photos", is_xray=False),
        a_picture(source="us_breast", is_xray=False),
        *render_pictures(range(1), spec=SPEC),
    )
    assert list(groups_to_draw(pictures)) == [
        "types: hand", "bulk: mednist", "chest: ewen", "chest: nih AP", "chest: lungs", "lateral", "none", "photos",
        "modality: us_breast", "rendering: document",
    ]  # fmt: skip


def test_folds_keep_groups_whole_and_hold_whole_chest_sources_out() -> None:
    pictures = [
        a_picture(source=source, group=f"{source}{i}", xray_type="chest") for source in CHEST_SOURCES for i in (1, 2)
    ]
    pictures += [a_picture(source="frac", group=f"g{i // 2}", xray_type="hand") for i in range(40)]
    folds = gate_folds(pictures, seed=1)
    chests = 2 * len(CHEST_SOURCES)
    assert folds[:chests:2] == folds[1:chests:2] == [0, 1, 2, 3, 4, 0]
    mixed = folds[chests:]
    assert mixed[::2] == mixed[1::2]
    assert Counter(mixed) == {fold: 8 for fold in range(FOLDS)}


def test_laterals_are_held_out_with_their_patients_frontal_views_and_dealt_over_the_other_folds() -> None:
    numbers = (22, 117, *range(300, 312))
    groups = [f"chest_lateral:p{number}" for number in numbers for _ in range(2)]
    pictures = [a_picture(source="chest_lateral", group=group, xray_type="chest", view="LL") for group in groups]
    folds = gate_folds([*pictures, a_picture(source="lungs", group="lungs:one", xray_type="chest")], seed=1)
    assert folds[:-1:2] == folds[1:-1:2]
    assert folds[0] == folds[2] == folds[-1] == CHEST_SOURCES.index("lungs")
    assert Counter(folds[4:-1]) == {fold: 6 for fold in range(FOLDS) if fold != folds[-1]}


def test_patients_are_left_over_of_the_one_source_that_tells_the_views() -> None:
    records = [
        Record(
            path=Path("x.png"), image=f"{number}.png", patient=f"{source}:{patient}", source=source, official=None,
            labels={}, stratum="chest", sha256="",
        )
        for number, (source, patient) in enumerate([("nih", "a"), ("nih", "a"), ("nih", "b"), ("kermany", "c")])
    ]  # fmt: skip
    assert [each.image for each in patients_left_over(records, used=records[:1])] == ["2.png"]
    assert patients_left_over(records, used=records) == ()


def test_folds_are_even_within_a_stratum() -> None:
    names = [f"g{i}" for i in range(23)]
    fold = fold_of_groups(names, strata=["s"] * 23, folds=5, seed=0)
    assert sorted(Counter(fold.values()).values()) == [4, 4, 5, 5, 5]


def test_a_cap_buys_patients_first(tmp_path: Path) -> None:
    records = [record for record in read_gate_data(write_gate_data(tmp_path)).records if record.source == "kermany"]
    kept = capped(records, caps={"kermany": 2}, seed=0)
    assert len({record.patient for record in kept}) == 2
    assert capped(records, caps={}, seed=0) != ()
    assert len(capped(records, caps={}, seed=0)) == 3


def test_pictures_are_loaded_as_reading_sees_them(tmp_path: Path) -> None:
    records = read_gate_data(write_gate_data(tmp_path)).records
    pictures = load_pictures(records[:3], spec=SPEC)
    assert [picture.plain.shape for picture in pictures] == [(32, 32)] * 3
    assert (pictures[0].plain[:, :2] == 0).all()  # 24 x 20 pixels: bars at the sides
