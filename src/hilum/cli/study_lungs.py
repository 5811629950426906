"""`hilum study lungs`: five networks, each judged on the fold that it never saw."""

from __future__ import annotations

from pathlib import Path

from hilum.cli.say import say
from hilum.cli.starting import starting_weights
from hilum.datasets.lung_sources import lung_folds, read_lung_sources
from hilum.datasets.record import Record
from hilum.datasets.saved_split import save_split
from hilum.datasets.split import Split
from hilum.errors import UsageError
from hilum.evaluation.lung_flagged import FLAGGED, write_flagged
from hilum.evaluation.lung_judge import draw_again, judge_lungs
from hilum.evaluation.lung_predictions import joined, load_lung_predictions
from hilum.evaluation.lung_study import make_lung_study, write_lung_study
from hilum.evaluation.lung_worst import write_worst
from hilum.evaluation.prediction_design import SMOKE
from hilum.output.atomic import write_whole
from hilum.recipes.lungs import lungs, paper3_lungs, smoke
from hilum.training.lung_cross_validation import PREDICTIONS, run_fold
from hilum.training.lung_images import load_lung_picture
from hilum.training.lung_recipe import LungRecipe

LUNG_STUDIES = ("lungs", "lungs-paper3")
_RECIPE = "recipe.txt"
_SMOKE_STRIDE = 40


def study_lungs(
    study: str, *, data: Path, out: Path, weights: str, workers: int, tables_only: bool, is_smoke: bool
) -> None:
    """Train every fold's network that is not trained yet, and write the tables."""
    recipe = lungs(starting_weights(weights)) if study == "lungs" else paper3_lungs()
    recipe = smoke(recipe) if is_smoke else recipe
    records = read_lung_sources(data)
    records = records[::_SMOKE_STRIDE] if is_smoke else records
    split = lung_folds(records, seed=recipe.seed)
    if not tables_only:
        _run_folds(recipe, records=records, split=split, out=out, workers=workers)
    paths = sorted(out.glob(f"fold-*/{PREDICTIONS}"))
    if not paths:
        raise UsageError(f"expected predictions in {out}, came none; run the study without --tables-only first")
    _write_tables(paths, records=records, split=split, out=out, is_smoke=is_smoke)


def _write_tables(paths: list[Path], *, records: tuple[Record, ...], split: Split, out: Path, is_smoke: bool) -> None:
    by_content = {record.sha256: record for record in records}
    folds = [load_lung_predictions(path) for path in paths]
    together = joined(folds)
    judged = [each for fold in folds for each in judge_lungs(fold, records=by_content)]
    smoke_mark = f"{SMOKE}, the numbers mean nothing: " if is_smoke else ""
    protocol = f"{smoke_mark}{split.protocol}; every picture drawn by the network that never saw its fold"
    study = make_lung_study(judged, split_sha256=split.sha256, protocol=protocol, smoke=is_smoke)
    path = write_lung_study(study, folder=out)
    for source, names in study.worst.items():
        found = [(str(a), str(b)) for a, b in zip(together.source, together.image, strict=True)]
        at = [found.index((source, name)) for name in names]
        cases = [
            (by_content[str(together.sha256[i])].path, draw_again(together, index=i, records=by_content)) for i in at
        ]
        write_worst(cases, path=out / f"worst-{source}.png")
    for figure in study.figures:
        low, high = figure.interval or (float("nan"), float("nan"))
        say(f"{figure.source}: {figure.name} {figure.value:.4f} ({low:.4f} to {high:.4f}), n {figure.n}")
    shown, flagged = write_flagged(together, judged=judged, records=by_content, rule=study.quality, folder=out)
    say(f"{flagged} of {len(judged)} drawings are flagged; {shown} are drawn in {out / FLAGGED}")
    trust = study.trust
    say(
        f"trust, cross-fitted: {trust.bad_untrusted} of {trust.bad} drawings of Dice below 0.90 and "
        f"{trust.good_untrusted} of {trust.n - trust.bad} others are not trusted"
    )
    say(f"wrote {path}")


def _run_folds(recipe: LungRecipe, *, records: tuple[Record, ...], split: Split, out: Path, workers: int) -> None:
    _begin(out, content=f"{recipe}\nsplit {split.sha256}\n")
    save_split(split, path=out / "split.json")
    pictures = [load_lung_picture(record, spec=recipe.preprocess) for record in records]
    for name in split.parts:
        count = len(split.parts[name])
        say(f"{name}: {len(records) - count:,} chests to learn from, {count:,} to draw")
        run_fold(name, recipe=recipe, split=split, pictures=pictures, folder=out, workers=workers)


def _begin(out: Path, *, content: str) -> None:
    """Write down what the folder's networks are trained by; refuse to go on with another recipe or other data."""
    path = out / _RECIPE
    if path.is_file() and path.read_text(encoding="utf-8") != content:
        raise UsageError(f"expected the recipe and data that {path} names, came others; name another --out folder")
    write_whole(path, content.encode())
