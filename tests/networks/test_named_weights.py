from pathlib import Path

from fabricate_bundle import ToyBundle
from hilum.networks.starting_weights import (
    BundleWeights,
    RandomWeights,
    TimmImageNet,
    TorchxrayvisionWeights,
    WeightsFile,
    starting_weights,
)


def test_each_word_names_its_weights(tmp_path: Path) -> None:
    bundle = ToyBundle().write(tmp_path / "toy").folder
    assert starting_weights("random") == RandomWeights()
    assert starting_weights("imagenet") == TimmImageNet(Path("weights"))
    assert starting_weights(str(bundle)) == BundleWeights(bundle)
    assert starting_weights("torchxrayvision/densenet121-res224-all") == TorchxrayvisionWeights(
        "densenet121-res224-all", Path("weights")
    )
    assert starting_weights("mine.safetensors") == WeightsFile(Path("mine.safetensors"))
