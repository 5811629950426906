"""The SDFN study as JSON: aggregated figures alone, with no name of an image or a patient."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hilum.errors import DataError
from hilum.evaluation.comparing.many_models import LabelAurocs, ModelAurocs
from hilum.evaluation.comparing.pair_tests import ALPHA, PairTests
from hilum.evaluation.comparing.paired_t import PairedT
from hilum.evaluation.predictions.estimate_text import estimate_json
from hilum.statistics.estimate import LEVEL, Estimate
from hilum.systems.sdfn.claims import ClaimResult
from hilum.systems.sdfn.paper import MEANS, PROTOCOL, SOURCE, TABLE_1
from hilum.systems.sdfn.predictions import NETWORKS, PAIRS, Pair
from hilum.systems.sdfn.study import SdfnStudy
from hilum.version import __version__
from hilum.whole_files import write_whole

STUDY_NAME = "study.json"
SCHEMA = "hilum.sdfn-study/1"

Json = dict[str, Any]


def sdfn_json(study: SdfnStudy) -> Json:
    """The object of `study.json`; a pair reads `first - second`."""
    run = study.run
    return {
        "schema": SCHEMA,
        "hilum": __version__,
        "smoke": study.smoke,
        "protocol": study.protocol,
        "split_sha256": run.split_sha256,
        "judged_sha256": study.predictions.whole.split_sha256,
        "recipe": run.recipe,
        "command": run.command,
        "commit": run.commit,
        "environment": dict(run.environment),
        "settings": dict(run.settings),
        "folds": run.folds,
        "folds_done": run.folds_done,
        "calibrations": run.calibrations,
        "not_calibrated": run.not_calibrated,
        "lungs": None if run.lungs is None else asdict(run.lungs),
        "bootstrap": {"by": "patient", "replicates": study.replicates, "level": LEVEL, "seed": study.seed},
        "ours": _group(study.aurocs),
        "views": [
            {
                "view": one.view,
                "n": one.n,
                "too_few_positives": list(one.too_few),
                **({} if one.aurocs is None else _group(one.aurocs)),
            }
            for one in study.views
        ],
        "tests": {_named(one.pair): _tests(one) for one in study.tests},
        "claims": [_claim(one) for one in study.claims],
        "paper": {
            "source": SOURCE,
            "protocol": PROTOCOL,
            "auroc": {label: asdict(row) for label, row in TABLE_1.items()},
            "mean": asdict(MEANS),
        },
    }


def write_sdfn_json(study: SdfnStudy, *, folder: Path) -> Path:
    """Write `study.json` into `folder`, whole or not at all."""
    path = folder / STUDY_NAME
    write_whole(path, (json.dumps(sdfn_json(study), indent=1, allow_nan=False) + "\n").encode())
    return path


def read_sdfn_json(path: Path) -> Json:
    """The object of a `study.json`. Raises `DataError` where the file holds anything else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        schema = content["schema"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"expected an SDFN study in {path}, came {error}; run `hilum study sdfn` first") from error
    if schema != SCHEMA:
        raise DataError(f"expected {SCHEMA} in {path}, came {schema}; run `hilum study sdfn` with this hilum")
    found: Json = content
    return found


def _named(pair: Pair) -> str:
    return f"{pair[0]} - {pair[1]}"


def _group(aurocs: ModelAurocs) -> Json:
    return {
        "n": aurocs.n,
        "patients": aurocs.patients,
        "labels": {one.label: _label(one) for one in aurocs.labels},
        "mean_left_out": list(aurocs.left_out),
        "mean_auroc": {network: _estimate(aurocs.mean[network]) for network in NETWORKS},
        "mean_difference": {_named(pair): _estimate(aurocs.mean_difference[pair]) for pair in PAIRS},
        "classes_above": {_named(pair): asdict(aurocs.wins[pair]) for pair in PAIRS},
    }


def _label(one: LabelAurocs) -> Json:
    found: Json = {"n": one.n, "positives": one.positives}
    if one.undefined is not None:
        return {**found, "undefined": one.undefined}
    return {
        **found,
        "auroc": {network: _estimate(one.auroc[network]) for network in NETWORKS},
        "difference": {_named(pair): _estimate(one.difference[pair]) for pair in PAIRS},
    }


def _tests(one: PairTests) -> Json:
    t = one.paired_t
    return {
        "paired_t": {"t": t.t, "p": t.p_value, "classes": t.n, "alpha": ALPHA}
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


def _claim(one: ClaimResult) -> Json:
    return {
        "key": one.key,
        "claim": one.claim,
        "paper": one.paper,
        "paper_holds": one.paper_holds,
        "ours": one.ours,
        **estimate_json("difference", one.difference),
        "verdict": one.verdict,
    }


def _estimate(estimate: Estimate) -> Json:
    return estimate_json("value", estimate)
