"""A part: the rows of one shard as a Parquet file, with the plan that it belongs to; the same rows, the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import BinaryIO

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from hilum.errors import DataError
from hilum.screening.part_row import Row

_FINDING = pa.struct(
    [
        ("model", pa.string()),
        ("name", pa.string()),
        ("logit", pa.float64()),
        ("probability", pa.float64()),
        ("operating_point", pa.float64()),
        ("positive", pa.bool_()),
        ("in_scope", pa.bool_()),
    ]
)
SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("sha256", pa.string()),
        ("status", pa.string()),
        ("error_kind", pa.string()),
        ("error", pa.string()),
        ("gate", pa.string()),
        ("xray_type", pa.string()),
        ("view", pa.string()),
        ("findings", pa.list_(_FINDING)),
        ("warnings", pa.list_(pa.string())),
        ("reading", pa.string()),
    ]
)
_PLAN, _SHARD = b"hilum.plan", b"hilum.shard"
COMPRESSION = "zstd"


def part_bytes(rows: Sequence[Row], *, plan_sha256: str, shard: int) -> bytes:
    """The part of a shard, its rows in the plan's order."""
    schema = SCHEMA.with_metadata({_PLAN: plan_sha256.encode(), _SHARD: str(shard).encode()})
    table = pa.Table.from_pylist([_printable(row) for row in rows], schema=schema)
    file = io.BytesIO()
    pq.write_table(table, file, compression=COMPRESSION)
    return file.getvalue()


def check_part(file: BinaryIO, *, name: str, plan_sha256: str, shard: int) -> int:
    """How many rows a part has, by its footer alone.

    Raises `DataError` where it is no part, or that of another plan: of other films, models or settings.
    """
    return int(_footer(file, name=name, plan_sha256=plan_sha256, shard=shard).metadata.num_rows)


def read_part(
    data: bytes, *, name: str, plan_sha256: str, shard: int, columns: Sequence[str] | None = None
) -> pa.Table:
    """The rows of a part, or some `columns` of them. Raises `DataError` as `check_part` does."""
    wanted = None if columns is None else list(columns)
    try:
        return _footer(io.BytesIO(data), name=name, plan_sha256=plan_sha256, shard=shard).read(columns=wanted)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(name) from error


def _footer(file: BinaryIO, *, name: str, plan_sha256: str, shard: int) -> pq.ParquetFile:
    try:
        found = pq.ParquetFile(file)
        metadata = found.schema_arrow.metadata or {}
    except (pa.ArrowException, OSError) as error:
        raise _damaged(name) from error
    if metadata.get(_PLAN) != plan_sha256.encode() or metadata.get(_SHARD) != str(shard).encode():
        raise DataError(
            f"{name} was written by another plan, with other films, models or settings; move it away and give the same "
            "command again"
        )
    return found


def _damaged(name: str) -> DataError:
    return DataError(f"{name} is damaged; move it away, and hilum screen run reads its shard again")


def _printable(row: Row) -> Row:
    """File names may hold bytes that are no text; in a table they stand as they would be printed."""
    return {**row, **{name: _text(row[name]) for name in ("name", "error")}}


def _text(value: str | None) -> str | None:
    return None if value is None else value.encode("utf-8", "backslashreplace").decode("utf-8")
