"""Whether a model's score rests on the lungs: it is asked again with the lungs hidden, and with as much else hidden.

    python benchmarks/faithfulness.py BUNDLE --data kermany=chest_xray --part validation --out benchmarks/results

BUNDLE is a name on the shelf or a folder. A picture counts where the model calls it positive and its lungs are trusted.
Its whole lungs are blacked out (with `--fill mean`, filled with the picture's mean grey, which in lungs looks like
shadow), then, several times, a region of exactly as many pixels outside them: the highest places of a smooth random
field on what is not lung, so one or a few blobs. The lungs move the score more where the logit changes further, up or
down, than it does in the mean over these regions. A model that cuts to the lungs or averages inside them keeps those
that were drawn of the picture as it is. Also printed: the median share of the positive heatmap inside the lungs.

`--part validation` takes the images that the bundle names as its validation, `unseen` those that it neither learnt from
nor was validated on, outside what the release holds out. With `--split split.json` a part of that file is taken.
`--part test` is a look at the official test: it needs `--ledger` and `--out`. Needs the base installation with the
extra that reads releases. A picture takes the time of `--draws` + 2 readings.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from hilum.bundle.load import Bundle
from hilum.bundle.seen_images import FILE_HASH_BYTES, seen_images_of
from hilum.bundle.shelf import SHIPPED_LUNGS, named_bundle
from hilum.datasets.read_releases import read_releases
from hilum.datasets.records.held_out import is_held_out
from hilum.datasets.records.record import Record
from hilum.datasets.splits.saved import load_split
from hilum.errors import HilumError
from hilum.evaluation.bundles.look import begin_look, end_other_look
from hilum.evaluation.bundles.part import AskedPart, official_part
from hilum.evaluation.bundles.seen_part import seen_records
from hilum.evaluation.predictions.overlap import NO
from hilum.evaluation.predictions.patient_median import patient_median
from hilum.imaging.decode import decode, read_file
from hilum.imaging.preprocess import preprocess
from hilum.radiograph import Pixels, Radiograph
from hilum.reading.engines.engine import available_cores
from hilum.reading.engines.onnxruntime_engine import OnnxRuntimeEngine
from hilum.reading.gate.rules import NOT_JUDGED
from hilum.reading.lungs.drawing import LungDrawing, Mask
from hilum.reading.open_models import OpenModels, Specialist, open_models
from hilum.reading.specialists.opinion import Case
from hilum.reading_result import Finding
from hilum.statistics.clustered_share import share_of_rows
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import defined
from measuring import head, say, target, target_lines, write

VALIDATION, UNSEEN, TEST = "validation", "unseen", "test"
FAITHFUL, INSIDE = 0.90, 0.65
"""What a model that looks at the lungs should reach."""
FILLS = {"black": "faithfulness.json", "mean": "faithfulness-mean.json"}
"""What hides, and the file that the figures go to."""
_HIDING = {"black": "blacking out", "mean": "greying out"}
CELLS = 7
"""Of the random field, a side: a region's blobs are about as large as a lung."""


@dataclass(frozen=True)
class Moved:
    """Of one positive picture: how far its logit moves, and the share of its map inside the lungs (or None)."""

    patient: str
    by_lungs: float
    elsewhere: tuple[float, ...]
    inside: float | None

    @property
    def faithful(self) -> bool:
        """Whether hiding the lungs moves the logit further than hiding as much elsewhere does in the mean."""
        return abs(self.by_lungs) > np.mean(np.abs(self.elsewhere))


@dataclass(frozen=True)
class Tally:
    """All that was measured; `crowded` are pictures that have less outside the lungs than inside."""

    positives: int
    untrusted: int
    crowded: int
    moved: tuple[Moved, ...]


