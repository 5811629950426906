"""What the shipped bundles say of all phantoms and of 60 real images, as the table that `test_reading_table` holds to.

    python tests/make_reading_table.py

writes `tests/reading_table.json` again; do so only where a reading was meant to change. Every picture is read three
times by all that ships: as it comes, as a chest of a child of four years, and as one of an adult of forty, so that
every specialist reads and maps it. The phantoms are all that `hilum phantom` draws; of each of six folders of real
images come ten: sorted by path, every n-th, where n is a tenth of how many there are. Of a real image the table holds
the SHA-256 of its bytes, rounded numbers and one hash over the whole reading, neither name nor folder nor anything to
draw it from.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import PIL

from hilum.phantom.examples import TRUTH, write_examples
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading_result import CardiothoracicRatio, Examination, LungMap
from hilum.stated import NOTHING_STATED, Stated

TABLE = Path(__file__).with_name("reading_table.json")
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
FOLDERS = ("chest_adult", "kermany/chest_xray/train", "lungs_tb/images", "nih/images", "photos", "types")
"""Where the ten come from; test images are left alone."""
EACH = 10
PICTURES = frozenset((".jpg", ".jpeg", ".png"))
ROUNDED = 6
"""Decimals of a number that the table holds of a real image; its hash is over the exact ones."""
TOLERANCE = 1e-4
"""How far a number may be from the table's where other kernels read: ONNX Runtime's differ with the processor."""
WAYS = {
    "as it comes": (ReaderSettings(), NOTHING_STATED),
    "as a child's chest": (
        ReaderSettings(force_type="chest", heatmaps="all"),
        Stated(age_years=4.0, view="AP", assume_scope=True),
    ),
    "as an adult's chest": (
        ReaderSettings(force_type="chest", heatmaps="all"),
        Stated(age_years=40.0, view="PA", assume_scope=True),
    ),
}
_KERNELS = ("amx_bf16", "amx_int8", "avx", "avx2", "avx512_bf16", "avx512_vnni", "avx512f", "avx_vnni", "f16c", "fma")
"""The abilities of a processor by which ONNX Runtime, OpenCV and NumPy choose their kernels."""


def here() -> dict[str, object]:
    """What decides the last bit of a reading: the processor and the versions of what decodes, resizes and computes."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    told = dict(reversed([(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in lines)]))
    flags = set(told.get("flags", "").split())
    return {
        "machine": platform.machine(),
        "processor": " ".join(told.get(key, "unknown") for key in ("vendor_id", "cpu family", "model", "model name")),
        "kernels": [name for name in _KERNELS if name in flags],
        "onnxruntime": onnxruntime.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "pillow": PIL.__version__,
    }


def phantom_readings(folder: Path) -> dict[str, dict[str, object]]:
    """What is read of every phantom, drawn into `folder`, by its name; exact numbers, as hexadecimal floats."""
    drawn = {path.name: path for path in write_examples(folder) if path.name != TRUTH}
    return {name: {way: _exactly(one) for way, one in by_way.items()} for name, by_way in _readings(drawn)}


def real_readings(images: Mapping[str, Path]) -> dict[str, dict[str, object]]:
    """What is read of every real image, by the SHA-256 of its file; rounded numbers, and a hash over the exact ones."""
    return {
        sha256: {way: _rounded(_exactly(one)) for way, one in by_way.items()} for sha256, by_way in _readings(images)
    }


