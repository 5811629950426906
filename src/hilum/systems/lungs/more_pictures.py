"""Pictures that a lung network learns from though nobody outlined them: phantoms, and chests that a network drew.

A phantom's fields are known, its whole lungs and its heart are not. Chests of ChestX-ray14 are drawn by the network of
the same fold, which saw no picture that the fold judges, and are learnt from where its drawing is trusted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.bundle.lung_spec import LUNG_SIDES, QualityRule, Structure
from hilum.datasets.prepared.images import fixed_size
from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.picture_shape import shape_of
from hilum.datasets.records.record import Record
from hilum.datasets.releases.table import RELEASES, releases_in
from hilum.datasets.splits.split import without_copies_of
from hilum.errors import DataError
from hilum.explain.components import largest_component
from hilum.imaging.pixels.grey import to_unit
from hilum.imaging.preprocess import PreprocessSpec, apply_steps, normalise
from hilum.phantom.thorax import render_thorax
from hilum.reading.lungs.finder import kept_lungs
from hilum.reading.lungs.passes import drawing
from hilum.reading.lungs.quality import is_trusted, quality_facts
from hilum.reading.lungs.regions import LungFlag
from hilum.systems.lungs.fit import LungNetwork, lung_passes
from hilum.systems.lungs.pictures import LungPicture, grey_bytes
from hilum.systems.lungs.recipe import LungRecipe
from hilum.systems.lungs.study.truth import TRUTHS, UNIONS, UNKNOWN, Mask, Union
from hilum.training.data.images import Preparation, load_images
from hilum.training.recipe.settings import Value
from hilum.training.records.provenance import records_sha256

OWN, PHANTOM = "nih", "phantom"
"""The sources, by which a recipe's shares name these pictures."""
MOST_OWN, PHANTOMS = 600, 60
LEAST_PX = 256
"""The shorter side of the smallest picture that is drawn to be learnt from."""
THRESHOLD = 0.5

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MorePictures:
    """What an arm of the study learns from beside masks: `to_draw`, by the network of the fold that `teacher` made.

    A drawing counts where `rule` trusts it. `phantoms` are outlined already.
    """

    teacher: LungRecipe
    rule: QualityRule
    to_draw: tuple[LungPicture, ...]
    phantoms: tuple[LungPicture, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """Those of the pictures that are drawn."""
        return tuple(one.record for one in self.to_draw)

    @property
    def settings(self) -> dict[str, Value]:
        """All that decides them, flat."""
        return {
            "to_draw": records_sha256(self.records),
            "trusted_by": self.rule.model_dump_json(),
            "phantoms": len(self.phantoms),
        }

    def outlined(self, network: LungNetwork) -> list[LungPicture]:
        """All of them with targets; `network` is the teacher's."""
        own = (own_drawing(network, picture=one, recipe=self.teacher, rule=self.rule) for one in self.to_draw)
        return [*(one for one in own if one is not None), *self.phantoms]


def chests_to_draw(folder: Path, *, masks: Sequence[Record]) -> tuple[Record, ...]:
    """At most `MOST_OWN` chests of ChestX-ray14 in `folder/nih`, chosen by their hashes.

    Those that are held out, small pictures, and copies of the pictures with `masks` are left out. Raises `DataError`
    where the release is not there.
    """
    places = releases_in(folder, among=(OWN,))
    if not places:
        raise DataError(f"There is no ChestX-ray14 in {folder}/{OWN}. Add it, or run another study of the lungs")
    records = [one for one in RELEASES[OWN].read(places[OWN]) if not is_held_out(one)]
    pool = sorted(without_copies_of(records, held_out=masks), key=lambda record: record.sha256)
    return tuple([one for one in pool if min(shape_of(one)) >= LEAST_PX][:MOST_OWN])


def pictures_to_draw(
    records: Sequence[Record], *, spec: PreprocessSpec, preparation: Preparation
) -> tuple[LungPicture, ...]:
    """The records' pictures on the network's grid, of which nothing is outlined. Raises what decoding raises."""
    unknown = np.full((len(TRUTHS), *fixed_size(spec)), UNKNOWN, np.uint8)
    greys = load_images(records, spec=spec, labels=(), preparation=preparation).grey
    return tuple(LungPicture(record, grey_bytes(greys[at]), unknown) for at, record in enumerate(records))


def phantom_pictures(spec: PreprocessSpec, *, count: int = PHANTOMS) -> tuple[LungPicture, ...]:
    """Phantoms of adults, whose seeds are 0, 1, 2 and so on; without the word that is burnt into what is written."""
    return tuple(_phantom(seed, spec=spec) for seed in range(count))


def _phantom(seed: int, *, spec: PreprocessSpec) -> LungPicture:
    rows, columns = fixed_size(spec)
    made = render_thorax(rows=rows, columns=columns, seed=seed, sex="M" if seed % 2 else "F", label=False)
    grey = grey_bytes(apply_steps(made.pixels, spec=spec)[0])
    right, left = LUNG_SIDES["field"]
    known: dict[Structure | Union, Mask] = {
        right: made.right_lung,
        left: made.left_lung,
        UNIONS["field"]: made.right_lung | made.left_lung,
    }
    record = Record(
        path=Path(f"{PHANTOM}-{seed}"),
        image=f"{PHANTOM}-{seed}",
        patient=f"{PHANTOM}:{seed}",
        source=PHANTOM,
        official=None,
        labels={},
        stratum="",
        sha256=hashlib.sha256(grey.tobytes()).hexdigest(),
    )
    return LungPicture(record, grey, _target(known, size=(rows, columns)))


def own_drawing(
    network: LungNetwork, *, picture: LungPicture, recipe: LungRecipe, rule: QualityRule
) -> LungPicture | None:
    """The picture with what `network` draws of it as its target; None where `rule` does not trust the drawing."""
    structures = recipe.structures
    array = normalise(to_unit(picture.grey, bits=8), spec=recipe.preprocess)
    passes = lung_passes(network, array, recipe=recipe)
    probability = drawing(passes)
    known: dict[Structure | Union, Mask] = {}
    flags: list[LungFlag] = []
    for definition, pair in LUNG_SIDES.items():
        if pair[0] not in structures:
            continue
        found, kept = kept_lungs(probability[[structures.index(side) for side in pair]], threshold=THRESHOLD)
        flags += found.flags
        sides = kept >= THRESHOLD
        known |= {pair[0]: sides[0], pair[1]: sides[1], UNIONS[definition]: sides[0] | sides[1]}
    if not is_trusted(quality_facts(passes, structures=structures), rule=rule, flags=flags):
        return None
    if "heart" in structures:
        known["heart"] = largest_component(probability[structures.index("heart")] >= THRESHOLD)
    return LungPicture(picture.record, picture.grey, _target(known, size=picture.grey.shape))


def _target(known: Mapping[Structure | Union, Mask], *, size: tuple[int, ...]) -> Bytes:
    """Uint8 (7, H, W) in the order of `TRUTHS`; planes that are not `known` are `UNKNOWN`."""
    unknown = np.full(size, UNKNOWN, np.uint8)
    return np.stack([known[name].astype(np.uint8) if name in known else unknown for name in TRUTHS])
