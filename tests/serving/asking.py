"""Requests to the REST server, and what must come back."""

import http.client
from contextlib import closing
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cnnlab.datasets.photos import Photo
from cnnlab.inference.classify import classify
from tests.pictures import coloured_square
from tests.serving.conftest import TOKEN

PNG = {"Content-Type": "image/png"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def form_of(paths: list[Path]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("file", (path.name, path.read_bytes())) for path in paths]


def expected_of(network, paths: list[Path]) -> list[dict]:
    photos = [Photo(name=path.name, source=path) for path in paths]
    return [answer.to_json() for answer in classify(network, photos)]


def assert_same(given: list[dict], expected: list[dict]) -> None:
    assert [answer["path"] for answer in given] == [answer["path"] for answer in expected]
    for one, other in zip(given, expected, strict=True):
        assert one.keys() == other.keys()
        assert one["label"] == other["label"]
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-5)
        assert one["verdict"] == pytest.approx(other["verdict"], abs=1e-3)


def png(class_name: str, seed: int) -> bytes:
    buffer = BytesIO()
    coloured_square(class_name, seed, side=24).save(buffer, "PNG")
    return buffer.getvalue()


def half_a_request(served, headers: dict[str, str] | None = None) -> closing:
    """A connection whose request has begun and does not go on."""
    place = urlsplit(served.server.url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
    connection.putrequest("POST", served.predict)
    for name, value in {**PNG, "Content-Length": "10000", **(headers or {})}.items():
        connection.putheader(name, value)
    connection.endheaders(b"only the beginning")
    return closing(connection)
