"""Who may ask the REST server, how many at once, and what it says about itself."""

from html.parser import HTMLParser

import pytest
import requests

from cnnlab.runs import runs
from tests.serving.asking import BEARER, assert_same, expected_of, form_of, half_a_request
from tests.serving.conftest import ORIGIN, TOKEN


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (None, "token-needed"),
        ("Basic open-sesame", "token-needed"),
        ("Bearer", "wrong-token"),
        ("Bearer open-sesam", "wrong-token"),
        ("Bearer öpen-sesame", "wrong-token"),
    ],
)
def test_without_the_right_token_nothing_is_answered(strict, photo, header, reason):
    headers = {} if header is None else {"Authorization": header.encode()}
    for response in (
        strict.server.get("/v1/models", headers=headers),
        strict.server.get("/v1/models/no-such", headers=headers),
        strict.server.post(strict.predict, files=form_of([photo]), headers=headers),
    ):
        assert (response.status_code, response.json()["error"]) == (401, reason)
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert TOKEN not in response.text


def test_the_right_token_is_answered(strict, network, photo):
    response = strict.server.post(strict.predict, files=form_of([photo]), headers=BEARER)
    assert_same(response.json()["predictions"], expected_of(network, [photo]))


def test_only_the_named_runs_are_served(strict):
    config = runs.get_run(strict.store, strict.run_id).config
    other = runs.submit_run(strict.store, strict.dataset_id, config)
    listed = strict.server.get("/v1/models", headers=BEARER).json()["models"]
    assert [model["id"] for model in listed] == [strict.run_id]
    assert strict.server.get(f"/v1/models/{other}", headers=BEARER).status_code == 404
    assert strict.server.get("/v1/models/latest", headers=BEARER).json()["id"] == strict.run_id
    runs.forget_run(strict.store, other)


def test_a_request_beyond_the_places_is_told_when_to_return(strict, photo):
    with half_a_request(strict, BEARER):
        strict.server.wait_for(1)
        response = strict.server.post(strict.predict, files=form_of([photo]), headers=BEARER)
        assert (response.status_code, response.json()["error"]) == (503, "too-busy")
        assert int(response.headers["Retry-After"]) > 0
    strict.server.wait_for(0)
    again = strict.server.post(strict.predict, files=form_of([photo]), headers=BEARER)
    assert again.status_code == 200


def test_pages_from_elsewhere_may_ask_only_where_that_is_allowed(served, strict):
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    allowed = requests.options(strict.server.url + strict.predict, headers=asked, timeout=60)
    assert allowed.headers["Access-Control-Allow-Origin"] == ORIGIN
    stranger = strict.server.get("/health", headers={"Origin": "https://elsewhere.example"})
    assert "Access-Control-Allow-Origin" not in stranger.headers
    plain = served.server.get("/health", headers={"Origin": ORIGIN})
    assert "Access-Control-Allow-Origin" not in plain.headers


def test_the_page_lists_every_address_and_loads_nothing(served, strict):
    class Page(HTMLParser):
        tags: list[str]
        text: str

        def handle_starttag(self, tag, attrs):
            self.tags.append(tag)
            assert not any(name == "src" for name, _ in attrs)

        def handle_data(self, data):
            self.text += data

    for server in (served.server, strict.server):
        response = server.get("/")
        page = Page()
        page.tags, page.text = [], ""
        page.feed(response.text)
        assert not {"script", "link", "img", "iframe"} & set(page.tags)
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        for path in server.get("/openapi.json").json()["paths"]:
            assert path in page.text
    assert TOKEN not in response.text
