"""Which bundles can be one, what they then have in common, and what is said of those that cannot."""

from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_bundle import ToyBundle, ToyNetwork
from fabricate_ensemble import write_ensemble
from fabricate_lungs import write_lung_bundle
from hilum.bundle.card import HeatmapSpec, OcclusionSpec, Scope
from hilum.bundle.load import Bundle
from hilum.errors import HilumError
from hilum.imaging.preprocess import PreprocessSpec, Resize
from hilum.training.joining.match import common_of

TOY = ToyBundle(network=ToyNetwork.random(labels=2), labels=("Effusion", "Nodule"), name="first")


def other(folder: Path, **changes: object) -> Bundle:
    return replace(TOY, network=ToyNetwork.random(labels=2, seed=9), name="second", **changes).write(folder / "second")


def first(folder: Path) -> Bundle:
    return TOY.write(folder / "first")


def test_labels_in_another_order_are_the_same_labels(tmp_path: Path) -> None:
    common = common_of([first(tmp_path), other(tmp_path, labels=("Nodule", "Effusion"))])
    assert (common.names, common.labels, common.left_out) == (("first", "second"), ("Effusion", "Nodule"), ())
    assert (common.maps, common.lungs_sha256) == (True, None)


def test_bundles_of_one_name_are_numbered(tmp_path: Path) -> None:
    again = replace(TOY, network=ToyNetwork.random(labels=2, seed=9)).write(tmp_path / "again")
    assert common_of([first(tmp_path), again]).names == ("first-1", "first-2")


def test_labels_that_differ_are_refused_or_the_shared_ones_taken(tmp_path: Path) -> None:
    bundles = [first(tmp_path), other(tmp_path, labels=("Nodule", "Mass"))]
    said = "second lacks the label Effusion, which another model has. Add --common-labels to join the 1 labels"
    with pytest.raises(HilumError, match=said):
        common_of(bundles)
    common = common_of(bundles, common_labels=True)
    assert (common.labels, common.left_out) == (("Nodule",), ("Effusion", "Mass"))


def test_the_scope_is_where_every_member_decides(tmp_path: Path) -> None:
    one = Scope(xray_type="chest", age_years=(18.0, 60.0), views=("PA", "AP"), unknown_tolerated=("modality", "view"))
    two = Scope(xray_type="chest", age_years=(40.0, 120.0), views=("AP", "LL"), unknown_tolerated=("view",))
    bundles = [replace(TOY, scope=one).write(tmp_path / "first"), other(tmp_path, scope=two)]
    assert common_of(bundles).scope == Scope(
        xray_type="chest", age_years=(40.0, 60.0), views=("AP",), unknown_tolerated=("view",)
    )
    anybody = other(tmp_path / "any", scope=one.changed({"age_years": None, "views": None}))
    assert common_of([bundles[0], anybody]).scope == one
    assert common_of([anybody, bundles[0]]).scope == one


def test_a_map_of_some_members_alone_is_none(tmp_path: Path) -> None:
    hidden = other(tmp_path, heatmap=HeatmapSpec(method="occlusion", occlusion=OcclusionSpec()))
    assert common_of([first(tmp_path), hidden]).maps is False


LARGER = PreprocessSpec(steps=(Resize(height=32, width=32, rule="stretch", filter="box"),), mean=(0.0,), std=(1.0,))
CHILD = Scope(xray_type="chest", age_years=(1.0, 5.0), views=None)
ADULT = Scope(xray_type="chest", age_years=(18.0, 90.0), views=None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"preprocess": LARGER}, "prepare their images differently.* steps is .*16.* in first and .*32.* in second"),
        (
            {"labels": ("Mass", "Fibrosis")},
            r"no label in common \(first: Effusion, Nodule; second",
        ),
        (
            {"scope": Scope(xray_type="hand", age_years=None, views=None)},
            "different kinds of image: first for chest X-rays",
        ),
        ({"scope": ADULT}, "different patients or views, with nothing in the scope of all"),
    ],
)
def test_what_does_not_match_is_one_line(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    child = replace(TOY, scope=CHILD).write(tmp_path / "first") if "scope" in changes else first(tmp_path)
    with pytest.raises(HilumError, match=said) as raised:
        common_of([child, other(tmp_path, **changes)])
    assert "\n" not in str(raised.value)


def test_one_alone_one_twice_and_other_kinds_are_refused(tmp_path: Path) -> None:
    one = first(tmp_path)
    with pytest.raises(HilumError, match="two models or more to join; given: first"):
        common_of([one])
    with pytest.raises(HilumError, match="first is named 2 times"):
        common_of([one, one])
    with pytest.raises(HilumError, match="toy-ensemble is an ensemble already"):
        common_of([one, write_ensemble(tmp_path / "ensemble")])
    with pytest.raises(HilumError, match=r"is of kind lungs and cannot be joined"):
        common_of([one, write_lung_bundle(tmp_path / "lungs")])
