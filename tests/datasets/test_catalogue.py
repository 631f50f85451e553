"""Data sets of the catalogue, in small, from a real server into class folders."""

import hashlib
import io
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from cnnlab.datasets.catalogue import CATALOGUE, fetch
from cnnlab.datasets.images import load
from cnnlab.datasets.scan import scan
from cnnlab.errors import DatasetError
from tests.datasets.test_archives import picture, write_zip
from tests.file_server import serve_file


def tar_of(members):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def cifar_record(label, colour):
    planes = np.repeat(np.array(colour, dtype=np.uint8), 1024)
    return bytes([label]) + planes.tobytes()


def fetch_small(name, content, tmp_path, progress=None):
    with serve_file(content) as server:
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        entry = replace(CATALOGUE[name], url=server.url, known_hash=digest)
        return fetch(name, tmp_path / "set", tmp_path / "downloads", progress, entry=entry)


def test_cifar10_becomes_pictures_by_class_and_split(tmp_path):
    train = cifar_record(3, (255, 0, 10)) + cifar_record(0, (1, 2, 3))
    content = tar_of(
        [
            ("cifar-10-batches-bin/data_batch_1.bin", train),
            ("cifar-10-batches-bin/test_batch.bin", cifar_record(9, (9, 8, 7))),
            ("cifar-10-batches-bin/readme.html", b"text"),
        ]
    )
    phases = []
    root = fetch_small("cifar10", content, tmp_path, lambda *said: phases.append(said))
    index = scan(root)
    assert sorted(zip(index.frame["split"], index.frame["class"], strict=True)) == [
        ("test", "truck"),
        ("train", "airplane"),
        ("train", "cat"),
    ]
    cat = load(root / next(path for path in index.frame["path"] if "/cat/" in path))
    assert cat.shape == (32, 32, 3)
    assert (cat == (255, 0, 10)).all()
    assert {phase for phase, _, _ in phases} == {"downloading", "unpacking"}
    assert phases[-1][1:] == (3 * 3073, 3 * 3073)  # bytes, as while downloading
    assert list((tmp_path / "downloads").iterdir()) == []


def test_cifar10_with_half_a_record_is_refused_and_leaves_nothing(tmp_path):
    content = tar_of([("batches/data_batch_1.bin", cifar_record(0, (1, 2, 3))[:-1])])
    with pytest.raises(DatasetError, match="records of 3073"):
        fetch_small("cifar10", content, tmp_path)
    assert not (tmp_path / "set").exists()


def test_flowers_are_unwrapped_and_their_licence_left_out(tmp_path):
    members = [(f"flower_photos/{name}/1.png", picture()) for name in ("roses", "tulips")]
    root = fetch_small("flowers", tar_of([("flower_photos/LICENSE.txt", b"x"), *members]), tmp_path)
    assert scan(root).class_counts == {"roses": 1, "tulips": 1}
    assert sorted(path.name for path in root.iterdir()) == ["roses", "tulips"]


def test_cats_and_dogs_keep_their_split(tmp_path):
    file = io.BytesIO()
    names = [f"cats_and_dogs_filtered/{s}/{c}/1.png" for s in ("train", "validation") for c in "ab"]
    write_zip(
        file, [(name, picture()) for name in names] + [("cats_and_dogs_filtered/v.py", b"x=1")]
    )
    root = fetch_small("cats-and-dogs", file.getvalue(), tmp_path)
    assert scan(root).frame["split"].tolist() == ["train", "train", "validation", "validation"]


@pytest.mark.parametrize("name", ["../evil.png", "/evil.png"])
def test_a_tar_that_leads_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(DatasetError, match="evil"):
        fetch_small("flowers", tar_of([("f/roses/1.png", picture()), (name, b"x")]), tmp_path)
    assert not (tmp_path / "set").exists()


def test_a_download_that_is_no_archive_is_said(tmp_path):
    with pytest.raises(DatasetError, match="cannot be unpacked"):
        fetch_small("flowers", b"not a tar", tmp_path)


def test_an_entry_that_needs_an_account_gives_its_steps(tmp_path):
    with pytest.raises(DatasetError, match="kaggle"):
        fetch("intel-scenes", tmp_path / "set", tmp_path)


def test_every_download_has_a_size_and_a_way_to_be_checked():
    for entry in CATALOGUE.values():
        assert (entry.url is None) == bool(entry.instructions)
        if entry.url is not None:
            assert entry.download_bytes > 1_000_000
            assert entry.known_hash or "storage.googleapis.com" in entry.url