def main() -> None:
    arguments = parse()
    try:
        run(arguments)
    except HilumError as error:
        raise SystemExit(f"faithfulness: {error}") from error


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", help="a model's name on the shelf, or its folder")
    parser.add_argument("--data", required=True, metavar="NAME=FOLDER", help="a release and where it lies")
    parser.add_argument("--part", default=VALIDATION, help="validation, unseen, test, or a part of --split")
    parser.add_argument("--split", type=Path, help="a split.json whose part is taken")
    parser.add_argument("--lungs", default=SHIPPED_LUNGS, help="what draws the lungs that are hidden")
    parser.add_argument("--finding", help="the model's finding, by default its first")
    parser.add_argument("--fill", choices=FILLS, default="black", help="what hides: black, or the picture's mean grey")
    parser.add_argument("--draws", type=int, default=4, help="regions elsewhere, for each picture")
    parser.add_argument("--seed", type=int, default=0, help="of the regions")
    parser.add_argument("--images", type=int, help="at most so many images, spread evenly")
    parser.add_argument("--ledger", type=Path, help="the ledger of looks at test images")
    parser.add_argument("--out", type=Path, help="folder for faithfulness.json")
    parser.add_argument("--threads", type=int, default=available_cores(), help="cores that a network may use")
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> None:
    bundle, lungs = named_bundle(arguments.bundle), named_bundle(arguments.lungs)
    say("reading the release")
    name, _, folder = arguments.data.partition("=")
    records = read_releases([(name, Path(folder))], allowed=(name,)).records
    part = chosen(records, bundle=bundle, arguments=arguments)
    if part.is_test:
        if arguments.ledger is None or arguments.out is None:
            raise SystemExit(f"faithfulness: --part {part.name} is a look at held-out images: give --ledger and --out")
        begin_look(bundle=bundle, part=part, folder=arguments.out, ledger=arguments.ledger)
    opened = open_models(
        [bundle, lungs], engine=OnnxRuntimeEngine(), threads=arguments.threads, heatmaps="all", lungs=True
    )
    finding = arguments.finding or bundle.card.label_names[0]
    tally = measured(part.records, opened=opened, finding=finding, arguments=arguments, every=50)
    report = head(threads=arguments.threads, quick=arguments.images is not None) | {
        "bundle": f"{bundle.card.name} {bundle.card.version}",
        "bundle_sha256": bundle.sha256,
        "lungs": f"{lungs.card.name} {lungs.card.version}",
        "finding": finding,
        "protocol": part.protocol,
        "split_sha256": part.split_sha256,
        "images": len(part.records),
        "fill": arguments.fill,
        "draws": arguments.draws,
        "seed": arguments.seed,
        **figures(tally, fill=arguments.fill),
    }
    print("\n".join(table(report)))
    if part.is_test:
        end_look(report, bundle=bundle, folder=arguments.out, ledger=arguments.ledger)
    write(report, folder=arguments.out, name=FILLS[arguments.fill])


def chosen(records: Sequence[Record], *, bundle: Bundle, arguments: argparse.Namespace) -> AskedPart:
    """The part that was asked for."""
    if arguments.split is not None:
        split = load_split(arguments.split, records=records)
        if arguments.part not in split.parts:
            raise SystemExit(f"faithfulness: expected --part among {', '.join(split.parts)}, came {arguments.part}")
        own, protocol, sha256 = split.parts[arguments.part], f"{split.protocol}; {arguments.part}", split.sha256
    elif arguments.part == TEST:
        part = official_part(records, bundle=bundle, name=TEST)
        own, protocol, sha256 = part.records, part.protocol, part.split_sha256
    else:
        own, protocol = told_by(bundle, records=records, part=arguments.part)
        sha256 = bundle.sha256
    if arguments.images is not None and arguments.images < len(own):
        own = tuple(own[place] for place in np.linspace(0, len(own) - 1, arguments.images).astype(int))
    return AskedPart(
        name=arguments.part,
        records=tuple(own),
        protocol=protocol,
        split_sha256=sha256,
        is_test=any(map(is_held_out, own)),
        validation={},
    )


