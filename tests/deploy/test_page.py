"""The page for a hospital's engineer names the figures, files and ports that there are."""

import re
from pathlib import Path
from typing import Any

from hilum.service.store.store import open_store
from hilum.service.web.metrics import Metrics

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "run-in-a-hospital.md").read_text()


def test_every_figure_is_explained_and_there(tmp_path: Path) -> None:
    metrics, store = Metrics(), open_store(tmp_path / "store")
    metrics.uploads.labels("accepted")
    metrics.requests.labels("GET", "/", "200")
    text = metrics.text(store=store, ready=1, deaths=0).decode()
    store.close()
    there = set(re.findall(r"^# HELP (\w+?)(?:_total)? ", text, re.M)) - {"hilum_uploads_created"}
    there = {name for name in there if not name.endswith("_created")}
    assert set(re.findall(r"^\| `(hilum_\w+)`", PAGE, re.M)) == there


def test_what_it_copies_is_there() -> None:
    named = set(re.findall(r"deploy/([\w.-]+)", PAGE))
    assert named
    assert all((ROOT / "deploy" / name).is_file() for name in named)


def test_ports_are_those_of_the_settings(parsed: Any) -> None:
    import tomllib

    told = tomllib.loads((ROOT / "deploy" / "hilum.toml").read_text())["serve"]
    ports = set(re.findall(r"^\| (\d+)/tcp, in", PAGE, re.M))
    assert ports == {str(told["port"]), str(told["dicom-port"])}
