"""The description of REST says what the server does."""

import re

import jsonschema
import pytest

from cnnlab.serving.app import make_app
from cnnlab.serving.endpoints import ENDPOINTS, REFUSALS
from cnnlab.serving.models import ServedModels
from cnnlab.serving.openapi import openapi_document
from cnnlab.serving.problems import _STATUS
from cnnlab.serving.settings import ServeSettings


@pytest.fixture(params=[None, "a-token"])
def settings(request) -> ServeSettings:
    return ServeSettings(token=request.param)


def references(part: object) -> set[str]:
    if isinstance(part, dict):
        found = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return found.union(*(references(value) for value in part.values()))
    if isinstance(part, list):
        return set().union(*(references(value) for value in part))
    return set()


def test_every_reference_has_its_schema_and_every_schema_is_valid(settings):
    document = openapi_document(settings)
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert references(document) == {f"#/components/schemas/{name}" for name in schemas}


def test_the_document_has_the_structure_of_openapi(settings):
    document = openapi_document(settings)
    assert re.fullmatch(r"3\.1\.\d", document["openapi"])
    assert {"title", "version"} <= document["info"].keys()
    identifiers = []
    for path, item in document["paths"].items():
        assert path.startswith("/")
        for method, operation in item.items():
            assert method in ("get", "post")
            identifiers.append(operation["operationId"])
            named = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))
            assert all(each["required"] for each in operation["parameters"] if each["in"] == "path")
            assert "200" in operation["responses"]
            for status, response in operation["responses"].items():
                assert re.fullmatch(r"[1-5]\d\d", status)
                assert response["description"]
                assert all("schema" in content for content in response["content"].values())
            assert ("requestBody" in operation) == (method == "post")
            for need in operation.get("security", []):
                assert need.keys() <= document["components"]["securitySchemes"].keys()
    assert len(set(identifiers)) == len(identifiers)


def test_routes_and_document_name_the_same_addresses(settings, workspace, store):
    app = make_app(ServedModels(workspace, store), settings)
    routes = {(route.path, (route.methods - {"HEAD"}).pop().lower()) for route in app.routes}
    document = openapi_document(settings)
    assert routes == {(path, method) for path, item in document["paths"].items() for method in item}


def test_a_token_is_asked_for_where_there_is_one(settings):
    document = openapi_document(settings)
    for path, item in document["paths"].items():
        for operation in item.values():
            guarded = settings.token is not None and path.startswith("/v1/")
            assert ("security" in operation) == guarded
            assert ("401" in operation["responses"]) == guarded


def test_every_status_of_a_failure_is_described():
    listed = {status for endpoint in ENDPOINTS for status in endpoint.statuses}
    assert listed == REFUSALS.keys()
    assert set(_STATUS.values()) <= listed