def told_by(bundle: Bundle, *, records: Sequence[Record], part: str) -> tuple[tuple[Record, ...], str]:
    """The images of `validation` or `unseen`, by the hashes that the bundle keeps of its training, and how in words."""
    seen = seen_images_of(bundle)
    pool = [record for record in records if not is_held_out(record)]
    if part not in (VALIDATION, UNSEEN):
        raise SystemExit(f"faithfulness: expected --part validation, unseen, test or one of --split, came {part}")
    if seen is None:
        raise SystemExit(
            f"faithfulness: {bundle.card.name} does not name its training images, so nobody knows what it has not "
            "seen; give --split and a part of it"
        )
    if part == VALIDATION:
        trained, validated = ({row.tobytes() for row in each.files} for each in (seen.train, seen.validation))
        own = [one for one in pool if _begins(one) in validated and _begins(one) not in trained]
    else:
        say(f"comparing {len(pool):,} images with those that the model saw")
        own = [one for one, where in zip(pool, seen_records(pool, bundle=bundle) or (), strict=True) if where == NO]
    if not own:
        raise SystemExit(f"faithfulness: expected images of the part {part} of {bundle.card.name}, came none")
    return tuple(own), f"{part}: told by the hashes of its training images that {bundle.card.name} keeps"


def measured(
    records: Sequence[Record], *, opened: OpenModels, finding: str, arguments: argparse.Namespace, every: int
) -> Tally:
    """Every picture read, and each positive one with trusted lungs read again with parts hidden."""
    (specialist,), drawer = opened.specialists, opened.lungs.shown
    draws, seed = arguments.draws, arguments.seed
    positives = untrusted = crowded = 0
    moved = []
    for place, record in enumerate(records):
        if place % every == 0:
            say(f"{place:,} of {len(records):,} images, {positives:,} positive")
        radiograph = decode(read_file(record.path), name=record.image)
        shown = drawer.find(radiograph)
        own = shown if specialist.lungs in (None, drawer) else specialist.lungs.find(radiograph)
        (opinion,) = specialist.read([case(radiograph, radiograph.pixels, specialist=specialist, lungs=own)])
        found = next(one for one in opinion.findings if one.name == finding)
        if not called(found):
            continue
        positives += 1
        if not shown.trusted:
            untrusted += 1
            continue
        mask = shown.masks(shown.lungs.boxed).union
        if 2 * np.count_nonzero(mask) > mask.size:
            crowded += 1
            continue
        regions = [mask, *(elsewhere(mask, seed=(seed, place, draw)) for draw in range(draws))]
        hidden = specialist.read(
            [
                case(
                    radiograph, filled(radiograph.pixels, region, fill=arguments.fill), specialist=specialist, lungs=own
                )
                for region in regions
            ]
        )
        by_lungs, *others = (_logit(one.findings, finding) - found.logit for one in hidden)
        maps = [heatmap for heatmap in opinion.heatmaps if heatmap.finding == finding]
        inside = shown.inside_share(maps[0]) if maps else None
        moved.append(Moved(record.patient, by_lungs, tuple(others), inside))
    return Tally(positives, untrusted, crowded, tuple(moved))


def called(finding: Finding) -> bool:
    """Whether the probability reaches the operating point, whatever the scope says of the picture."""
    if finding.operating_point is None:
        raise SystemExit(f"faithfulness: {finding.model} has no operating point for {finding.name}")
    return finding.probability >= finding.operating_point


def case(radiograph: Radiograph, pixels: Pixels, *, specialist: Specialist, lungs: LungDrawing) -> Case:
    """Pixels (H, W) as the specialist takes them, with the lungs that were drawn of the radiograph as it is."""
    card = specialist.card
    spec = card.crop_preprocess
    crop = None if spec is None else preprocess(pixels, spec=spec, lung_box=lungs.crop)
    whole = crop if crop is not None and card.preprocess == spec else preprocess(pixels, spec=card.preprocess)
    return Case(radiograph, whole, NOT_JUDGED, crop, lungs, assume_scope=True)


def filled(pixels: Pixels, region: Mask, *, fill: str) -> Pixels:
    """Pixels (H, W) with black inside the region, or with the mean grey of all of them."""
    return np.where(region, np.float32(pixels.mean() if fill == "mean" else 0.0), pixels)


def elsewhere(mask: Mask, *, seed: tuple[int, ...]) -> Mask:
    """A region outside the mask (H, W) of exactly as many pixels; the same seed gives the same region.

    It is where a smooth random field, of CELLS x CELLS normal numbers interpolated bicubically, is highest.
    """
    rows, columns = mask.shape
    coarse = np.random.default_rng(seed).normal(size=(CELLS, CELLS)).astype(np.float32)
    field = np.asarray(Image.fromarray(coarse).resize((columns, rows), Image.Resampling.BICUBIC)).copy()
    field[mask] = -np.inf
    area = int(np.count_nonzero(mask))
    region = np.zeros(mask.size, np.bool_)
    region[np.argsort(-field, axis=None, kind="stable")[:area]] = True
    return region.reshape(mask.shape)


