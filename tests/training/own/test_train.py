"""A classifier of one's own images: its labels, its words and its warnings come from what was read."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_progress import Heard
from hilum.errors import DataError, UsageError
from hilum.networks.starting_weights import RandomWeights
from hilum.training.own.recipe import LABELS_OF_DATA, classify
from hilum.training.own.train import ClassifyOptions, train_classify
from hilum.training.recipe.smoke import smoke_recipe
from hilum.training.recipe.with_settings import with_settings
from hilum.training.records.request import TrainRequest


def own_images(folder, *, count=24, columns=("file", "pid", "Effusion", "Hernia"), patients=True):
    """Noise with a bright band below where the label says so; nobody has a hernia."""
    folder.mkdir()
    draw = np.random.default_rng(5)
    with (folder / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow([name for name in columns if patients or name != "pid"])
        for index in range(count):
            picture = draw.normal(90, 30, (48, 48))
            picture[36:] += 80 * (index % 2)
            Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / f"{index}.png")
            table.writerow([f"{index}.png", *([f"p{index}"] if patients else []), index % 2, 0])
    return folder / "labels.csv"


def small():
    """The recipe on pictures of 64 pixels for two epochs, by a network that takes them."""
    return with_settings(smoke_recipe(classify(RandomWeights())), pairs=["backbone=squeezenet1_1", "precision=32-true"])


def request_of(path, out):
    return TrainRequest(name="classify", data=(("", Path(path)),), out=Path(out), weights="random")


def test_the_card_tells_of_the_table_alone(tmp_path):
    table, heard = own_images(tmp_path / "data"), Heard()
    bundle = train_classify(small(), request=request_of(table, tmp_path / "run"), progress=heard)
    card = bundle.card
    assert card.name == "own-labels"
    assert card.label_names == ("Effusion",)
    assert card.title == "Effusion in chest X-rays, trained on images of one's own (labels.csv)"
    assert card.training.data == (
        "images of one's own (labels.csv), source and terms not stated by who trained it: 24 images",
    )
    assert card.scope.age_years is None
    assert card.scope.views is None
    assert any("24 images of 24 patients of one collection (labels.csv)" in limit for limit in card.limits)
    assert any("ages of the patients are not known" in limit for limit in card.limits)
    assert "ChestX-ray14" not in bundle.card.model_dump_json()
    assert "--data table=" in card.training.command
    said = "\n".join(heard.lines)
    assert "labels.csv: pictures in file (24 of 24 are there), patients in pid (24), labels Effusion (12 of 24)" in said
    assert "Hernia is left out: no image with Hernia may be learnt from" in said
    assert "Effusion: 12 patients with it and 12 without; with fewer than 20" in said
    again = train_classify(small(), request=request_of(table, tmp_path / "run"), progress=Heard())
    assert again.sha256 == bundle.sha256, "what is there is taken"


def test_what_is_stated_goes_onto_the_card_and_a_table_without_patients_is_by_image(tmp_path):
    table, heard = own_images(tmp_path / "data", patients=False), Heard()
    own = ClassifyOptions(labels="effusion", xray_type="hand", title="Fluid", licence="CC BY 4.0")
    card = train_classify(small(), request=request_of(table, tmp_path / "run"), own=own, progress=heard).card
    assert (card.title, card.scope.xray_type) == ("Fluid", "hand")
    assert card.weights_licence.startswith("Weights: CC BY 4.0, trained on images of one's own (labels.csv)")
    assert any("Nothing told patients apart" in limit for limit in card.limits)
    assert any("nothing tells the patients of 24 images apart" in line for line in heard.lines)
    assert "by image, since no patients are known" in card.protocol


@pytest.mark.parametrize(
    ("own", "error", "message"),
    [
        ({"labels": "Hernia"}, DataError, "no image with Hernia may be learnt from, so that it cannot be learnt"),
        ({"labels": "Mass"}, UsageError, "has no label 'Mass'; labels found: Effusion, Hernia"),
        ({"labels": " , "}, UsageError, "--labels names nothing"),
        ({"image_column": "picture"}, UsageError, "has no column 'picture'"),
        ({"patient_column": "mrn"}, UsageError, "has no column 'mrn'"),
        ({"xray_type": "hend"}, UsageError, r"--type hend is no type .*; did you mean hand\?"),
        ({"xray_type": "qqqq"}, UsageError, "the types are ankle"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_anything_is_trained(tmp_path, own, error, message):
    table = own_images(tmp_path / "data", count=6)
    with pytest.raises(error, match=message):
        train_classify(small(), request=request_of(table, tmp_path / "run"), own=ClassifyOptions(**own))
    assert not (tmp_path / "run").exists()


def test_data_without_both_outcomes_are_refused(tmp_path):
    table = own_images(tmp_path / "data", count=4)
    table.write_text("file,pid,Effusion\n0.png,a,1\n1.png,b,1\n")
    with pytest.raises(DataError, match="No label has images with it and without it; labels found: Effusion"):
        train_classify(small(), request=request_of(table, tmp_path / "run"))


def test_a_path_that_is_nothing_is_refused(tmp_path):
    with pytest.raises(UsageError, match="there is no file or folder"):
        train_classify(small(), request=request_of(tmp_path / "absent.csv", tmp_path / "run"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="is no CSV, and no folder with one CSV"):
        train_classify(small(), request=request_of(tmp_path / "empty", tmp_path / "run"))


def test_labels_may_be_set_as_any_setting_of_the_recipe(tmp_path):
    assert small().last.labels == LABELS_OF_DATA
    table = own_images(tmp_path / "data", count=6)
    asked = with_settings(small(), pairs=["labels=Mass"])
    with pytest.raises(UsageError, match="has no label 'Mass'"):
        train_classify(asked, request=request_of(table, tmp_path / "run"))
