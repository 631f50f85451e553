"""ImageNet weights: where they are found, how they come, and what is said without."""

import hashlib
from dataclasses import replace

import pytest

from cnnlab.config import BackboneName
from cnnlab.errors import RunError
from cnnlab.inference import weights
from cnnlab.inference.weights import ensure_weights, find_weights, weights_path
from cnnlab.networks.backbones import BACKBONES
from tests.file_server import serve_file

CONTENT = b"weights" * 10_000


@pytest.fixture
def empty_home(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


def with_checksum(monkeypatch, name: BackboneName, content: bytes) -> None:
    known = "md5:" + hashlib.md5(content, usedforsecurity=False).hexdigest()
    facts = {**BACKBONES, name: replace(BACKBONES[name], checksum=known)}
    monkeypatch.setattr(weights, "BACKBONES", facts)


def test_weights_are_downloaded_once_with_progress_and_checked(empty_home, monkeypatch):
    name = BackboneName.EFFICIENTNET_V2_B0
    with_checksum(monkeypatch, name, CONTENT)
    seen = []
    with serve_file(CONTENT) as served:
        monkeypatch.setenv(weights.MIRROR_VARIABLE, served.url.rsplit("/", 1)[0])
        file = ensure_weights(name, 96, lambda done, total: seen.append((done, total)))
        assert file == empty_home / "models" / "efficientnetv2-b0_notop.h5"
        assert file.read_bytes() == CONTENT
        assert seen[-1] == (len(CONTENT), len(CONTENT))
        asked = len(served.asked)
        assert ensure_weights(name, 96) == file
        assert len(served.asked) == asked


def test_wrong_content_is_refused_and_not_kept(empty_home, monkeypatch):
    name = BackboneName.RESNET50
    with_checksum(monkeypatch, name, b"something else")
    with serve_file(CONTENT) as served:
        monkeypatch.setenv(weights.MIRROR_VARIABLE, served.url.rsplit("/", 1)[0])
        with pytest.raises(RunError, match="checksum differs"):
            ensure_weights(name, 224)
    assert find_weights(name, 224) is None


def test_without_a_connection_the_sentence_names_file_source_and_place(empty_home, monkeypatch):
    monkeypatch.setenv(weights.MIRROR_VARIABLE, "http://127.0.0.1:9/none")
    monkeypatch.setattr("cnnlab.datasets.downloads.TRIES", 1)
    with pytest.raises(RunError) as refused:
        ensure_weights(BackboneName.CONVNEXT_TINY, 160)
    assert refused.value.reason == "missing-weights"
    for part in ("convnext_tiny_notop.h5", "http://127.0.0.1:9/none", str(empty_home / "models")):
        assert part in str(refused.value)


@pytest.mark.parametrize(("side", "file"), [(96, "1.0_96"), (160, "1.0_160"), (150, "1.0_224")])
def test_mobilenet_has_weights_for_several_sizes(empty_home, side, file):
    path = weights_path(BackboneName.MOBILENET_V2, side)
    assert path.name == f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{file}_no_top.h5"
    assert path.parent == empty_home / "models"


def test_every_backbone_has_an_address_below_keras_own_store():
    for facts in BACKBONES.values():
        url = facts.weights_url(224)
        assert url.startswith("https://storage.googleapis.com/tensorflow/keras-applications/")
        assert url.endswith(".h5")
