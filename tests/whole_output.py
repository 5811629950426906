"""What lies in an output folder of `hilum read`, and whether it is whole."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from PIL import Image

from hilum.report.schema import reading_schema


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def listing(folder: Path) -> set[str]:
    """All files but hidden ones."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts)}


def assert_whole(folder: Path) -> list[str]:
    """Every file under `folder` is whole, and every whole reading is in the journal; the paths in the journal."""
    validate = Draft202012Validator(reading_schema()).validate
    journal = lines(folder / "readings.jsonl")
    for record in journal:
        validate(record)
        relative = record["relative_path"]
        reading = {key: value for key, value in record.items() if key != "relative_path"}
        assert json.loads((folder / f"{relative}.json").read_text()) == reading
    for path in folder.rglob("*.png"):
        with Image.open(path) as picture:
            picture.load()
    for path in folder.rglob("*.html"):
        assert path.read_text().rstrip().endswith("</html>")
    return [record["relative_path"] for record in journal]
