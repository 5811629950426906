"""The archive of the compose file: a real Orthanc with its settings keeps results of hilum, and says so."""

import io
import json
import subprocess
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pynetdicom import AE
from pynetdicom.sop_class import ComputedRadiographyImageStorage, Verification

from fabricate_study_image import read_image, study_image
from hilum.objects.make import dicom_objects
from hilum.service.dicom.deliver import Deliverer
from hilum.service.dicom.listener import Listener, ListenSettings
from hilum.service.dicom.outbox import Outbox, put
from hilum.service.dicom.peers import Caller, parse_destination
from hilum.service.store.store import open_store
from run_orthanc import PROGRAM, free_port
from wait_for import wait_for

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

pytestmark = pytest.mark.slow

DEPLOY = Path(__file__).parents[2] / "deploy"
USERS = {"RegisteredUsers": {"engineer": "a long password"}}


@pytest.fixture
def ports() -> dict[str, int]:
    return {name: free_port() for name in ("http", "dicom", "hilum")}


@pytest.fixture
def archive(tmp_path: Path, ports: dict[str, int]) -> Iterator[Callable[[str], Any]]:
    """Orthanc as the compose file starts it, on a folder of settings, but on this machine's own ports and folders."""
    if not Path(PROGRAM).exists():
        pytest.skip("Orthanc is not installed (apt install orthanc)")
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["orthanc"]
    settings = json.loads((DEPLOY / "orthanc.json").read_text())
    assert {port.rpartition(":")[2] for port in service["ports"]} == {
        str(settings["HttpPort"]), str(settings["DicomPort"])
    }  # fmt: skip
    assert settings["StorageDirectory"] == service["volumes"][0].partition(":")[2]
    settings |= {"HttpPort": ports["http"], "DicomPort": ports["dicom"], "StorageDirectory": str(tmp_path / "kept")}
    settings["IndexDirectory"] = settings["StorageDirectory"]
    settings["DicomModalities"]["hilum"] |= {"Host": "127.0.0.1", "Port": ports["hilum"]}
    mounted = {"orthanc.json": settings, "users.json": USERS}
    folder = tmp_path / "etc"
    folder.mkdir()
    for name, content in mounted.items():
        (folder / name).write_text(json.dumps(content))
    assert {Path(each["target"]).name for each in (*service["configs"], *service["secrets"])} == set(mounted)
    running = subprocess.Popen([PROGRAM, str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(path: str) -> Any:
        login = b64encode(":".join(*USERS["RegisteredUsers"].items()).encode()).decode()
        headers = {"Authorization": f"Basic {login}"}
        asked = urllib.request.Request(f"http://127.0.0.1:{ports['http']}{path}", headers=headers)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.load(answer)

    try:
        wait_for(lambda: answers(ask), seconds=60)
        yield ask
    finally:
        running.terminate()
        running.wait(timeout=60)


def answers(ask: Callable[[str], Any]) -> bool:
    try:
        return bool(ask("/system"))
    except urllib.error.HTTPError:
        raise
    except OSError:
        return False


def echoes(title: str, port: int, *, called: str) -> bool:
    entity = AE(ae_title=title)
    entity.add_requested_context(Verification)
    association = entity.associate("127.0.0.1", port, ae_title=called)
    if not association.is_established:
        return False
    answer = association.send_c_echo().get("Status")
    association.release()
    return answer == 0


def test_results_are_kept_and_the_archive_says_so(
    archive: Callable[[str], Any], ports: dict[str, int], tmp_path: Path, parsed: Any
) -> None:
    words = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["listen"]["command"]
    listening = parsed(list(map(str, words)))
    (told,) = listening["to"]
    to = parse_destination(f"{told.title}@127.0.0.1:{ports['dicom']}")
    store = open_store(tmp_path / "store")
    outbox = Outbox(database=store.database, clock=time.time)
    settings = ListenSettings(
        title=listening["title"], host="127.0.0.1", port=ports["hilum"],
        callers=tuple(each for each in listening["callers"] if isinstance(each, Caller)), reserve_bytes=0,
    )  # fmt: skip
    listener = Listener(settings, store=store, outbox=outbox, settings_sha256="0" * 64)
    try:
        data = study_image()
        with store.database.write() as connection:
            put(connection, job_id="0" * 32, objects=dicom_objects(read_image(data), source=data), to=[to], now=0.0)
        Deliverer(title=listening["title"], destinations=[to], outbox=outbox).deliver(to)
        wait_for(lambda: [row.state for row in outbox.counts()] == ["delivered"], seconds=60)
        assert {row.said for row in outbox.counts()} == {"kept, as the archive reports"}
    finally:
        listener.close()
        store.close()
    kept = [archive(f"/instances/{each}/tags?simplify")["Modality"] for each in archive("/instances")]
    assert sorted(kept) == ["OT", "PR", "SR"]
    assert archive("/patients")


def test_strangers_are_turned_away(archive: Callable[[str], Any], ports: dict[str, int]) -> None:
    assert echoes("HILUM", ports["dicom"], called="ORTHANC")
    assert not echoes("STRANGER", ports["dicom"], called="ORTHANC")
    assert not echoes("HILUM", ports["dicom"], called="OTHER")
    entity = AE(ae_title="XRAY1")
    entity.add_requested_context(ComputedRadiographyImageStorage)
    association = entity.associate("127.0.0.1", ports["dicom"], ae_title="ORTHANC")
    assert association.send_c_store(dcmread(io.BytesIO(study_image()))).Status == 0
    association.release()
    assert len(archive("/instances")) == 1
