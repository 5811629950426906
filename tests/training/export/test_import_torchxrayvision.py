"""What the import makes of their file; the whole way, from the command to a reading, is `test_models_import.py`."""

import numpy as np
import pytest
import torch

pytest.importorskip("torchxrayvision", reason="torchxrayvision is not installed")

import torchxrayvision as xrv

from fabricate_torchxrayvision import fabricate_torchxrayvision
from hilum.errors import BundleError, DataError, UsageError
from hilum.imaging.preprocess import preprocess
from hilum.networks.torchxrayvision_weights import RELEASED
from hilum.training.export.import_torchxrayvision import (
    SPEC,
    bundle_name,
    import_torchxrayvision,
    torchxrayvision_network,
)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    path = tmp_path_factory.mktemp("theirs") / "network.pt"
    return fabricate_torchxrayvision(path), path


@pytest.mark.parametrize("name", sorted(RELEASED))
def test_the_trained_outputs_are_theirs_in_order(name, theirs):
    network, path = theirs
    released = RELEASED[name]
    ours = torchxrayvision_network(released, weights=path)
    x = (torch.rand(1, 1, 224, 224, generator=torch.Generator().manual_seed(3)) * 2 - 1) * 1024
    with torch.no_grad():
        expected = dict(zip(released.outputs, network(x)[0].tolist(), strict=True))
        came = dict(zip(released.labels, ours(x)[0].tolist(), strict=True))
    assert "" not in came
    assert came == pytest.approx({label: expected[label] for label in came}, rel=1e-5, abs=1e-4)


def test_pixels_are_normalised_as_theirs():
    pixels = np.random.default_rng(0).integers(0, 256, (224, 224), dtype=np.uint8)
    expected = xrv.utils.normalize(pixels, 255)
    came = preprocess(pixels.astype(np.float32) / 255, spec=SPEC).array
    np.testing.assert_allclose(came[0], expected, rtol=0, atol=1e-3)
    assert (came.min(), came.max()) == (-1024.0, 1024.0)


def test_a_network_with_other_outputs_is_refused(tmp_path):
    fabricate_torchxrayvision(tmp_path / "five.pt", outputs=5)
    with pytest.raises(DataError, match=r"five\.pt has 5 outputs where 18 are needed"):
        torchxrayvision_network(RELEASED["densenet121-res224-all"], weights=tmp_path / "five.pt")


@pytest.mark.slow
def test_a_file_that_is_not_the_known_one_is_imported_and_its_card_says_so(theirs, tmp_path):
    name = "densenet121-res224-all"
    imported = import_torchxrayvision(name, weights=theirs[1], folder=tmp_path / "all", command="none")
    assert imported.is_known is False
    card = imported.bundle.card
    assert len(card.labels) == 18
    assert f"sha256 {imported.sha256}; NOT the hash known for this file" in card.training.starting_weights
    with pytest.raises(BundleError, match="exists already"):
        import_torchxrayvision(name, weights=theirs[1], folder=tmp_path / "all", command="none")


def test_names():
    assert bundle_name("densenet121-res224-mimic_nb") == "torchxrayvision-densenet121-res224-mimic-nb"


def test_an_unknown_name_makes_nothing(theirs, tmp_path):
    with pytest.raises(UsageError, match="weights 'all'"):
        import_torchxrayvision("all", weights=theirs[1], folder=tmp_path / "all", command="none")
    assert not (tmp_path / "all").exists()
