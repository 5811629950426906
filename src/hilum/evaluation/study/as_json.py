"""A study as JSON: aggregated figures alone, with no name of an image or a patient."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hilum.errors import DataError
from hilum.evaluation.comparing.many_models import LabelAurocs, ModelAurocs
from hilum.evaluation.comparing.many_predictions import Pair
from hilum.evaluation.comparing.pair_tests import PairTests
from hilum.evaluation.comparing.paired_t import PairedT
from hilum.evaluation.comparing.published import PublishedTable
from hilum.evaluation.predictions.estimate_text import estimate_json
from hilum.evaluation.study.claims import ClaimResult
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.section import SectionContent
from hilum.evaluation.study.study import Study
from hilum.evaluation.study.training_time import time_json
from hilum.statistics.estimate import LEVEL, Estimate
from hilum.version import __version__

STUDY_NAME = "study.json"
SCHEMA = "hilum.study/1"

Json = dict[str, Any]


def study_json(study: Study, *, content: StudyContent, sections: tuple[SectionContent, ...] = ()) -> Json:
    """The object of `study.json`; a pair reads `first - second`, and each section's numbers stand under its key."""
    run, file = content.run, content.run.file
    return {
        "schema": SCHEMA,
        "study": study.name,
        "title": study.title,
        "hilum": __version__,
        "smoke": content.smoke,
        "protocol": content.protocol,
        "split_sha256": file.split_sha256,
        "judged_sha256": content.predictions.first.split_sha256,
        "recipe": file.recipe,
        "command": file.command,
        "commit": file.commit,
        "environment": dict(file.environment),
        "settings": dict(file.settings),
        "folds": run.folds,
        "folds_done": run.folds_done,
        "calibrations": run.calibrations,
        "not_calibrated": run.not_calibrated,
        **time_json(run.time),
        "bootstrap": {"by": "patient", "replicates": content.replicates, "level": LEVEL, "seed": content.seed},
        "arms": study.titles,
        "ours": _group(content.aurocs),
        "groups": {
            column: {
                one.group: {
                    "n": one.n,
                    "too_few_positives": list(one.too_few),
                    **({} if one.aurocs is None else _group(one.aurocs)),
                }
                for one in groups
            }
            for column, groups in content.groups.items()
        },
        "tests": {_named(one.pair): _tests(one, alpha=study.t_level) for one in content.tests},
        "claims": [claim_json(one) for one in content.claims],
        "paper": None if study.published is None else _published(study.published),
        "sections": {one.key: one.numbers for one in sections if one.numbers is not None},
    }


def study_json_bytes(study: Study, *, content: StudyContent, sections: tuple[SectionContent, ...] = ()) -> bytes:
    """The file `study.json`."""
    found = study_json(study, content=content, sections=sections)
    return (json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read_study_json(path: Path, *, study: str) -> Json:
    """The object of a `study.json` of the study of this name.

    Raises `DataError` where the file holds anything else, an older study's among them.
    """
    try:
        found: Json = json.loads(path.read_text(encoding="utf-8"))
        schema, name = found["schema"], found.get("study")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} does not hold a study ({error}). Run `hilum study {study}` first") from error
    if schema != SCHEMA or name != study:
        kept_as = f"{schema} of {name}" if name else schema
        raise DataError(
            f"{path} holds {kept_as}, not {SCHEMA} of {study}. Run `hilum study {study} --tables-only` with this "
            "version of hilum"
        )
    return found


def _named(pair: Pair) -> str:
    return f"{pair[0]} - {pair[1]}"


def _group(aurocs: ModelAurocs) -> Json:
    return {
        "n": aurocs.n,
        "patients": aurocs.patients,
        "labels": {one.label: _label(one) for one in aurocs.labels},
        "mean_left_out": list(aurocs.left_out),
        "mean_auroc": {arm: _estimate(found) for arm, found in aurocs.mean.items()},
        "mean_difference": {_named(pair): _estimate(found) for pair, found in aurocs.mean_difference.items()},
        "classes_above": {_named(pair): asdict(found) for pair, found in aurocs.wins.items()},
    }


def _label(one: LabelAurocs) -> Json:
    found: Json = {"n": one.n, "positives": one.positives}
    if one.undefined is not None:
        return {**found, "undefined": one.undefined}
    return {
        **found,
        "auroc": {arm: _estimate(area) for arm, area in one.auroc.items()},
        "difference": {_named(pair): _estimate(apart) for pair, apart in one.difference.items()},
    }


def _tests(one: PairTests, *, alpha: float) -> Json:
    t = one.paired_t
    return {
        "paired_t": {"t": t.t, "p": t.p_value, "classes": t.n, "alpha": alpha}
        if isinstance(t, PairedT)
        else {"undefined": t.reason},
        "mean_difference": _estimate(one.mean_difference),
        "labels": {
            each.label: {
                "bootstrap_p": each.bootstrap_p,
                "bootstrap_p_holm": each.bootstrap_p_holm,
                "fold_delong": None if each.delong is None else asdict(each.delong),
                "fold_delong_p_holm": each.delong_p_holm,
            }
            for each in one.labels
        },
    }


def claim_json(one: ClaimResult) -> Json:
    """One claim with its numbers and verdict."""
    return {
        "key": one.key,
        "claim": one.claim,
        "paper": one.paper,
        "paper_holds": one.paper_holds,
        "ours": one.ours,
        **estimate_json("difference", one.difference),
        "verdict": one.verdict,
    }


def _published(published: PublishedTable) -> Json:
    return {
        "source": published.source,
        "protocol": published.protocol,
        "auroc": {label: dict(zip(published.columns, row, strict=True)) for label, row in published.rows.items()},
        "mean": dict(zip(published.columns, published.means, strict=True)),
    }


def _estimate(estimate: Estimate) -> Json:
    return estimate_json("value", estimate)
