"""The images that a training saw, as the file by which its bundle knows them again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hilum.bundle.load import TRAINING_IMAGES, load_bundle
from hilum.bundle.seen_images import SeenImages, joined, seen_images_bytes, seen_images_of
from hilum.datasets.records.image_hashes import image_hashes
from hilum.datasets.records.record import Record
from hilum.datasets.splits.split import TEST, Split
from hilum.networks.starting_weights import BundleWeights, StartingWeights
from hilum.training.recipe.recipe import TRAIN, FromStage, FusedFrom, Recipe

Start = StartingWeights | FromStage | FusedFrom


def seen_in_stages(recipe: Recipe, *, splits: Iterable[Split], jobs: int) -> dict[str, bytes]:
    """The file for a recipe whose stages were parted as `splits` say: by its name, to be written into the bundle.

    What any stage was fitted on counts as train, and what any other part but the test held as validation; the images of
    a bundle that a stage started from are counted with them. `jobs` images are decoded at the same time.
    """
    parts = [(name, record) for split in splits for name, part in split.parts.items() for record in part]
    return seen_images(
        train=[record for name, record in parts if name == TRAIN],
        validation=[record for name, record in parts if name not in (TRAIN, TEST)],
        starts=[stage.start for stage in recipe.stages],
        jobs=jobs,
    )


def seen_images(
    *, train: Sequence[Record], validation: Sequence[Record], starts: Sequence[Start], jobs: int
) -> dict[str, bytes]:
    """The file for what was fitted on (`train`) and what was chosen or calibrated on (`validation`)."""
    fitted = {record.sha256: record for record in train}
    chosen = {record.sha256: record for record in validation if record.sha256 not in fitted}
    own = SeenImages(
        train=image_hashes(list(fitted.values()), jobs=jobs), validation=image_hashes(list(chosen.values()), jobs=jobs)
    )
    before = [seen for start in starts if (seen := _seen_before(start)) is not None]
    return {
        TRAINING_IMAGES: seen_images_bytes(
            SeenImages(
                train=joined(own.train, *(seen.train for seen in before)),
                validation=joined(own.validation, *(seen.validation for seen in before)),
            )
        )
    }


def _seen_before(start: Start) -> SeenImages | None:
    return seen_images_of(load_bundle(start.folder)) if isinstance(start, BundleWeights) else None
