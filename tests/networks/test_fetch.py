"""Downloads from a real server on this machine."""

import hashlib
import http.server
import threading

import pytest

from hilum.errors import DataError
from hilum.networks.fetch import fetch, sha256_of

CONTENT = bytes(range(256)) * 9000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/absent":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:1000] if self.path == "/cut" else CONTENT)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def address():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("sha256", [SHA256, SHA256[:8], None])
def test_a_file_is_fetched_into_a_new_folder(address, sha256, tmp_path):
    path = tmp_path / "weights" / "file.pt"
    assert fetch(f"{address}/file", path=path, sha256=sha256) == path
    assert path.read_bytes() == CONTENT
    assert sha256_of(path) == SHA256
    assert [child.name for child in path.parent.iterdir()] == ["file.pt"]


@pytest.mark.parametrize("digits", [64, 8])
def test_another_hash_is_not_kept(address, digits, tmp_path):
    with pytest.raises(DataError, match="it was not kept"):
        fetch(f"{address}/file", path=tmp_path / "file.pt", sha256="0" * digits)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["absent", "cut"])
def test_a_failure_names_the_address_and_the_place_and_leaves_nothing(address, name, tmp_path):
    path = tmp_path / "file.pt"
    with pytest.raises(DataError) as caught:
        fetch(f"{address}/{name}", path=path, sha256=None)
    message = str(caught.value)
    assert f"download {address}/{name} where there is a network and place it at {path}" in message
    assert "\n" not in message
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_no_folder_is_made(tmp_path):
    path = tmp_path / "weights" / "file.pt"
    with pytest.raises(DataError, match=r"could not be fetched .*place it at"):
        fetch("http://127.0.0.1:9/file", path=path, sha256=None)
    assert not path.parent.exists()


def test_a_file_that_is_not_there_has_no_hash(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        sha256_of(tmp_path / "none")
