"""The figures of a study that a page of the documentation shows: aggregated ones, kept beside the pages."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from hilum.evaluation.study.as_json import read_study_json


def keep_study(path: Path, *, study: str, left_out: Collection[str], result: Path, some_folds: bool = False) -> None:
    """Keep the `study.json` at `path` in `result`, without the keys `left_out`.

    Raises `SystemExit` where it is a smoke run, or not whole and `some_folds` are not enough.
    """
    content = read_study_json(path, study=study)
    if content["smoke"] or (not some_folds and content["folds_done"] < content["folds"]):
        kind = "a smoke run" if content["smoke"] else f"{content['folds_done']} of {content['folds']} folds"
        raise SystemExit(f"expected a whole study, came {kind} in {path}; no figure of it is kept")
    write_kept({name: value for name, value in content.items() if name not in left_out}, result=result)


def write_kept(content: dict[str, Any], *, result: Path) -> None:
    """Write figures as every kept result is written."""
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
