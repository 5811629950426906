import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import Result

from fabricate_predictions import fabricate_predictions
from hilum.evaluation.predictions import write_predictions

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predictions")
    weak = fabricate_predictions(strength=0.4)
    write_predictions(fabricate_predictions(), path=folder / "strong.parquet")
    write_predictions(weak, path=folder / "weak.parquet")
    write_predictions(fabricate_predictions(seed=9), path=folder / "other.parquet")
    write_predictions(
        replace(weak, protocol="out-of-fold, pooled", design="cross-validated"), path=folder / "pooled.parquet"
    )
    return folder


def test_the_table(hilum: Run, folder: Path) -> None:
    result = hilum("compare", folder / "strong.parquet", folder / "weak.parquet", "--replicates", 100)
    assert result.exit_code == 0, result.stderr
    shown = " ".join(result.stdout.split())
    for words in ("mean difference 0.", "paired t-test over 2 labels: t = ", "p DeLong", "adjusted by Holm"):
        assert words in shown
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_cross_validated(hilum: Run, folder: Path) -> None:
    refused = hilum("compare", folder / "strong.parquet", folder / "pooled.parquet", "--replicates", 100)
    assert refused.exit_code == 1
    assert "expected one protocol in both files" in refused.stderr
    files = (folder / "strong.parquet", folder / "pooled.parquet")
    result = hilum("compare", *files, "--any-protocol", "--replicates", 100)
    assert result.exit_code == 0, result.stderr
    assert "DeLong's test is replaced by the patient bootstrap" in " ".join(result.stdout.split())


def test_json(hilum: Run, folder: Path) -> None:
    result = hilum("compare", folder / "strong.parquet", folder / "weak.parquet", "--json", "--replicates", 100)
    data = json.loads(result.stdout, parse_constant=pytest.fail)
    effusion = data["labels"]["Effusion"]
    assert effusion["difference"] == pytest.approx(effusion["auroc"][0] - effusion["auroc"][1])
    assert set(data["paired_t"]) == {"t", "p", "classes"}


def test_other_images_are_refused_in_one_line(hilum: Run, folder: Path) -> None:
    result = hilum("compare", folder / "strong.parquet", folder / "other.parquet", "--replicates", 100)
    assert result.exit_code == 1
    assert "expected the same images in both files" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_other_labels_are_refused_in_one_line(hilum: Run, folder: Path, tmp_path: Path) -> None:
    weak = fabricate_predictions(strength=0.4)
    one = replace(weak, labels=weak.labels[:1], truth=weak.truth[:, :1], scores=weak.scores[:, :1])
    write_predictions(one, path=tmp_path / "one.parquet")
    files = (folder / "strong.parquet", tmp_path / "one.parquet")
    refused = hilum("compare", *files, "--replicates", 100)
    assert refused.exit_code == 1
    assert "came Effusion in one only" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    shown = hilum("compare", *files, "--common-labels", "--replicates", 100)
    assert shown.exit_code == 0, shown.stderr
    assert "! in one file only, not compared: Effusion" in shown.stdout
