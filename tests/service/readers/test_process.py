"""What a reader process does where its readings cannot be kept."""

import pytest

from fabricate_service import grey_png, toy_plan
from hilum.bundle.load import Bundle
from hilum.errors import OutputError
from hilum.reading.reader import Reader
from hilum.service.readers import process
from hilum.service.store.files import StoredFiles
from hilum.service.store.job import Upload
from hilum.service.store.store import Store


def test_a_full_disk_fails_nothing_that_waits(
    sqlite_store: Store, bundle: Bundle, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = Upload(name="a.png", origin="rest")
    for mark in range(2):
        sqlite_store.queue.accept(grey_png(mark=mark), upload=upload, settings_sha256="s")
    plan = toy_plan(sqlite_store, bundle=bundle)

    def work() -> float:
        return process._work(sqlite_store, reader=reader, plan=plan, worker="w")

    def full(*_: object, **__: object) -> None:
        raise OutputError("no space left on device; make room and try again")

    with monkeypatch.context() as patch:
        patch.setattr(StoredFiles, "draw", full)
        pauses = [work() for _ in range(10)]
    assert sqlite_store.readings.counts()["queued"] == 2
    assert min(pauses) >= 1.0  # it does not read the same file over and over in the meantime
    for _ in range(2):
        work()
    assert sqlite_store.readings.counts()["done"] == 2
