"""Write a bundle whose network has a form in 8-bit integers too, where that costs nothing that can be measured.

Both ways of `overflow_fix` are tried, each judged by the engine, at the settings, by which it would be read, beside
float32 on the bundle's own validation images. The better of those that may be is kept; where none may be, no bundle is
written, and what came out says why.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from hilum.bundle.card import GRAPH, Card
from hilum.bundle.ensemble_spec import MAPS
from hilum.bundle.load import Bundle
from hilum.bundle.quantised import (
    INT8_CHECK,
    INT8_FILES,
    INT8_GRAPH,
    INT8_WEIGHTS,
    OverflowFix,
    Quantised,
    QuantisedTry,
    QuantiseMethod,
)
from hilum.bundle.save import check_replaceable, file_hashes, write_bundle
from hilum.datasets.records.record import Record
from hilum.errors import BundleError, EngineError
from hilum.evaluation.bundles.needed_lungs import needed_lungs
from hilum.evaluation.bundles.part import known_truth
from hilum.evaluation.quantising.compare_forms import Forms, compare_forms
from hilum.evaluation.quantising.images import QuantisingImages, quantising_images
from hilum.evaluation.quantising.int8_graph import LAYERS_BACK, Nncf, int8_graph, load_nncf, method_for
from hilum.evaluation.quantising.recorded import Recorded, record
from hilum.reading.engines.engine import CLASS_MAPS, LOGITS, Engine, available_cores
from hilum.reading.engines.graph_of import IntermediateGraph, int8_check_bytes
from hilum.reading.engines.graph_runner import GraphRunner
from hilum.reading.engines.openvino_engine import OpenVinoInt8Engine
from hilum.reading.engines.processor import this_processor
from hilum.reading.engines.self_test import inputs_of
from hilum.statistics.outcomes import FloatArray
from hilum.version import __version__

SUFFIX = "-int8"
"""Ends the name of a quantised bundle, so that it may stand on the shelf beside the one that it was made of."""

CALIBRATION_IMAGES = 300
KINDS = ("classifier", "ensemble", "lung-pooled")
"""The kinds of bundles whose one network gives the logits that are decided on."""

WAYS: tuple[OverflowFix, ...] = ("disable", "enable")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantiseSettings:
    """`images` of the training set the ranges; `name` is the new bundle's, None for the old one's with `-int8`.

    Of a DenseNet at most `layers_back` layers go back to floating point.
    `command` is what the card says of how it was made; `replace` puts it in the place of a bundle in its folder.
    """

    images: int = CALIBRATION_IMAGES
    layers_back: int = LAYERS_BACK
    name: str | None = None
    command: str = "hilum.evaluation.quantising.quantise"
    replace: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way that was tried: its `forms` say how it did, `problem` why there is none."""

    overflow_fix: OverflowFix
    graph: IntermediateGraph | None = None
    forms: Forms | None = None
    problem: str | None = None

    @property
    def refused(self) -> tuple[str, ...]:
        """Why it may not be; empty where it may."""
        return (self.problem or "",) if self.forms is None else self.forms.refused

    @property
    def loss(self) -> float:
        """The largest loss of AUROC, by which accepted ways are told apart; none known is the worst."""
        loss = None if self.forms is None else self.forms.worst_auroc_loss
        return math.inf if loss is None else loss


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantiseResult:
    """Both ways, and the bundle that was written, None where neither was accepted.

    `calibration` and `validation` count the images that were read.
    """

    bundle: Bundle | None
    ways: tuple[Way, ...]
    method: QuantiseMethod
    calibration: int
    validation: int
    failed: int


def _quiet(_line: str) -> None:
    """Nobody is told."""


def quantise(
    bundle: Bundle,
    *,
    records: Sequence[Record],
    folder: Path,
    settings: QuantiseSettings | None = None,
    lungs: Bundle | None = None,
    say: Callable[[str], None] = _quiet,
) -> QuantiseResult:
    """Quantise `bundle`, judge it, and write it into `folder` only if it may be (`compare_forms` has the rule).

    `records` are of the data that it was trained on; which of them it was trained and validated on, the bundle knows
    itself. Held-out images are not looked at. `lungs` draws the lungs for a model that reads crops.

    Raises `MissingPartError` where NNCF or OpenVINO is absent, `EngineError` on a processor without 8-bit dot products,
    `BundleError` for a kind of bundle that cannot be quantised or a folder that is taken, and `DataError` where the
    bundle does not name its images or none of them is there.
    """
    settings = settings or QuantiseSettings()
    nncf = load_nncf()
    engine = OpenVinoInt8Engine()
    _check(bundle, folder=folder, settings=settings)
    drawn_by = needed_lungs(bundle, given=lungs)
    images = quantising_images(records, bundle=bundle, count=settings.images)
    with TemporaryDirectory(prefix="hilum-") as scratch:
        calibration = _recorded(images.calibration, bundle, drawn_by, Path(scratch) / "calibration", say)
        validation = _recorded(images.validation, bundle, drawn_by, Path(scratch) / "validation", say)
        ways = tuple(
            _try(
                way,
                bundle=bundle,
                nncf=nncf,
                engine=engine,
                calibration=calibration,
                validation=validation,
                layers_back=settings.layers_back,
                say=say,
            )
            for way in WAYS
        )
        taken = min((way for way in ways if not way.refused), key=lambda way: way.loss, default=None)
        written = None
        if taken is not None:
            written = _write(
                bundle,
                folder=folder,
                taken=taken,
                ways=ways,
                images=QuantisingImages(calibration=calibration.records, validation=validation.records),
                versions=nncf.versions,
                engine=engine,
                shapes={name: (None, *values.shape[1:]) for name, values in validation.inputs.items()},
                settings=settings,
            )
    return QuantiseResult(
        bundle=written,
        ways=ways,
        method=method_for(bundle.card.architecture, layers_back=settings.layers_back),
        calibration=len(calibration),
        validation=len(validation),
        failed=calibration.failed + validation.failed,
    )


