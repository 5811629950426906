"""The interface keeps what its own description promises, whatever is sent to it."""

from collections.abc import Callable

import hypothesis
import pytest
from fastapi.testclient import TestClient

from fabricate_service import grey_png

checks = pytest.importorskip("schemathesis.specs.openapi.checks", reason="schemathesis is not installed")
schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")


def test_every_problem_is_declared(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    upload = paths["/api/v1/readings"]["post"]["responses"]
    assert {"400", "413", "415", "422", "429", "503"} <= set(upload)
    assert "application/problem+json" in upload["413"]["content"]
    assert not [
        path for path in paths if not path.startswith(("/api/v1/", "/dicom-web/", "/healthz", "/readyz", "/metrics"))
    ]


@pytest.mark.slow
def test_schemathesis_finds_nothing(client: TestClient, read_all: Callable[[], None]) -> None:
    client.post("/api/v1/readings", files={"file": ("a", grey_png())})
    read_all()
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", client.app, headers={"Host": "127.0.0.1"})
    # it has no way to write multipart/related; test_stow.py sends that
    for result in schema.exclude(path_regex="^/dicom-web").get_all_operations():
        operation = result.ok()

        @hypothesis.given(case=operation.as_strategy())
        @hypothesis.settings(
            max_examples=15,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        def check(case: schemathesis.Case) -> None:
            # any bytes are a file to the description; most are no radiograph, and are refused as they should be
            case.call_and_validate(headers={"Host": "127.0.0.1"}, excluded_checks=[checks.positive_data_acceptance])

        check()
