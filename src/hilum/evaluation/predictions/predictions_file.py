"""The predictions file: Parquet with one row an image, the way evaluation takes in anybody's model.

Columns `image`, `patient`, `split`; optionally `age_years`, `sex`, `view`, `source`, `seen` (where the model's training
saw the image, of `hilum evaluate`); then `truth:<label>` (0, 1, null)
and `score:<label>` (probability). The protocol string stands in the file's metadata under `protocol`, and the labels
of the protocol's own mean may stand under `mean_labels` as a JSON list. `design` (`held out` or `cross-validated`) and
`smoke` (`true` or `false`) stand there too; how a file without them is read is in `design.py`. `patients` =
`unknown` says that nothing tells patients apart and each image counts as one.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from hilum.datasets.own.patient_cells import group_in
from hilum.errors import DataError, FileAccessError, OutputError
from hilum.evaluation.predictions.design import Design, read_design, read_smoke
from hilum.evaluation.predictions.predictions import Predictions, Texts
from hilum.stated import parse_sex, parse_view
from hilum.statistics.outcomes import FloatArray
from hilum.whole_files import fill_whole

__all__ = ["Predictions", "read_predictions", "write_predictions"]

_NEEDED = ("image", "patient", "split")


PATIENTS_UNKNOWN = "unknown"
"""The value of the metadata's field `patients` where nothing tells patients apart."""


def read_predictions(path: Path, *, design: Design | None = None) -> Predictions:
    """Read and check a predictions file; `design` is that of a file which does not say it itself.

    Raises `FileAccessError` where it cannot be opened and `DataError`, in one line that names the file, for anything
    malformed: no Parquet, columns missing, scores that are no probabilities, images that come twice.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileAccessError(f"cannot read {path}: {error.strerror}; check the path and its permissions") from error
    try:
        table = pq.ParquetFile(io.BytesIO(content)).read()
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} is not a predictions file in Parquet ({reason})") from error
    try:
        return _from_table(table, stated=design)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def write_predictions(predictions: Predictions, *, path: Path) -> None:
    """Write the file whole or not at all; what stood at `path` is replaced in one step.

    Raises `OutputError` where it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fill_whole(path, fill=partial(pq.write_table, _to_table(predictions), compression="zstd"))
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; make room or choose another place") from error


def _to_table(p: Predictions) -> pa.Table:
    columns: dict[str, pa.Array] = {
        "image": pa.array(p.image, pa.string()),
        "patient": pa.array(p.patient, pa.string()),
        "split": pa.array(p.split, pa.string()),
    }
    if p.age_years is not None:
        columns["age_years"] = pa.array(p.age_years, pa.float64(), from_pandas=True)
    for name, texts in (("sex", p.sex), ("view", p.view), ("source", p.source), ("seen", p.seen)):
        if texts is not None:
            columns[name] = pa.array(texts, pa.string())
    for column, label in enumerate(p.labels):
        columns[f"truth:{label}"] = pa.array(p.truth[:, column], from_pandas=True).cast(pa.int8())
        columns[f"score:{label}"] = pa.array(p.scores[:, column], pa.float64(), from_pandas=True)
    metadata = {"protocol": p.protocol, "design": p.design, "smoke": "true" if p.smoke else "false"}
    if not p.patients_known:
        metadata["patients"] = PATIENTS_UNKNOWN
    if p.mean_labels is not None:
        metadata["mean_labels"] = json.dumps(p.mean_labels)
    return pa.table(columns).replace_schema_metadata(metadata)


def _from_table(table: pa.Table, *, stated: Design | None) -> Predictions:
    names = table.column_names
    if len(set(names)) < len(names):
        raise DataError("Two columns have the same name. Give each column a name of its own")
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise DataError(f"The file lacks the columns {', '.join(missing)}. Needed: {', '.join(_NEEDED)}")
    labels = _labels(names)
    sex, view = _texts(table, "sex"), _texts(table, "view")
    metadata = _metadata(table)
    protocol = _protocol(metadata)
    return Predictions(
        image=_needed_texts(table, "image"),
        patient=_needed_texts(table, "patient"),
        split=_needed_texts(table, "split"),
        labels=labels,
        truth=np.stack([_numbers(table, f"truth:{label}") for label in labels], axis=1),
        scores=np.stack([_numbers(table, f"score:{label}") for label in labels], axis=1),
        protocol=protocol,
        age_years=_numbers(table, "age_years") if "age_years" in names else None,
        sex=None if sex is None else tuple(group_in(text, parse=parse_sex) for text in sex),
        view=None if view is None else tuple(group_in(text, parse=parse_view) for text in view),
        source=_texts(table, "source"),
        seen=_texts(table, "seen"),
        mean_labels=_mean_labels(metadata),
        design=read_design(metadata, protocol=protocol, stated=stated),
        smoke=read_smoke(metadata, protocol=protocol),
        patients_known=metadata.get("patients") != PATIENTS_UNKNOWN,
    )


def _labels(names: list[str]) -> tuple[str, ...]:
    truths = [name.removeprefix("truth:") for name in names if name.startswith("truth:")]
    scores = [name.removeprefix("score:") for name in names if name.startswith("score:")]
    unpaired = sorted(set(truths) ^ set(scores))
    if unpaired:
        has, lacks = ("truth", "score") if unpaired[0] in truths else ("score", "truth")
        raise DataError(
            f"{lacks}:{unpaired[0]} is missing: there is {has}:{unpaired[0]}, and every label needs truth:LABEL and "
            "score:LABEL"
        )
    if not truths:
        raise DataError("The file has no label: for each, add the columns truth:LABEL and score:LABEL")
    return tuple(truths)


def _texts(table: pa.Table, name: str) -> Texts | None:
    if name not in table.column_names:
        return None
    values = table.column(name).to_pylist()
    return tuple(None if value is None or not str(value).strip() else str(value).strip() for value in values)


def _needed_texts(table: pa.Table, name: str) -> tuple[str, ...]:
    found = tuple(value for value in _texts(table, name) or () if value is not None)
    if len(found) < table.num_rows:
        raise DataError(f"{name} is empty in {table.num_rows - len(found)} rows. Fill it in every row")
    return found


def _numbers(table: pa.Table, name: str) -> FloatArray:
    column = table.column(name)
    try:
        return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)
    except pa.ArrowException as error:
        raise DataError(f"{name} must hold numbers; it holds {column.type}") from error


def _metadata(table: pa.Table) -> dict[str, str]:
    found = table.schema.metadata or {}
    return {name.decode(errors="replace"): value.decode(errors="replace").strip() for name, value in found.items()}


def _protocol(metadata: Mapping[str, str]) -> str:
    protocol = metadata.get("protocol", "")
    if not protocol:
        raise DataError(
            "The protocol is missing: a sentence that says how the split and the labels were made. Give it as "
            "'protocol' in the Parquet metadata (pyarrow's table.replace_schema_metadata)"
        )
    return protocol


def _mean_labels(metadata: Mapping[str, str]) -> tuple[str, ...] | None:
    text = metadata.get("mean_labels")
    if text is None:
        return None
    try:
        names = json.loads(text)
    except ValueError as error:
        raise DataError("mean_labels in the Parquet metadata is no JSON. Write a JSON list of labels") from error
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise DataError("mean_labels in the Parquet metadata must be a JSON list of labels")
    return tuple(names)
