"""`hilum listen`: what it asks for, and one whole way from a sender to an archive, with a kill on the way."""

import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fabricate_study_image import study_image
from run_orthanc import free_port, orthanc
from send_dicom import reachable, send_images
from wait_for import wait_for


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to", "A@host:104"], "Missing option: --from TITLE"),
        (["--from", "A"], "Missing option: --to TITLE@HOST:PORT or --to URL"),
        (["--from", "A", "--to", "A"], "Not understood: --to A"),
        (["--from", "A", "--to", "http://archive.example/dicom-web"], "unencrypted; use https://"),
        (["--from", "A", "--to", "https://a.example", "--to-login", "nowhere"], "nowhere cannot be read"),
        (["--status", "--folder", "nowhere"], "nowhere does not exist"),
    ],
)
def test_it_says_what_it_needs(hilum: Any, words: list[str], message: str) -> None:
    done = hilum("listen", *words)
    assert done.exit_code in (1, 2)
    assert message in " ".join(done.output.split())


@pytest.mark.slow
def test_every_image_has_one_of_each_object_whatever_is_killed(
    hilum: Any, start_hilum: Any, toy: Path, tmp_path: Path
) -> None:
    port, ports = free_port(), (free_port(), free_port())
    folder, archive_folder = tmp_path / "listening", tmp_path / "archive"
    words = ("listen", "--from", "XRAY", "--from", "ARCHIVE", "--to", f"ARCHIVE@127.0.0.1:{ports[1]}", "--port", port,
             "--folder", folder, "--readers", 1, "--model", toy, "--reserve-gb", 0)  # fmt: skip
    images = [study_image(SOPInstanceUID=f"1.2.826.0.1.3680043.10.511.3.{number}") for number in range(10, 16)]
    first = start_hilum(*words)
    try:
        wait_for(lambda: reachable(port))
        assert send_images(port, images[:3]) == [0, 0, 0]  # the archive is away
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    second = start_hilum(*words)
    try:
        with orthanc(archive_folder, callers={"HILUM": port}, ports=ports, kill=True) as archive:
            wait_for(lambda: reachable(port))
            assert send_images(port, images[3:]) == [0, 0, 0]
            wait_for(lambda: len(archive.get("/instances")) >= 6)
        with orthanc(archive_folder, callers={"HILUM": port}, ports=ports) as archive:
            wait_for(lambda: "18 delivered" in hilum("listen", "--status", "--folder", folder).output)
            kept = [archive.get(f"/instances/{each}/tags?simplify") for each in archive.get("/instances")]
    finally:
        second.send_signal(signal.SIGTERM)
        second.wait(timeout=60)
    assert Counter(each["Modality"] for each in kept) == {"SR": 6, "PR": 6, "OT": 6}
    assert len({each["SOPInstanceUID"] for each in kept}) == 18
