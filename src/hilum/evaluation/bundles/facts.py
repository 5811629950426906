"""The facts of a report, and the items of its checklist that they fill: from card, run, part and result.

What stands here was read from files; nothing is concluded.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from hilum.bundle.card import Card, HeatmapSpec
from hilum.bundle.load import Bundle
from hilum.datasets.releases.table import RELEASES
from hilum.evaluation.bundles.part import AskedPart
from hilum.evaluation.bundles.predict import PredictedPart
from hilum.evaluation.bundles.run_folder import Run
from hilum.evaluation.bundles.seen_part import overlap_fact
from hilum.evaluation.judging.judgement import Judgement, images_of
from hilum.evaluation.predictions.overlap import overlap_of
from hilum.evaluation.report.interval_methods import interval_methods
from hilum.evaluation.report.subject import Facts, by_reason
from hilum.evaluation.report.table import counted
from hilum.evaluation.report.tables import shown_subgroups
from hilum.imaging.preprocess import CropLungs, Equalise, PreprocessSpec, Step, StretchGreys
from hilum.version import __version__

_LIBRARIES = ("numpy", "onnxruntime", "pillow", "pydicom", "scikit-learn", "matplotlib")


def evaluation_facts(
    bundle: Bundle, *, part: AskedPart, predicted: PredictedPart, run: Run | None
) -> tuple[Facts, ...]:
    """What is known of the data, the model, its training and the software, one heading each."""
    return tuple(
        facts
        for facts in (
            _data(part, bundle=bundle, predicted=predicted),
            _model(bundle),
            _training(bundle.card, run=run),
            _settings(bundle.card, run=run),
            _software(),
        )
        if facts.rows
    )


def filled_items(
    bundle: Bundle, *, part: AskedPart, predicted: PredictedPart, judgement: Judgement, run: Run | None
) -> dict[str, str]:
    """CLAIM's items, by number, that the files at hand can fill."""
    card, whole = bundle.card, judgement.whole
    reasons = "; ".join(f"{count:,} {reason}" for reason, count in by_reason(predicted.exclusions).items())
    left_out = f"left out: {reasons}" if reasons else "none left out"
    settings = {} if run is None else dict(run.file.settings)
    started = card.training.starting_weights
    outputs = counted(len(whole.labels), "label")
    known = {"40": " ".join(card.limits)} if card.limits else {}
    if run is not None:
        known["32"] = f"the part {part.name} of the run's own split"
    return known | {
        "6": "evaluation of a trained model" + ("" if run is None else "; the same run developed it"),
        "7": "; ".join(_sources(part)) + "; dates: for the authors",
        "8": f"images of the part {part.name} with a known truth for at least one of {outputs}; {left_out}",
        "9": _preprocessing(card.preprocess),
        "12": _missing_truth(card.training.recipe if run is None else settings, part=part, run=run),
        "19": part.protocol,
        "20": f"as the model's card says: {card.protocol}" if run is None else _disjoint(part),
        "22": f"{card.architecture}; input {_input(card.preprocess)}; {outputs}, each with its own sigmoid",
        "23": _software_line(),
        "24": started,
        "25": f"{card.training.command}, seed {card.training.seed}"
        + (f"; {len(settings)} settings, listed under Provenance" if settings else ""),
        "28": "AUROC, average precision, Brier score, expected calibration error; at operating points from validation: "
        "sensitivity, specificity, PPV, NPV, F1, balanced accuracy",
        "29": interval_methods(judgement),
        "30": "subgroups by " + (", ".join(shown_subgroups(judgement)) or "nothing: the data name none"),
        "31": f"heatmaps: {_heatmaps(card.heatmap)}; operating points: "
        + "; ".join(dict.fromkeys(label.operating_point_rule for label in card.labels)),
        "35": f"{images_of(whole.n, patients=whole.patients, known=judgement.patients_known)} judged of "
        f"{len(part.records):,} in the part; {left_out}",
        "36": "the table of images and patients",
        "37, 38": "the tables of discrimination and of decisions, each value with its interval",
        "–": "none: an evaluation fits nothing",
    }


def _missing_truth(settings: Mapping[str, Any], *, part: AskedPart, run: Run | None) -> str:
    """What became of truths that are missing or uncertain, by the settings that the model was trained with.

    An evaluation of a run reads the data as the run did, one of a bundle masks what is not 1 or 0.
    """
    masked = "missing or uncertain truth is masked, label by label"
    policy = {key: value for key, value in settings.items() if key.startswith("chexpert.") and value is not None}
    if all(value == "ignore" for value in policy.values()):
        return f"a {masked}; it is never taken as negative"
    here = run is not None and any(record.source == "chexpert" for record in part.records)
    said = ", ".join(f"{key} {_plain(value)}" for key, value in policy.items())
    return (
        f"labels of CheXpert by {said}, in training{' and in the images judged' if here else ''} (zeros are taken as "
        f"negative, ones as positive; a value between is learnt from, and masked in judging); any other {masked}"
    )


def _disjoint(part: AskedPart) -> str:
    """The level at which the parts of the run's split share nothing, which `Split` asserts."""
    if part.patients_known:
        return "patient: no patient and no byte-identical image stands in two parts (asserted)"
    return (
        "image: no byte-identical image stands in two parts (asserted); the patients of some images are not known, so "
        "that a patient may"
    )


