"""Opinions, and the tables that the lab reads."""

import csv
import io
from collections.abc import Callable

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from fastapi.testclient import TestClient

from fabricate_service import grey_png
from hilum.evaluation.predictions.predictions_file import read_predictions


@pytest.fixture
def readings(client: TestClient, read_all: Callable[[], None]) -> list[str]:
    """The addresses of a flagged, a weakly flagged and a quiet reading."""
    sent = [client.post("/api/v1/readings", files={"file": ("a", grey_png(level))}) for level in (0.7, 0.5, 0.1)]
    read_all()
    return [each.headers["Location"] for each in sent]


def say(client: TestClient, own: str, opinion: str, note: str = "") -> int:
    body = {"model": "toy", "finding": "Pneumonia", "opinion": opinion, "note": note}
    return client.post(f"{own}/opinions", json=body).status_code


def test_a_later_opinion_replaces_an_earlier_one(client: TestClient, readings: list[str]) -> None:
    assert say(client, readings[0], "agree") == say(client, readings[0], "unsure", "rib?") == 201
    (opinion,) = client.get(f"{readings[0]}/opinions").json()["opinions"]
    assert (opinion["opinion"], opinion["note"], opinion["who"]) == ("unsure", "rib?", "local")


def test_what_is_no_opinion_is_refused(client: TestClient, readings: list[str]) -> None:
    assert say(client, readings[0], "perhaps") == 422
    wrong = client.post(f"{readings[0]}/opinions", json={"model": "toy", "finding": "Hernia", "opinion": "agree"})
    assert wrong.json()["detail"] == "The reading has no finding Hernia by toy; its findings: Pneumonia by toy."
    assert say(client, readings[0].rpartition("/")[0] + "/" + "0" * 32, "agree") == 404


def test_the_table_for_people(client: TestClient, readings: list[str]) -> None:
    say(client, readings[0], "disagree", '=HYPERLINK("http://evil")')
    (row,) = csv.DictReader(io.StringIO(client.get("/api/v1/opinions.csv").text))
    assert (row["finding"], row["decision"], row["opinion"]) == ("Pneumonia", "flagged", "disagree")
    assert row["note"].startswith("'=HYPERLINK")  # a spreadsheet shows it, and runs nothing


def test_the_table_for_the_lab_is_a_predictions_file(client: TestClient, readings: list[str], tmp_path) -> None:
    """Flagged and agreed: true. Flagged and disagreed: false. Not flagged and disagreed: true. Unsure: nobody knows."""
    for own, opinion in zip(readings, ("agree", "disagree", "disagree"), strict=True):
        say(client, own, opinion)
    text = client.get("/api/v1/predictions.csv", params={"model": "toy"}).text
    named = pa.csv.ConvertOptions(column_types={"image": pa.string(), "patient": pa.string(), "split": pa.string()})
    table = pa.csv.read_csv(io.BytesIO(text.encode()), convert_options=named)
    protocol = {"protocol": "opinions of one person on what was sent"}
    pa.parquet.write_table(table.replace_schema_metadata(protocol), tmp_path / "p.parquet")
    predictions = read_predictions(tmp_path / "p.parquet")
    assert predictions.labels == ("Pneumonia",)
    assert predictions.truth[:, 0].tolist() == [1.0, 0.0, 1.0]
    assert predictions.scores[:, 0] == pytest.approx([0.973, 0.881, 0.255], abs=0.03)
    say(client, readings[0], "unsure")
    rows = list(csv.DictReader(io.StringIO(client.get("/api/v1/predictions.csv").text)))
    assert [row["truth:Pneumonia"] for row in rows] == ["0", "1", ""]
    assert client.get("/api/v1/predictions.csv", params={"model": "other"}).text == "image,patient,split\n"
