"""A card tells of the data, labels and weights of its own training, and of no other's."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch

from fabricate_recipe import RANDOM, fabricate_labelled_table, tiny_recipe
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.records.record import Record
from hilum.datasets.releases.table import RELEASES
from hilum.networks.pooled_classifier import PooledClassifier
from hilum.networks.starting_licence import starting_licences
from hilum.networks.starting_weights import RandomWeights, StartingWeights, WeightsFile, load_starting_weights
from hilum.systems.chest14.recipe import chest14, chest14_local
from hilum.systems.pneumonia.recipe import pneumonia
from hilum.systems.sdfn.recipe import sdfn, sdfn_local
from hilum.training.data.make_split import make_splits
from hilum.training.export.card_draft import Fits
from hilum.training.export.classifier_bundle import unfitted
from hilum.training.export.classifier_draft import classifier_draft
from hilum.training.recipe.recipe import Recipe
from hilum.training.recipe.with_settings import with_settings
from hilum.training.records.card_words import (
    NOT_STATED,
    NOTHING_STATED,
    StatedWords,
    card_words,
    cited_data,
    is_about,
    licence_of_weights,
)
from hilum.training.records.provenance import Provenance

SHIPPED = (pneumonia, chest14, chest14_local, sdfn, sdfn_local)
OTHERS = ("ChestX-ray14", "Wang", "NIH", "fourteen", "Kermany", "Guangzhou", "DEMONSTRATION", "DenseNet", "MobileNet")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, ...]:
    return read_own_table(fabricate_labelled_table(tmp_path_factory.mktemp("own") / "data"))


def card_of(
    recipe: Recipe, records: tuple[Record, ...], *, stated: StatedWords = NOTHING_STATED, start: str = "random"
):
    draft = classifier_draft(
        recipe,
        splits=make_splits(recipe, records=records),
        started_from=start,
        provenance=Provenance(command="hilum train", commit=None, stated=stated),
        smoke=False,
    )
    return draft.finish(Fits(labels=unfitted(recipe.last.labels)), files={"model.onnx": b"a graph"})


def own(start: StartingWeights = RANDOM) -> Recipe:
    """As `hilum train chest14-local --set releases=table --set labels=Effusion,Nodule --set backbone=resnet18`."""
    pairs = ["releases=table", "labels=Effusion,Nodule", "backbone=resnet18"]
    return with_settings(chest14_local(start), pairs=pairs)


@pytest.mark.parametrize("make", SHIPPED)
def test_the_words_of_a_shipped_recipe_are_about_it(make) -> None:
    recipe = make(RandomWeights())
    assert is_about(recipe.card, recipe=recipe)
    assert recipe.card.recipe == recipe.name
    words = card_words(recipe, stated=StatedWords(), trained_on=())
    assert (words.name, words.title, words.limits) == (recipe.name, recipe.card.title, recipe.card.limits)


@pytest.mark.parametrize("named", ["by settings", "by replace"])
def test_a_network_of_ones_own_data_tells_of_no_other(named: str, records: tuple[Record, ...]) -> None:
    recipe = own()
    if named == "by replace":
        whole = chest14(RandomWeights())
        stage = replace(whole.last, releases=("table",), labels=("Effusion", "Nodule"))
        recipe = replace(whole, name="two-findings", backbone="resnet18", stages=(stage,))
    card = card_of(recipe, records)
    settings = str(card.training.recipe)
    told = card.model_copy(update={"training": card.training.model_copy(update={"recipe": {}})}).model_dump_json()
    assert [word for word in OTHERS if word in told] == [], settings
    count = sum(record.official != "test" for record in records)
    assert card.training.data == (f"images of one's own (table), source and terms {NOT_STATED}: {count} images",)
    assert card.training.starting_weights == "random"
    assert card.title == f"Effusion, Nodule (title {NOT_STATED})"
    assert NOT_STATED in card.intended_use
    assert card.weights_licence == (
        f"Weights: terms {NOT_STATED}, trained on images of one's own (table), source and terms {NOT_STATED}."
    )
    assert "not a medical device" in card.not_for[0]
    assert card.name == ("two-findings" if named == "by replace" else "own-chest14-demonstration")


def test_what_is_stated_stands_on_the_card(records: tuple[Record, ...]) -> None:
    stated = StatedWords(title="Two findings", intended_use="Research on our films.", licence="CC0 1.0")
    card = card_of(own(), records, stated=stated)
    assert (card.title, card.intended_use) == ("Two findings", "Research on our films.")
    assert card.weights_licence.startswith("Weights: CC0 1.0, trained on images of one's own (table)")
    words = card_words(pneumonia(RandomWeights()), stated=stated, trained_on=())
    assert (words.title, words.licence) == ("Two findings", "CC0 1.0")
    assert words.limits == pneumonia(RandomWeights()).card.limits


@pytest.mark.parametrize(
    "changes", [{"labels": ("Effusion",)}, {"releases": ("nih", "chexpert")}, {"releases": ("vindr_pcxr",)}]
)
def test_other_labels_or_releases_are_another_model(changes: dict[str, tuple[str, ...]]) -> None:
    whole = chest14(RandomWeights())
    other = replace(whole, stages=(replace(whole.last, **changes),))
    assert not is_about(other.card, recipe=other)
    assert card_words(other, stated=StatedWords(), trained_on=()).name == "own-chest14"


def test_the_scope_of_ones_own_data_is_that_of_its_patients(records: tuple[Record, ...]) -> None:
    aged = [replace(record, age_years=20.5 + row, view="PA") for row, record in enumerate(records[:9])]
    scope = card_words(own(), stated=StatedWords(), trained_on=aged).scope
    assert (scope.age_years, scope.views, scope.xray_type) == ((20.0, 29.0), ("PA",), "chest")
    unknown = card_words(own(), stated=StatedWords(), trained_on=records).scope
    assert unknown == chest14_local(RandomWeights()).card.scope


def test_starting_weights_are_named_by_what_was_loaded(tmp_path: Path, records: tuple[Record, ...]) -> None:
    path = tmp_path / "mobilenet_v2_imagenet.safetensors"  # the name of a file that it is not
    network = PooledClassifier("resnet18", labels=2)
    safetensors.torch.save_file(network.state_dict(), path)
    said = load_starting_weights(network, weights=WeightsFile(path))
    assert said == f"resnet18: {path.name} (sha256 {hashlib.sha256(path.read_bytes()).hexdigest()})"
    card = card_of(own(WeightsFile(path)), records, start=said)
    assert card.training.starting_weights == said
    assert card.weights_licence.endswith(f"; starting weights {path.name}, its licence is not stated.")


def test_known_weights_keep_their_terms() -> None:
    recipe = pneumonia(WeightsFile(Path("renamed.safetensors")))
    known = "ca6b0d523c615ec4468c231e801c865760a4cc8eee92d882dd5c7c2cea219cd6"
    record = replace(_kermany(), path=Path("a.jpeg"))

    starts = starting_licences(
        [recipe.last.start], backbone=recipe.backbone, loaded=f"mobilenet_v2: renamed.safetensors (sha256 {known})"
    )
    assert licence_of_weights(recipe.card.weights_licence, trained_on=[record], started_from=starts) == (
        "Weights: CC BY 4.0, trained on Kermany et al. 2018, Labeled Optical Coherence Tomography and Chest X-Ray "
        "Images, CC BY 4.0; starting weights MobileNetV2 ImageNet, google-coral/test_data, Apache-2.0."
    )


def test_every_release_has_its_citation_and_ones_own_images_have_none() -> None:
    assert {name for name, release in RELEASES.items() if release.licence is None} == {"boxes", "folder", "table"}
    lines = cited_data([_kermany(), _kermany(), replace(_kermany(), source="lungs_tb")])
    assert lines[0].startswith("Kermany et al. 2018")
    assert lines[0].endswith(": 2 images")
    assert lines[1].startswith("Shenzhen and Montgomery")


def _kermany() -> Record:
    return Record(
        path=Path("x"),
        image="x",
        patient="p",
        source="kermany",
        official="train",
        labels={},
        stratum="",
        sha256="0" * 64,
    )


def test_a_recipe_of_ones_own_may_say_what_it_is_about(records: tuple[Record, ...]) -> None:
    text = replace(
        tiny_recipe().card, title="My model", recipe="tiny", releases=("table",), labels=("Effusion", "Nodule")
    )
    assert card_of(replace(tiny_recipe(), card=text), records).title == "My model"