def quantised_name(name: str) -> str:
    """What the bundle made of the one called `name` is called."""
    return name if name.endswith(SUFFIX) else f"{name}{SUFFIX}"


def _check(bundle: Bundle, *, folder: Path, settings: QuantiseSettings) -> None:
    card = bundle.card
    if card.kind not in KINDS:
        raise BundleError(
            f"{card.name} is of kind {card.kind}, and only these can be quantised: {', '.join(KINDS)}. Name another "
            "model"
        )
    if folder.exists():
        check_replaceable(folder, replace=settings.replace)


def _recorded(
    records: Sequence[Record], bundle: Bundle, lungs: Bundle | None, folder: Path, say: Callable[[str], None]
) -> Recorded:
    folder.mkdir()
    what = folder.name

    def progress(done: int, count: int) -> None:
        if done in (0, count) or done % 100 == 0:
            say(f"{what}: read {done:,} of {count:,} images")

    return record(records, bundle=bundle, lungs=lungs, folder=folder, progress=progress)


def _try(
    way: OverflowFix,
    *,
    bundle: Bundle,
    nncf: Nncf,
    engine: Engine,
    calibration: Recorded,
    validation: Recorded,
    layers_back: int,
    say: Callable[[str], None],
) -> Way:
    card = bundle.card
    method = method_for(card.architecture, layers_back=layers_back)
    say(f"overflow_fix={way}: NNCF's {method} on {len(calibration):,} images")
    truth = _truth(validation.records, card=card)
    try:
        graph = int8_graph(
            bundle.read(GRAPH),
            nncf=nncf,
            method=method,
            overflow_fix=way,
            calibration=calibration,
            validation=validation,
            truth=truth,
            layers_back=layers_back,
            say=say,
        )
        say(f"overflow_fix={way}: judging on {len(validation):,} validation images")
        after = _run(graph, engine=engine, recorded=validation, outputs=_wanted(card))
    except EngineError as error:
        return Way(overflow_fix=way, problem=str(error))
    forms = compare_forms(
        card.labels,
        truth=truth,
        before=validation.outputs,
        after=after,
        maps=_maps(card),
        box_threshold=card.heatmap.box_threshold,
    )
    return Way(overflow_fix=way, graph=graph, forms=forms)


def _run(
    graph: IntermediateGraph, *, engine: Engine, recorded: Recorded, outputs: Sequence[str]
) -> dict[str, npt.NDArray[np.float32]]:
    """What the engine gives as it ships: the same compiled form, and the same slices of a batch, as in reading."""
    runner = GraphRunner(graph, name="int8", engine=engine, threads=available_cores())
    parts = [runner.run(batch, outputs=outputs) for batch in recorded.batches()]
    return {name: np.concatenate([part[name] for part in parts]) for name in outputs}


def _maps(card: Card) -> str | None:
    if card.heatmap.method != "class-map":
        return None
    return CLASS_MAPS if card.ensemble is None else MAPS


def _wanted(card: Card) -> tuple[str, ...]:
    maps = _maps(card)
    return (LOGITS,) if maps is None else (LOGITS, maps)


def _truth(records: Sequence[Record], *, card: Card) -> FloatArray:
    known = [[known_truth(one, label=label) for label in card.label_names] for one in records]
    return np.array(known, np.float64)  # None becomes NaN


def _write(
    bundle: Bundle,
    *,
    folder: Path,
    taken: Way,
    ways: Sequence[Way],
    images: QuantisingImages,
    versions: Mapping[str, str],
    engine: Engine,
    shapes: Mapping[str, tuple[int | None, ...]],
    settings: QuantiseSettings,
) -> Bundle:
    if taken.graph is None or taken.forms is None:
        raise EngineError(f"overflow_fix={taken.overflow_fix} has no graph. Report this")
    check = engine.compile(taken.graph, threads=1, callers=1).run_named(inputs_of(shapes))
    kept = {name: bundle.read(name) for name in bundle.card.files if name not in INT8_FILES}
    files = {
        **kept,
        INT8_GRAPH: bytes(taken.graph),
        INT8_WEIGHTS: taken.graph.weights,
        INT8_CHECK: int8_check_bytes(check),
    }
    processor = this_processor()
    part = Quantised(
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        command=settings.command,
        hilum_version=__version__,
        versions=dict(versions),
        processor=processor.name,
        cpu_flags=tuple(sorted(processor.flags)),
        method=method_for(bundle.card.architecture, layers_back=settings.layers_back),
        overflow_fix=taken.overflow_fix,
        tried=tuple(
            QuantisedTry(
                overflow_fix=way.overflow_fix,
                worst_auroc_loss=None if way.forms is None else way.forms.worst_auroc_loss,
                refused=way.refused,
            )
            for way in ways
        ),
        from_name=bundle.card.name,
        from_version=bundle.card.version,
        from_sha256=bundle.sha256,
        calibration=images.calibration_hashes,
        validation_images=len(images.validation),
        validation_sha256=images.validation_sha256,
        labels=taken.forms.labels,
        maps=taken.forms.maps,
    )
    version = bundle.card.version
    card = bundle.card.changed(
        {
            "name": settings.name or quantised_name(bundle.card.name),
            "version": version if version.endswith("+int8") else f"{version}+int8",
            "files": file_hashes(files),
            "quantised": part,
        }
    )
    return write_bundle(folder, card=card, files=files, replace=settings.replace)
