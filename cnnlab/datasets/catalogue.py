"""Data sets that can be downloaded, each with what is needed to check it."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import numpy as np
from PIL import Image

from cnnlab.datasets.archives import extract_zip
from cnnlab.datasets.downloads import download
from cnnlab.datasets.members import UnsafeName, is_junk, safe_path, wrapping_folder
from cnnlab.errors import DatasetError
from cnnlab.progress import PhaseProgress, Progress, in_phase
from cnnlab.workspace import appearing_folder, explain_os_error

Unpack = Callable[[Path, Path, Progress | None], None]

DOWNLOADING, UNPACKING = "downloading", "unpacking"

_CIFAR_SIDE = 32
_CIFAR_RECORD = 1 + 3 * _CIFAR_SIDE**2  # a label, then the red, green and blue planes
_CIFAR_CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """One data set.

    Attributes:
        name: What commands call it.
        download_bytes: Length of the file; 0 where there is nothing to download.
        url: Where the file is; None where an account is needed.
        known_hash: "sha256:..." of the file; None where its publisher gives none, and the storage
            server's own checksum is taken.
        unpack: Turns the file (first) into class folders (second).
        instructions: Steps by hand, where there is no url.
    """

    name: str
    title: str
    summary: str
    image_count: int
    download_bytes: int = 0
    url: str | None = None
    known_hash: str | None = None
    unpack: Unpack | None = None
    instructions: tuple[str, ...] = ()


def fetch(
    name: str,
    target: Path,
    downloads_folder: Path,
    progress: PhaseProgress | None = None,
    *,
    entry: CatalogueEntry | None = None,
) -> Path:
    """Download a data set and unpack it into a new folder.

    Args:
        name: One of `CATALOGUE`.
        target: The folder to make; all of it appears at once.
        downloads_folder: Where the file lies meanwhile; a file brought by hand is used, too.
        progress: Told (phase, done, total) in bytes while downloading.
        entry: Else the catalogue's.

    Raises:
        DatasetError: If there is no such entry, the download fails, or what has arrived cannot be
            unpacked.
        WorkspaceError: If the disk is full or may not be written to.
    """
    entry = entry or CATALOGUE[name]
    if entry.url is None or entry.unpack is None:
        raise DatasetError(
            "no-download", f"{entry.title} needs an account. {' '.join(entry.instructions)}"
        )
    file = downloads_folder / f"{entry.name}-{entry.url.rsplit('/', 1)[-1]}"
    download(entry.url, entry.known_hash, file, in_phase(progress, DOWNLOADING))
    try:
        entry.unpack(file, target, in_phase(progress, UNPACKING))
    except OSError as error:
        raise explain_os_error(error, target, "unpack the download into") from error
    with suppress(OSError):
        file.unlink()
    return target


def unpack_zip(file: Path, target: Path, progress: Progress | None = None) -> None:
    """Unpack a zip of class folders."""
    extract_zip(file, target, progress)


def unpack_tar(file: Path, target: Path, progress: Progress | None = None) -> None:
    """Unpack a compressed tar whose checksum is known; only ordinary files are taken."""
    with _opened_tar(file) as archive, appearing_folder(target) as part:
        members = [
            (member, _safe(member.name))
            for member in archive.getmembers()
            if member.isfile() and not is_junk(_safe(member.name))
        ]
        pictures = [path for _, path in members if len(path.parts) > 2]
        wrapper = wrapping_folder(pictures)
        total, done = sum(member.size for member, _ in members), 0
        for member, path in members:
            inner = PurePosixPath(*path.parts[1:]) if wrapper else path
            source = archive.extractfile(member)
            if source is None or len(inner.parts) < 2:  # a licence beside the class folders
                continue
            place = part.joinpath(*inner.parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            with source, place.open("xb") as written:
                shutil.copyfileobj(source, written)
            done += member.size
            if progress is not None:
                progress(done, total)


def unpack_cifar10(file: Path, target: Path, progress: Progress | None = None) -> None:
    """Write the pictures of CIFAR-10's binary version as PNG files below train and test.

    Each record is a label byte and 3,072 bytes of red, green and blue planes, row by row
    (Krizhevsky 2009).
    """
    with _opened_tar(file) as archive, appearing_folder(target) as part:
        batches = [
            member
            for member in archive.getmembers()
            if member.isfile() and member.name.endswith(".bin")
        ]
        total = sum(member.size for member in batches)
        numbers = {"train": 0, "test": 0}
        for member in sorted(batches, key=lambda member: member.name):
            source = archive.extractfile(member)
            data = b"" if source is None else source.read()
            if not data or len(data) % _CIFAR_RECORD:
                raise DatasetError(
                    "bad-archive",
                    f"{member.name} in {file.name} must hold records of {_CIFAR_RECORD} bytes. "
                    f"Received: {len(data):,} bytes. Delete it and download it again.",
                )
            split = "test" if PurePosixPath(member.name).name.startswith("test") else "train"
            for record in np.frombuffer(data, dtype=np.uint8).reshape(-1, _CIFAR_RECORD):
                _write_cifar(record, part / split, numbers[split])
                numbers[split] += 1
                if progress is not None:
                    progress(sum(numbers.values()) * _CIFAR_RECORD, total)


def _write_cifar(record: np.ndarray, folder: Path, number: int) -> None:
    if record[0] >= len(_CIFAR_CLASSES):
        raise DatasetError("bad-archive", f"A label must be below 10. Received: {record[0]}.")
    place = folder / _CIFAR_CLASSES[record[0]]
    place.mkdir(parents=True, exist_ok=True)
    planes = record[1:].reshape(3, _CIFAR_SIDE, _CIFAR_SIDE)
    image = Image.fromarray(np.ascontiguousarray(planes.transpose(1, 2, 0)))
    image.save(place / f"{number:05}.png", compress_level=1)


@contextmanager
def _opened_tar(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r:*") as archive:
            yield archive
    except (tarfile.TarError, EOFError) as error:
        raise DatasetError(
            "bad-archive",
            f"{file.name} cannot be unpacked ({error}). Delete it and download it again.",
        ) from error


def _safe(name: str) -> PurePosixPath:
    try:
        return safe_path(name)
    except UnsafeName as error:
        raise DatasetError(
            "unsafe-member", f"The download was not unpacked: {name!r} {error}."
        ) from error


CATALOGUE: Mapping[str, CatalogueEntry] = MappingProxyType(
    {
        "cifar10": CatalogueEntry(
            name="cifar10",
            title="CIFAR-10",
            summary="Tiny colour photographs, 32x32, of ten things from airplane to truck; "
            "50,000 to train with and 10,000 to test.",
            image_count=60_000,
            download_bytes=170_052_171,
            url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            known_hash="sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            unpack=unpack_cifar10,
        ),
        "cats-and-dogs": CatalogueEntry(
            name="cats-and-dogs",
            title="Cats and dogs, filtered",
            summary="Photographs of cats and dogs in all sizes; 2,000 to train with and 1,000 to "
            "validate.",
            image_count=3_000,
            download_bytes=68_606_236,
            url="https://storage.googleapis.com/mledu-datasets/cats_and_dogs_filtered.zip",
            unpack=unpack_zip,
        ),
        "flowers": CatalogueEntry(
            name="flowers",
            title="Flower photos",
            summary="Photographs of daisies, dandelions, roses, sunflowers and tulips.",
            image_count=3_670,
            download_bytes=228_813_984,
            url="https://storage.googleapis.com/download.tensorflow.org/example_images/"
            "flower_photos.tgz",
            known_hash="sha256:4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
            unpack=unpack_tar,
        ),
        "intel-scenes": CatalogueEntry(
            name="intel-scenes",
            title="Intel image classification",
            summary="Natural scenes, 150x150: buildings, forest, glacier, mountain, sea, street; "
            "14,034 to train with and 3,000 to test.",
            image_count=17_034,
            instructions=(
                "Make an account at kaggle.com, or log in.",
                "Download the data set puneet6060/intel-image-classification (about 360 MB).",
                "Add the zip as it is, by its path on this server or as an upload; or unpack it, "
                "and add the folder that holds seg_train and seg_test. Its folder seg_pred has no "
                "classes and is left out.",
            ),
        ),
    }
)
"""Data sets by name."""
