"""An object store of the tests' own."""

from collections.abc import Iterator

import pytest


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty bucket; the environment says where its store is, as a user's would."""
    boto3, s3fs, moto_server = (
        pytest.importorskip(name, reason=f"{name} is not installed") for name in ("boto3", "s3fs", "moto.server")
    )
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    from hilum.screening.object_store import _store

    _store.cache_clear()
    s3fs.S3FileSystem.clear_instance_cache()
    boto3.client("s3").create_bucket(Bucket="films")
    yield "s3://films"
    server.stop()
    _store.cache_clear()
    s3fs.S3FileSystem.clear_instance_cache()
