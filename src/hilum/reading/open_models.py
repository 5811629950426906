"""Who reads: the gate, what draws lungs and the specialists of the given bundles, opened and fitted together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hilum.bundle.card import Card
from hilum.bundle.kinds import Role
from hilum.bundle.load import Bundle
from hilum.errors import BundleError, UsageError
from hilum.imaging.preprocess import PreprocessSpec
from hilum.reading.engines.engine import Engine
from hilum.reading.engines.graph_of import check_int8
from hilum.reading.gate.gate import AbsentGate, Gate, NetworkGate
from hilum.reading.lungs.finder import LungFinder, LungNetwork, lung_network
from hilum.reading.lungs.stage import LungStage
from hilum.reading.specialists.classifier import Classifier
from hilum.reading.specialists.ensemble import Ensemble
from hilum.reading.specialists.fusion import Fusion
from hilum.reading.specialists.lung_pooled import LungPooled
from hilum.reading.specialists.opinion import Case, HeatmapsWanted, Opinion
from hilum.reading.specialists.two_looks import TwoLooks
from hilum.reading_result import ModelRef


class Specialist(Protocol):
    """Reads the radiographs of the X-ray type of its `card`, prepared as that says.

    `lungs` is what draws the lungs that it cuts its pictures to or averages inside, where it does.
    """

    ref: ModelRef
    card: Card
    lungs: LungFinder | None

    def read(self, cases: Sequence[Case]) -> tuple[Opinion, ...]:
        """One opinion a case, in order; an empty batch gives none."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenModels:
    """`specs` are the specifications that a picture is prepared for before anything looks at it."""

    gate: Gate
    lungs: LungStage
    specialists: tuple[Specialist, ...]
    models: tuple[ModelRef, ...]
    specs: tuple[PreprocessSpec, ...]


class OpenSpecialist(Protocol):
    """Opens a bundle; `lungs` is what draws the lungs that it needs, its own where it brings them."""

    def __call__(
        self, bundle: Bundle, /, *, engine: Engine, threads: int, heatmaps: HeatmapsWanted, lungs: LungFinder | None
    ) -> Specialist:
        """The specialist of a bundle; raises `BundleError` where the graph does not fit the card."""


SPECIALISTS: Mapping[str, OpenSpecialist] = {
    "classifier": Classifier,
    "ensemble": Ensemble,
    "fusion": Fusion,
    "lung-pooled": LungPooled,
    "two-looks": TwoLooks,
}
"""How a bundle is opened whose role is that of a specialist, by its card's kind."""


def open_models(
    bundles: Sequence[Bundle],
    *,
    engine: Engine,
    threads: int,
    heatmaps: HeatmapsWanted,
    lungs: bool,
    occlusion: bool = True,
) -> OpenModels:
    """The bundles, opened; without `lungs` none are drawn, without `occlusion` no heatmap is made that way.

    A bundle that brings what draws its lungs can read a picture whose lungs nobody trusts, and so reads every picture
    without `lungs`. Raises `BundleError` where two judge, two draw lungs, or one needs lungs that nothing draws, and
    `UsageError` where one that cannot read without needs the lungs that are not to be drawn, and `EngineError` where
    the engine is that of 8 bits and no bundle has such a form.
    """
    check_int8(bundles, engine=engine)
    judge = _only("gate", bundles)
    gate = AbsentGate() if judge is None else NetworkGate(judge, engine=engine, threads=threads)
    drawer = _only("lungs", bundles) if lungs else None
    if not lungs:
        _refuse_those_that_need_lungs(bundles)
    opened = _opened_finders(bundles if lungs else (), engine=engine, threads=threads)
    finder = None if drawer is None else opened[lung_network(drawer)]
    specialists = tuple(
        SPECIALISTS[bundle.card.kind](
            bundle,
            engine=engine,
            threads=threads,
            heatmaps=heatmaps if occlusion or bundle.card.heatmap.method != "occlusion" else "none",
            lungs=_finder_of(bundle, opened=opened, shared=finder),
        )
        for bundle in bundles
        if bundle.card.role == "specialist"
    )
    finders = [found for found in (finder, *(one.lungs for one in specialists)) if found is not None]
    wanted = (gate.preprocess, *(one.preprocess for one in finders), *(one.card.preprocess for one in specialists))
    return OpenModels(
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


def _only(role: Role, bundles: Sequence[Bundle]) -> Bundle | None:
    found = [bundle for bundle in bundles if bundle.card.role == role]
    if len(found) > 1:
        names = [bundle.card.name for bundle in found]
        what = {"gate": "one X-ray check (gate)", "lungs": "one model that draws lungs"}[role]
        raise BundleError(f"Only {what} can be used at a time; found: {names}. Name the models to read with")
    return found[0] if found else None


def _opened_finders(bundles: Sequence[Bundle], *, engine: Engine, threads: int) -> dict[LungNetwork, LungFinder]:
    """One finder for each way of drawing: what brings the lungs of a bundle that is there as well shares its finder."""
    drawers = sorted((one for one in bundles if "lungs" in one.card.brings), key=_needs_them_itself)
    found: dict[LungNetwork, LungFinder] = {}
    for bundle in drawers:
        network = lung_network(bundle)
        if network not in found:
            found[network] = LungFinder(bundle, engine=engine, threads=threads)
    return found


def _finder_of(
    bundle: Bundle, *, opened: Mapping[LungNetwork, LungFinder], shared: LungFinder | None
) -> LungFinder | None:
    """What draws for the bundle: its own lungs, else those that all share; None where none are to be drawn."""
    if "lungs" in bundle.card.brings:
        return opened.get(lung_network(bundle))
    if "lungs" in bundle.card.needs and shared is None:
        raise BundleError(
            f"{bundle.card.name} reads the crop to the lungs and needs a model that draws them, such as lung-regions; "
            "none is given. Name one, too"
        )
    return shared


def _needs_them_itself(bundle: Bundle) -> bool:
    return "lungs" in bundle.card.needs


def _refuse_those_that_need_lungs(bundles: Sequence[Bundle]) -> None:
    for bundle in bundles:
        if bundle.card.needs - bundle.card.brings:
            raise UsageError(
                f"{bundle.card.name} reads the crop to the lungs, but the drawing of lungs is switched off. Switch it "
                "on, or name other models"
            )