def _data(part: AskedPart, *, bundle: Bundle, predicted: PredictedPart) -> Facts:
    rows = [
        ("Part judged", part.name),
        ("Protocol", part.protocol),
        ("SHA-256 of the split", part.split_sha256),
        ("SHA-256 of the judged images", predicted.predictions.split_sha256),
        ("Images in the part", f"{len(part.records):,}"),
        ("Images judged", f"{predicted.predictions.n:,}"),
        ("Images seen in the training", overlap_fact(overlap_of(predicted.predictions.seen), bundle=bundle)),
        *(("Source", line) for line in _sources(part)),
    ]
    if predicted.out_of_scope:
        rows.append(("Outside the model's declared scope", f"{predicted.out_of_scope:,} images, judged anyway"))
    return Facts(title="Data", rows=tuple(rows))


def _sources(part: AskedPart) -> list[str]:
    """Each release with how many of its images are here, and how many were published of its official part."""
    lines = []
    for source in sorted({record.source for record in part.records}):
        here = [record for record in part.records if record.source == source]
        line = f"{source}, {here[0].source if source not in RELEASES else RELEASES[source].title}: {len(here):,} images"
        officials = {record.official for record in here}
        if source in RELEASES and len(officials) == 1:
            official = next(iter(officials)) or ""
            published = RELEASES[source].official.get(official)
            if published is not None:
                line += f" here, {published.images:,} published as official {official or 'whole'}"
        lines.append(line)
    return lines


def _model(bundle: Bundle) -> Facts:
    card = bundle.card
    rows = [
        ("Bundle", f"{card.name} {card.version}: {card.title}"),
        ("SHA-256 of the card", bundle.sha256),
        ("Architecture", card.architecture),
        ("Labels", ", ".join(card.label_names)),
        ("Input", _input(card.preprocess)),
        ("Preprocessing", _preprocessing(card.preprocess)),
        ("Calibration", _calibration(card)),
        ("Heatmaps", _heatmaps(card.heatmap)),
        ("Intended use", card.intended_use),
        *(("Not for", line) for line in card.not_for),
        *(("Limit", line) for line in card.limits),
        ("Licence of the weights", card.weights_licence),
    ]
    return Facts(title="Model", rows=tuple(rows))


def _heatmaps(spec: HeatmapSpec) -> str:
    if spec.occlusion is not None:
        square, cells = spec.occlusion.square, spec.occlusion.cells
        return f"by occlusion, a square of {square} x {square} of {cells} x {cells} cells"
    return "class maps in closed form" if spec.method == "class-map" else "none"


def _calibration(card: Card) -> str:
    on = card.calibrated_on
    if on is not None:
        return f"{', '.join(on.labels)}: fitted {on.date} on {'; '.join(on.data)}"
    if all(label.calibration.method == "none" for label in card.labels):
        return "none: the network's own sigmoid"
    return "Platt scaling, label by label, from validation"


def _training(card: Card, *, run: Run | None) -> Facts:
    rows = [
        ("Command", card.training.command),
        ("Commit", card.training.commit or "not recorded"),
        ("Seed", str(card.training.seed)),
        ("Starting weights", card.training.starting_weights),
        *(("Data", line) for line in card.training.data),
        ("SHA-256 of the training split", card.training.split_sha256 or "not known"),
    ]
    if run is not None:
        rows += [("Recipe", run.file.recipe or "not recorded")]
        rows += [("Data of the run", _plain(one)) for one in run.file.data]
        rows += [(f"SHA-256 of the split of {name}", split) for name, split in sorted(run.file.stage_splits.items())]
        rows += [(f"Environment: {name}", _plain(value)) for name, value in sorted(run.file.environment.items())]
    return Facts(title="Training", rows=tuple(rows))


def _settings(card: Card, *, run: Run | None) -> Facts:
    settings: Mapping[str, Any] = card.training.recipe if run is None else run.file.settings
    rows = tuple((name, _plain(value)) for name, value in sorted(settings.items()))
    return Facts(title="Settings of the training", rows=rows, folded=True)


def _software() -> Facts:
    rows = [("hilum", __version__), ("Python", platform.python_version())]
    rows += [(name, version(name)) for name in _LIBRARIES]
    return Facts(title="Software of this evaluation", rows=tuple(rows))


def _software_line() -> str:
    return ", ".join(f"{name} {value}" for name, value in _software().rows)


def _preprocessing(spec: PreprocessSpec) -> str:
    return "; ".join([*map(_step, spec.steps), "normalisation"])


def _step(step: Step) -> str:
    if isinstance(step, CropLungs):
        return "crop to the lungs"
    if isinstance(step, Equalise):
        return f"histogram equalisation ({step.levels} levels)"
    if isinstance(step, StretchGreys):
        return f"grey scale stretched from percentile {step.low:g} to {step.high:g}"
    zoom = "" if step.zoom == 1.0 else f", zoomed {step.zoom:.3g} times"
    return f"{step.rule} to {step.height} x {step.width} pixels ({step.filter}{zoom})"


def _input(spec: PreprocessSpec) -> str:
    size = spec.output_size
    pixels = "native size" if size is None else f"{size[0]} x {size[1]} pixels"
    return f"{pixels}, {spec.channels} channel{'s' if spec.channels > 1 else ''}"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return "none" if value is None else str(value)
