"""Kinds of specialists: each of them can be opened, and a new one is one entry that says how."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fabricate_bundle import ToyBundle, any_picture_called
from fabricate_lungs import write_lung_bundle
from hilum import Reader
from hilum.bundle.card import Card
from hilum.bundle.kinds import KINDS, LUNGS, Kind
from hilum.bundle.load import Bundle
from hilum.bundle.save import write_bundle
from hilum.errors import BundleError
from hilum.imaging.decode import decode, read_file
from hilum.phantom.examples import write_examples
from hilum.reading.open_models import SPECIALISTS
from hilum.reading.specialists.classifier import Classifier
from hilum.reading.specialists.opinion import Case, Opinion
from hilum.reading_result import Reading

HAND = any_picture_called("hand")


class Negative(Classifier):
    """A kind made for this test: a classifier that looks at the negative."""

    def read(self, cases: Sequence[Case]) -> tuple[Opinion, ...]:
        """One opinion a case."""
        negatives = [replace(one.model_input, array=1 - one.model_input.array) for one in cases]
        return super().read(
            [replace(one, model_input=negative) for one, negative in zip(cases, negatives, strict=True)]
        )


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return next(path for path in write_examples(tmp_path_factory.mktemp("phantoms")) if path.name == "phantom-hand.png")


def a_negative(folder: Path, *, name: str = "negative") -> Bundle:
    toy = ToyBundle(name=name, scope=HAND)
    card = Card.model_validate(toy.card().model_dump(by_alias=True) | {"kind": "negative"})
    return write_bundle(folder, card=card, files=toy.files())


def read(path: Path, *bundles: Bundle) -> Reading:
    return Reader(models=bundles).read(path)


def test_every_kind_of_specialist_is_opened_and_nothing_else() -> None:
    assert set(SPECIALISTS) == {name for name, kind in KINDS.items() if kind.role == "specialist"}


def test_a_new_kind_reads_a_phantom(phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "negative", Kind())
    monkeypatch.setitem(SPECIALISTS, "negative", Negative)
    reading = read(phantom, a_negative(tmp_path / "negative"))
    (finding,) = reading.findings
    brightness = decode(read_file(phantom), name=phantom.name).pixels.mean()
    assert finding.model == "negative"
    assert finding.logit == pytest.approx(8 * (1 - float(brightness)) - 2, abs=1e-3)
    assert finding.positive == (finding.logit >= 0)


def test_a_new_kind_that_needs_lungs_says_so_in_its_entry_alone(
    phantom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "negative", Kind(needs=LUNGS))
    monkeypatch.setitem(SPECIALISTS, "negative", Negative)
    negative, lungs = a_negative(tmp_path / "negative"), write_lung_bundle(tmp_path / "toy-lungs")
    with pytest.raises(BundleError, match="negative reads the crop to the lungs and needs a model that draws them"):
        read(phantom, negative)
    assert [model.name for model in read(phantom, lungs, negative).models] == ["toy-lungs", "negative"]
