"""A request may be as large as a file only where files are sent."""

import numpy as np
import pytest
from fastapi.testclient import TestClient

from fabricate_service import grey_png

READINGS = "/api/v1/readings"
LARGE = b"[" + b"[]," * 30_000 + b"[]]"


@pytest.mark.parametrize("path", [f"{READINGS}/{'0' * 32}/opinions", "/login", "/logout", "/nothing"])
def test_where_no_file_is_sent_a_large_request_is_refused(client: TestClient, path: str) -> None:
    answer = client.post(path, content=LARGE, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


def test_where_files_are_sent_it_is_taken(client: TestClient) -> None:
    data = grey_png() + np.random.default_rng(0).bytes(300_000)
    assert client.post(READINGS, files={"file": ("a.png", data)}).status_code == 202
    for path in ("/dicom-web/studies", "/dicom-web/studies/1.2.3"):
        assert client.post(path, content=LARGE).status_code == 415  # it was looked at, and is none
