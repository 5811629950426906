"""The published JSON Schema of a reading."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

READING_SCHEMA = "hilum.reading/1"


@cache
def _text() -> str:
    return files("hilum.report").joinpath("reading.schema.json").read_text(encoding="utf-8")


def reading_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that every line of `readings.jsonl` and `failures.jsonl` satisfies.

    Each call returns a new dictionary, so that a caller may change it.
    """
    schema: dict[str, Any] = json.loads(_text())
    return schema