def figures(tally: Tally, *, fill: str) -> dict[str, object]:
    """What the report says of the pictures, with intervals by patient."""
    patients = [one.patient for one in tally.moved]
    inside = np.array([np.nan if one.inside is None else one.inside for one in tally.moved])
    known = ~np.isnan(inside)
    outside = [float(value < 0.5) for value in inside[known]]
    faithful = _share([one.faithful for one in tally.moved], patients)
    median_inside = defined(patient_median(inside, patients=patients)) if patients else None
    hiding = _HIDING[fill]
    wanted = [
        (f"positives in which {hiding} the lungs moves the score more than as much elsewhere", faithful, FAITHFUL),
        ("median share of a positive heatmap inside the lungs", median_inside, INSIDE),
    ]
    return {
        "positives": tally.positives,
        "lungs not trusted": tally.untrusted,
        "more lungs than anything else": tally.crowded,
        "measured": len(tally.moved),
        "faithful": _numbers(faithful),
        "median move by the lungs, logits": _median([one.by_lungs for one in tally.moved]),
        "median of mean move elsewhere, logits": _median(
            [float(np.mean(np.abs(one.elsewhere))) for one in tally.moved]
        ),
        "median map inside the lungs": _numbers(median_inside),
        "map mostly outside": _numbers(_share(outside, [p for p, there in zip(patients, known, strict=True) if there])),
        "targets": [target(what, found.value, at_least=least) for what, found, least in wanted if found is not None],
    }


def table(report: dict) -> list[str]:
    def shown(name: str) -> str:
        found = report[name]
        return "none" if found is None else f"{found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})"

    lines = [
        f"{report['bundle']}, {report['finding']}, hilum {report['hilum']}",
        report["protocol"],
        f"{report['images']:,} images, {report['positives']:,} called positive; of these "
        f"{report['lungs not trusted']:,} without trusted lungs, "
        f"{report['more lungs than anything else']:,} with more lungs than anything else, "
        f"{report['measured']:,} measured, {report['draws']} regions elsewhere each, filled with {report['fill']}",
        f"  lungs move the score more: {shown('faithful')}",
        f"  median move when the lungs are hidden, logits: {report['median move by the lungs, logits']}",
        f"  median of the mean move elsewhere, logits: {report['median of mean move elsewhere, logits']}",
        f"  median share of the heatmap inside the lungs: {shown('median map inside the lungs')}",
        f"  heatmaps mostly outside: {shown('map mostly outside')}",
    ]
    return [*lines, "", "targets", *target_lines(report["targets"])]


def end_look(report: dict, *, bundle: Bundle, folder: Path, ledger: Path) -> None:
    """The result of the look, after its intent."""
    found = {
        name.replace(" ", "_"): report[name]["value"]
        for name in ("faithful", "median map inside the lungs")
        if report[name]
    }
    about = {"label": report["finding"], "n": report["images"], "judged": "benchmarks/faithfulness.py"}
    end_other_look(about | found, bundle=bundle, folder=folder, ledger=ledger)


def _begins(record: Record) -> bytes:
    return bytes.fromhex(record.sha256)[:FILE_HASH_BYTES]


def _logit(findings: Sequence[Finding], name: str) -> float:
    return next(one.logit for one in findings if one.name == name)


def _share(right: Sequence[bool | float], patients: Sequence[str]) -> Estimate | None:
    return defined(share_of_rows(right, groups=patients)) if patients else None


def _median(values: Sequence[float]) -> float | None:
    return round(float(np.median(values)), 3) if values else None


def _numbers(found: Estimate | None) -> dict[str, float | None] | None:
    if found is None:
        return None
    low, high = found.interval or (float("nan"), float("nan"))
    return {"value": round(found.value, 4), "low": round(low, 4), "high": round(high, 4)}


if __name__ == "__main__":
    main()
