"""Write the table of the local demonstration: `python docs/make_chest14.py [REPORT_JSON] [--check]`.

With the `report.json` of `hilum evaluate` its figures are kept in `docs/results/chest14-local.json` first: aggregated
figures alone, which name no image and no patient. No figure of the page is typed by hand.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from kept_study import write_kept
from markers import ROOT, table, write_or_check

from hilum.evaluation.study.interval_sentence import METHOD, interval_sentence

RESULT = ROOT / "docs" / "results" / "chest14-local.json"
PAGE = "docs/how-to/train-chest14.md"
NOT_MEASURED = "Not measured for this version; `hilum evaluate` does."
_OF_ALL = ("n", "patients", "mean_auroc", "mean_auroc_ci", "mean_labels", "protocol", "split_sha256", "bootstrap")
_OF_LABEL = ("n", "positives", "auroc", "auroc_ci", "ap", "ap_ci")

Json = dict[str, Any]


def keep(report: Path, *, result: Path = RESULT) -> None:
    """Keep the figures of a whole evaluation; raises `SystemExit` for a smoke run's and for what is no report."""
    content = json.loads(report.read_text(encoding="utf-8"))
    judged = content.get("judgement") if isinstance(content, dict) else None
    if judged is None or content.get("smoke") is not False:
        raise SystemExit(f"expected the report.json of an evaluation that is no smoke run, came {report}; none is kept")
    kept = _kept(judged, names=_OF_ALL)
    kept["labels"] = {label: _kept(one, names=_OF_LABEL) for label, one in judged["labels"].items()}
    write_kept(kept, result=result)


def ours(result: Path = RESULT) -> str:
    """AUROC and average precision of each label, with the protocol above; or that none was measured."""
    if not result.is_file():
        return NOT_MEASURED
    kept = json.loads(result.read_text(encoding="utf-8"))
    said = (
        f"Protocol: {kept['protocol']}. {kept['n']:,} images of {kept['patients']:,} patients, SHA-256 of the judged "
        f"images `{kept['split_sha256'][:16]}`. {interval_sentence(kept)}. Calibration and operating "
        "points were chosen on the same images."
    )
    rows = [
        (label, f"{one['n']:,} ({one['positives']:,})", _value(one, "auroc"), _value(one, "ap"))
        for label, one in kept["labels"].items()
    ]
    mean = (f"**mean of {len(kept['mean_labels'])}**", "", _value(kept, "mean_auroc"), "")
    return f"{said}\n\n{table(('finding', 'n (ill)', 'AUROC', 'average precision'), [*rows, mean])}"


def _kept(one: Json, *, names: tuple[str, ...]) -> Json:
    """What has these names, and what made an interval among them, where that is written down."""
    methods = (f"{name}{METHOD}" for name in names)
    return {name: one[name] for name in names} | {name: one[name] for name in methods if name in one}


def _value(one: Json, name: str) -> str:
    if one[name] is None:
        return "one outcome only"
    low, high = one[f"{name}_ci"]
    return f"{one[name]:.3f} [{low:.3f}, {high:.3f}]"


def main(words: list[str]) -> int:
    """Write, or check with `--check`."""
    for report in (word for word in words if word != "--check"):
        keep(Path(report))
    return write_or_check({PAGE: {"chest14-local": ours()}}, check="--check" in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
