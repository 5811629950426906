"""Makes a bundle that names its training and validation images among somebody's own pictures, to be quantised.

python tests/fabricate_quantised.py FOLDER
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fabricate_bundle import ToyBundle, ToyNetwork
from fabricate_own_images import CHESTS, LABELS, RAW, fabricate_own_images, toy_network
from hilum.bundle.load import TRAINING_IMAGES, Bundle
from hilum.bundle.save import file_hashes, write_bundle
from hilum.bundle.seen_images import SeenImages, seen_images_bytes
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.records.image_hashes import image_hashes
from hilum.datasets.records.record import Record


@dataclass(frozen=True)
class Trained:
    """A bundle, the images of its training and its validation, and some that it never saw."""

    bundle: Bundle
    data: Path
    train: tuple[Record, ...]
    validation: tuple[Record, ...]
    other: tuple[Record, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """All of them."""
        return (*self.train, *self.validation, *self.other)


def coarse_network() -> ToyNetwork:
    """The logits of `toy_network` from a kernel with one large weight, beside which 8 bits take the others for 0."""
    large = np.zeros((1, 1, 4, 4), np.float32)
    large[..., 0, 0] = 1000
    kernel = np.concatenate([large + np.float32(1 / 16), large])
    weights = np.array([[8.0, -8.0], [-8.0, 8.0]], np.float32)
    return ToyNetwork(kernel, np.zeros(2, np.float32), weights, np.array([-4.0, 4.0], np.float32))


def fabricate_trained(folder: Path, *, network: ToyNetwork | None = None, architecture: str = "toy") -> Trained:
    """240 pictures of 120 patients; the bundle knows 60 as trained on and 60 as validated on."""
    own = fabricate_own_images(folder / "own", patients=120)
    records = read_own_table(own.data)
    train, validation, other = records[:60], records[60:120], records[120:]
    toy = ToyBundle(
        network=network or toy_network(), name="toy", labels=LABELS, calibration=RAW, operating_point=0.5, scope=CHESTS
    )
    seen = SeenImages(train=image_hashes(train, jobs=1), validation=image_hashes(validation, jobs=1))
    files = {**toy.files(), TRAINING_IMAGES: seen_images_bytes(seen)}
    card = toy.card().changed({"files": file_hashes(files), "architecture": architecture})
    bundle = write_bundle(folder / "toy", card=card, files=files)
    return Trained(bundle, own.data, tuple(train), tuple(validation), tuple(other))


def held_out(record: Record) -> Record:
    """The same image, kept for judging."""
    return replace(record, held_out=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write labelled pictures and a bundle that was trained on some.")
    parser.add_argument("folder", type=Path)
    fabricate_trained(parser.parse_args().folder)