def pictures(folder: Path) -> list[Path]:
    """The picture files under a folder, sorted by path."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES)


def chosen_images(data: Path) -> dict[str, Path]:
    """Every n-th of each of the six folders, by the SHA-256 of its bytes."""
    found = (pictures(data / name) for name in FOLDERS)
    return by_sha256(path for paths in found for path in paths[:: len(paths) // EACH][:EACH])


def by_sha256(paths: Iterable[Path]) -> dict[str, Path]:
    """The files by the SHA-256 of their bytes."""
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in paths}


def differences(name: str, *, was: Mapping, now: Mapping, exact: bool) -> list[str]:
    """How one picture's readings differ from the table's; where not `exact`, numbers may be `TOLERANCE` apart.

    Hashes are compared where `exact`: of heatmaps and lung planes, and over the whole reading of a real image.
    """
    found = []
    for way, before in was.items():
        after = now[way]
        for part in ("words", "hashes") if exact else ("words",):
            found += [f"{name}, {way}: {part} {before[part]} -> {after[part]}"] * (before[part] != after[part])
        if before["numbers"].keys() != after["numbers"].keys():
            found.append(f"{name}, {way}: {sorted(before['numbers'])} -> {sorted(after['numbers'])}")
            continue
        for key, value in before["numbers"].items():
            one, other = _number(value), _number(after["numbers"][key])
            if value != after["numbers"][key] if exact else abs(one - other) > TOLERANCE:
                found.append(f"{name}, {way}: {key} {one!r} -> {other!r}")
    return found


def _number(value: str | float) -> float:
    return float.fromhex(value) if isinstance(value, str) else value


def _readings(paths: Mapping[str, Path]) -> Iterator[tuple[str, dict[str, Examination]]]:
    readers = {way: (Reader(settings=settings), stated) for way, (settings, stated) in WAYS.items()}
    for name in sorted(paths):
        yield name, {way: reader.examine(paths[name], stated=said) for way, (reader, said) in readers.items()}


def _exactly(examination: Examination) -> dict[str, dict]:
    """Verdicts, decisions and boxes as words, every number as a hexadecimal float, every array as a hash."""
    reading = examination.reading
    gate, lungs = reading.gate, reading.lungs
    words = {"gate": [gate.status, None if gate.type is None else gate.type.name, *gate.candidates, *gate.state]}
    numbers = {} if gate.is_xray_probability is None else {"is X-ray": gate.is_xray_probability}
    numbers |= {} if gate.type is None else {"type": gate.type.probability}
    if lungs is not None:
        words["lungs"] = [lungs.trusted, *lungs.flags, *lungs.box.as_list()]
        shares = {"both": lungs.area_share, "right": lungs.right_share, "left": lungs.left_share}
        numbers |= {"lungs quality": lungs.quality}
        numbers |= {f"lungs {side}": share for side, share in shares.items() if share is not None}
    ratio = reading.cardiothoracic_ratio
    if isinstance(ratio, CardiothoracicRatio):
        numbers |= {"cardiothoracic ratio": ratio.value}
    for one in reading.findings:
        why = None if one.not_decided is None else one.not_decided.code
        words[f"{one.model} {one.name}"] = [one.positive, one.in_scope, why, *(box.as_list() for box in one.boxes)]
        told = {"logit": one.logit, "probability": one.probability, "inside lungs": one.inside_lungs}
        numbers |= {f"{one.model} {one.name} {key}": value for key, value in told.items() if value is not None}
    planes = {} if gate.type is None else {"types": np.array(list(gate.type.all.values()))}
    planes |= {} if examination.lungs is None else _lung_planes(examination.lungs)
    planes |= {f"{each.model} {each.finding}": each.grid for each in examination.heatmaps}
    return {
        "words": words,
        "numbers": {key: float(value).hex() for key, value in numbers.items()},
        "hashes": {key: hashlib.sha256(plane.tobytes()).hexdigest() for key, plane in planes.items()},
    }


def _lung_planes(lungs: LungMap) -> dict[str, np.ndarray]:
    """The two planes on which the box rests under plain names; what else is drawn under its own."""
    boxed, field = lungs.sides(lungs.boxed), lungs.field
    more = {} if lungs.heart is None else {"heart": lungs.heart}
    if lungs.boxed == "whole" and field is not None:
        more |= {"right field": field.right, "left field": field.left}
    return {"right": boxed.right, "left": boxed.left, **more}


def _rounded(exact: Mapping[str, dict]) -> dict[str, dict]:
    whole = hashlib.sha256(json.dumps(exact, sort_keys=True).encode()).hexdigest()
    numbers = {key: round(_number(value), ROUNDED) for key, value in exact["numbers"].items()}
    return {"words": exact["words"], "numbers": numbers, "hashes": {"whole reading": whole}}


def _commit() -> str:
    root = Path(__file__).resolve().parents[1]
    told = ["git", "-C", str(root), "log", "-1", "--format=%h", "--", "src/hilum"]
    return subprocess.run(told, check=True, capture_output=True, text=True).stdout.strip()


def _text(table: Mapping[str, Mapping]) -> str:
    """JSON with a line for each picture."""
    parts = (
        f"{json.dumps(part)}: {{\n"
        + ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in held.items())
        for part, held in table.items()
    )
    return "{\n " + "\n },\n ".join(parts) + "\n }\n}\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = {
            "made": {"commit": _commit(), **here()},
            "phantoms": phantom_readings(Path(folder)),
            "real": real_readings(chosen_images(SHARED_DATA)),
        }
    TABLE.write_text(_text(table))
    sys.stdout.write(f"{TABLE}: {len(table['phantoms'])} phantoms, {len(table['real'])} real images\n")


if __name__ == "__main__":
    main()
