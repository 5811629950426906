"""The end of a screening: every part counted, one row for each film and statement, hashes, and the summary page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from hilum.errors import DataError
from hilum.screening.film import FilmRow
from hilum.screening.first_of_content import FirstOfContent
from hilum.screening.part import COMPRESSION, SCHEMA, read_part
from hilum.screening.plan import PARTS, Plan, part_name
from hilum.screening.run import published
from hilum.screening.summary_page import summary_page
from hilum.screening.tally import TALLIED, Tally
from hilum.stated import NOTHING_STATED
from hilum.version import __version__

READINGS, SUMMARY, PAGE, HASHES = "readings.parquet", "summary.json", "summary.html", "parts.sha256"
_GROUP_ROWS = 1_000
"""Rows of a row group of the joined table: some 6 MB of readings, which are held until it is written."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What the summary says: `films` of the plan, of which `copies` have content and statement of an earlier one."""

    films: int
    copies: int
    read: int
    failed: int


def finish(plan: Plan) -> Finished:
    """Join the parts of a plan and write table, summary and page; the same parts give the same files.

    Every part is read twice. Raises `DataError` where a
    shard is not read yet or a part is not this plan's, and `OutputError` where the disk is full.
    """
    _refuse_missing(plan)
    hashes: list[str] = []
    with FirstOfContent() as first:
        counted = 0
        for number, data, table in _parts(plan, columns=["sha256"]):
            hashes.append(f"{hashlib.sha256(data).hexdigest()}  {PARTS}/{part_name(number)}\n")
            first.add(_contents(table.column("sha256").to_pylist(), rows=plan.rows(number)))
            counted += table.num_rows
        if counted != plan.films:
            raise DataError(f"The parts of {plan.place} hold {counted:,} films, not the {plan.films:,} of the plan")
        copies = first.copies()
    tally = Tally()
    plan.place.fill(READINGS, fill=lambda file: _join(plan, file, copies=copies, tally=tally))
    content = "".join(hashes).encode()
    plan.place.fill(HASHES, fill=lambda file: file.writelines([content]))
    summary = _summary(plan, tally, parts_sha256=hashlib.sha256(content).hexdigest())
    text = json.dumps(summary, indent=2).encode() + b"\n"
    page = summary_page(plan, tally).encode("utf-8", "replace")
    plan.place.fill(PAGE, fill=lambda file: file.writelines([page]))
    plan.place.fill(SUMMARY, fill=lambda file: file.writelines([text]))
    plan.place.remove_strays()
    return Finished(tally.films, tally.copies, tally.read, tally.failures.total())


def _contents(hashes: Sequence[str | None], *, rows: Sequence[FilmRow]) -> Iterator[str | None]:
    """What tells readings of one part apart: the SHA-256 of a film's bytes and, where something is said of it, that."""
    for sha256, row in zip(hashes, rows, strict=True):
        stated = row.stated
        told = sha256 is not None and stated != NOTHING_STATED
        yield hashlib.sha256(f"{sha256} {stated!r}".encode()).hexdigest() if told else sha256


def _refuse_missing(plan: Plan) -> None:
    there = published(plan)
    missing = plan.shards - len(there)
    if missing:
        first = next(number for number in range(plan.shards) if number not in there)
        raise DataError(
            f"{missing:,} of {plan.shards:,} shards are not read yet, the first is {first}; read them: "
            f"hilum screen run {plan.place}"
        )


def _parts(plan: Plan, *, columns: Sequence[str] | None = None) -> Iterator[tuple[int, bytes, pa.Table]]:
    for number in range(plan.shards):
        name = f"{PARTS}/{part_name(number)}"
        data = plan.place.read(name)
        table = read_part(data, name=f"{plan.place}/{name}", plan_sha256=plan.sha256, shard=number, columns=columns)
        yield number, data, table


def _join(
    plan: Plan,
    file: BinaryIO,
    *,
    copies: npt.NDArray[np.uint32],
    tally: Tally,
) -> None:
    """Write one row for each content and statement, in the plan's order, with `copies`: how many films have both."""
    schema = SCHEMA.append(pa.field("copies", pa.uint32())).with_metadata({b"hilum.plan": plan.sha256.encode()})
    with pq.ParquetWriter(file, schema, compression=COMPRESSION) as writer:
        held: list[pa.Table] = []
        start = 0
        for _, _, table in _parts(plan):
            mine = copies[start : start + table.num_rows]
            start += table.num_rows
            tally.add(table.select(TALLIED).to_pylist(), copies=mine.tolist())
            joined = table.replace_schema_metadata(None).append_column("copies", pa.array(mine))
            held.append(joined.filter(pa.array(mine > 0)))
            if sum(each.num_rows for each in held) >= _GROUP_ROWS:
                writer.write_table(pa.concat_tables(held).cast(schema))
                held = []
        if held:
            writer.write_table(pa.concat_tables(held).cast(schema))


def _summary(plan: Plan, tally: Tally, *, parts_sha256: str) -> dict[str, object]:
    return {
        "schema": "hilum.screen-summary/1",
        "hilum": __version__,
        "plan_sha256": plan.sha256,
        "source": plan.source,
        "films": tally.films,
        "copies": tally.copies,
        "contents": tally.films - tally.copies,
        "read": tally.read,
        "failed": tally.failures.total(),
        "failures": dict(sorted(tally.failures.items())),
        "gate": dict(sorted(tally.gates.items())),
        "types": dict(sorted(tally.types.items())),
        "findings": [
            {"model": model, "name": name, **asdict(found)} for (model, name), found in tally.findings.items()
        ],
        "models": [asdict(model) for model in plan.reader.models],
        "settings_sha256": plan.reader.settings_sha256,
        "shards": plan.shards,
        "parts_sha256": parts_sha256,
    }
