"""The chest radiograph of a fabricated body, posteroanterior, with lesions of known boxes and true lung fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hilum.errors import UsageError
from hilum.phantom.compound import add_signed, uncovered_length
from hilum.phantom.detector import Detector, Display, expose
from hilum.phantom.grid import Grid, Image
from hilum.phantom.habitus import Habitus, habitus
from hilum.phantom.labels import stamped
from hilum.phantom.lesions import LesionSpec, replaced_air, support_box
from hilum.phantom.lung_vessels import vessel_tree
from hilum.phantom.materials import CHEST_BEAM
from hilum.phantom.phantom import Lesion, Mask, Phantom
from hilum.phantom.solids import add_path, chord_mm
from hilum.phantom.thorax_organs import Organs, Side, organs
from hilum.phantom.thorax_skeleton import skeleton
from hilum.radiograph import Sex

CHEST_DETECTOR = Detector(photons=25_000, window=(0.002, 0.9995), contrast=1.0)

_MIN_PIXELS = 64


@dataclass(frozen=True, slots=True, eq=False)
class _Lung:
    """One lung on the grid: the aerated path (H, W) in body mm, and its field as radiologists draw it."""

    air_mm: Image
    field: Mask


@dataclass(frozen=True, slots=True, eq=False)
class _Body:
    """A body without lesions on the grid; `attenuation` is the sum of mu x path (H, W)."""

    build: Habitus
    grid: Grid
    parts: Organs
    lungs: dict[Side, _Lung]
    attenuation: Image


def render_thorax(
    *,
    rows: int = 1024,
    columns: int = 1024,
    seed: int = 0,
    lesions: Sequence[LesionSpec] = (),
    child: bool = False,
    sex: Sex = "M",
    detector: Detector = CHEST_DETECTOR,
    label: bool = True,
) -> Phantom:
    """Render a thorax; the same arguments give the same pixels.

    The window is that of the same body without lesions, so that a lesion changes only what lies behind it (and, with
    scatter, its surroundings a little). `label` burns in the word PHANTOM and the corner mark; leave it on for
    everything that is written to a file. Raises `UsageError` for a size below 64 x 64 or a lesion outside the lungs.
    """
    if min(rows, columns) < _MIN_PIXELS:
        raise UsageError(f"A thorax needs at least {_MIN_PIXELS} x {_MIN_PIXELS} pixels, not {rows} x {columns}")
    body = _body(rows=rows, columns=columns, seed=seed, child=child, sex=sex)
    display = Display.of_body(body.attenuation, detector=detector)
    attenuation, found = body.attenuation, []
    for number, spec in enumerate(lesions):
        added, lesion = _lesion(spec, body, seed=seed + number)
        attenuation = attenuation + added
        found.append(lesion)
    pixels = display.pixels(expose(attenuation, detector=detector, seed=seed))
    return Phantom(
        pixels=stamped(pixels) if label else pixels,
        lesions=tuple(found),
        right_lung=body.lungs["right"].field.copy(),
        left_lung=body.lungs["left"].field.copy(),
        kind="chest",
        view="AP" if child else "PA",  # small children are taken lying or held, from the front
        spacing_mm=body.grid.spacing_mm * body.build.scale,
        age_years=body.build.age_years,
        sex=sex,
        seed=seed,
    )


@lru_cache(maxsize=1)  # most of the work is in the body, and its next picture often differs in lesions alone
def _body(*, rows: int, columns: int, seed: int, child: bool, sex: Sex) -> _Body:
    build = habitus(child=child, sex=sex, seed=seed)
    grid = Grid(rows, columns, build.field_mm / min(rows, columns), build.centre_y_mm)
    parts = organs(build)
    lungs: dict[Side, _Lung] = {side: _lung_on_grid(parts, side, grid) for side in ("right", "left")}
    attenuation = _healthy_attenuation(build, parts, lungs, grid=grid, seed=seed)
    attenuation.flags.writeable = False
    return _Body(build, grid, parts, lungs, attenuation)


def _healthy_attenuation(build: Habitus, parts: Organs, lungs: dict[Side, _Lung], *, grid: Grid, seed: int) -> Image:
    """The sum of mu x path (H, W) through the body without lesions."""
    beam, total = CHEST_BEAM, grid.zeros()
    outline = chord_mm(parts.trunk, grid.x_mm, grid.y_mm)
    for arm in parts.arms:
        outline = np.maximum(outline, chord_mm(arm, grid.x_mm, grid.y_mm))  # both lie around z = 0: the longer is both
    total += beam.fat * outline
    add_path(total, parts.core, grid=grid, weight=beam.soft - beam.fat)
    for breast in parts.breasts:
        add_path(total, breast, grid=grid, weight=beam.fat)
    add_signed(total, parts.airways, grid=grid, weight=beam.air - beam.soft)
    add_path(total, parts.stomach_air, grid=grid, weight=beam.air - beam.soft)
    for side, lung in lungs.items():
        vessels = grid.zeros()
        add_signed(vessels, vessel_tree(side, seed=seed), grid=grid)
        total -= (beam.soft - beam.lung) * (lung.air_mm - np.minimum(vessels, lung.air_mm))
    bones = skeleton(build)
    add_signed(total, bones.cortical, grid=grid, weight=beam.cortical - beam.soft)
    add_signed(total, bones.cores, grid=grid, weight=beam.trabecular - beam.cortical)
    add_signed(total, bones.spongy, grid=grid, weight=beam.trabecular - beam.soft)
    return np.maximum(total, 0.0) * build.scale


def _lung_on_grid(parts: Organs, side: Side, grid: Grid) -> _Lung:
    loft = parts.lungs[side]
    x, y = grid.x_mm, grid.y_mm
    rows, columns = grid.window(loft.bounds_mm)
    x, y = x[:, columns], y[rows]
    air, field = grid.zeros(), np.zeros((grid.rows, grid.columns), bool)
    obstacles = [obstacle.interval_mm(x, y) for obstacle in parts.obstacles]
    whole = loft.interval_mm(x, y)
    air[rows, columns] = uncovered_length(whole, obstacles)
    behind = np.any([np.broadcast_to(leave > enter, air[rows, columns].shape) for enter, leave in obstacles], axis=0)
    field[rows, columns] = (whole[1] > whole[0]) & ~behind
    return _Lung(air, field)


def _lesion(spec: LesionSpec, body: _Body, *, seed: int) -> tuple[Image, Lesion]:
    """The attenuation (H, W) that a lesion adds, and where it is."""
    path = body.grid.zeros()
    for lung in body.parts.lungs.values():
        replaced, place = replaced_air(spec, lung=lung, obstacles=body.parts.obstacles, grid=body.grid, seed=seed)
        path[place] += replaced
    box = support_box(path)
    if box is None:
        raise UsageError(f"The lesion {spec.name!r} at {spec.centre} touches no lung. Move its centre into a lung")
    return path * (CHEST_BEAM.soft - CHEST_BEAM.lung) * body.build.scale, Lesion(spec.name, box)
