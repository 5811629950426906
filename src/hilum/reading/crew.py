"""Who reads: the gate, what draws lungs and the specialists of the given bundles, opened and fitted together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hilum.bundle.load import Bundle
from hilum.errors import BundleError, UsageError
from hilum.imaging.preprocess import PreprocessSpec
from hilum.reading.engine import Engine
from hilum.reading.gate import AbsentGate, Gate, NetworkGate
from hilum.reading.lung_stage import LungStage
from hilum.reading.lungs import LungFinder
from hilum.reading.opinion import Case, HeatmapsWanted, Opinion
from hilum.reading.specialist import Classifier
from hilum.reading_result import ModelRef


class Specialist(Protocol):
    """Reads the radiographs of one X-ray type.

    `preprocess` is how its network wants the whole picture, or the crop to the lungs where it sees nothing else;
    `crop_preprocess` is how it wants the crop, and `lungs` what draws them; both are None where it takes no crop.
    """

    ref: ModelRef

    @property
    def xray_type(self) -> str:
        """The X-ray type that it reads."""

    @property
    def preprocess(self) -> PreprocessSpec:
        """How its network wants the pixels."""

    @property
    def crop_preprocess(self) -> PreprocessSpec | None:
        """The specification that begins with the crop to the lungs, where there is one."""

    @property
    def lungs(self) -> LungFinder | None:
        """What draws the lungs that it is cropped to."""

    def read(self, cases: Sequence[Case]) -> tuple[Opinion, ...]:
        """One opinion a case, in order; an empty batch gives none."""


@dataclass(frozen=True, slots=True, eq=False)
class Crew:
    """`specs` are the specifications that a picture is prepared for before anything looks at it."""

    gate: Gate
    lungs: LungStage
    specialists: tuple[Specialist, ...]
    models: tuple[ModelRef, ...]
    specs: tuple[PreprocessSpec, ...]


def assemble(bundles: Sequence[Bundle], *, engine: Engine, threads: int, heatmaps: HeatmapsWanted, lungs: bool) -> Crew:
    """Open the bundles; without `lungs` none are drawn.

    Raises `BundleError` where two judge, two draw lungs, or one needs lungs that nothing draws, and `UsageError` where
    one needs the lungs that are not to be drawn.
    """
    gate = _gate(_only("gate", bundles), engine=engine, threads=threads)
    drawer = _only("lungs", bundles) if lungs else None
    finder = None if drawer is None else LungFinder(drawer, engine=engine, threads=threads)
    if not lungs:
        _refuse_those_that_need_lungs(bundles)
    specialists = tuple(
        Classifier(bundle, engine=engine, threads=threads, heatmaps=heatmaps, lungs=finder)
        for bundle in bundles
        if bundle.card.kind == "classifier"
    )
    finders = [found for found in (finder, *(one.lungs for one in specialists)) if found is not None]
    wanted = (gate.preprocess, *(one.preprocess for one in finders), *(one.preprocess for one in specialists))
    return Crew(
        gate=gate,
        lungs=LungStage(finders),
        specialists=specialists,
        models=(
            *(() if gate.ref is None else (gate.ref,)),
            *(() if finder is None else (finder.ref,)),
            *(one.ref for one in specialists),
        ),
        specs=tuple(dict.fromkeys(spec for spec in wanted if spec is not None and not spec.needs_lungs)),
    )


def _only(kind: str, bundles: Sequence[Bundle]) -> Bundle | None:
    found = [bundle for bundle in bundles if bundle.card.kind == kind]
    if len(found) > 1:
        names = [bundle.card.name for bundle in found]
        what = {"gate": "one gate", "lungs": "one bundle that draws lungs"}[kind]
        raise BundleError(f"expected {what} at most, came {names}; name the models that should read")
    return found[0] if found else None


def _gate(bundle: Bundle | None, *, engine: Engine, threads: int) -> NetworkGate | AbsentGate:
    return AbsentGate() if bundle is None else NetworkGate(bundle, engine=engine, threads=threads)


def _refuse_those_that_need_lungs(bundles: Sequence[Bundle]) -> None:
    names = [
        bundle.card.name
        for bundle in bundles
        if bundle.card.kind == "classifier" and bundle.card.preprocess.needs_lungs
    ]
    if names:
        raise UsageError(f"{names[0]} reads the crop to the lungs: let lungs be drawn, or name other models")
