"""The REST server as an application of Starlette."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import anyio
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

import cnnlab
from cnnlab.errors import CnnlabError
from cnnlab.inference.classify import classify
from cnnlab.serving.endpoints import ENDPOINTS
from cnnlab.serving.guard import TokenGuard
from cnnlab.serving.home import POLICY, home_page
from cnnlab.serving.models import ServedModels
from cnnlab.serving.openapi import openapi_document
from cnnlab.serving.problems import (
    Problem,
    as_problem,
    internal_error,
    too_busy,
    wrong_address,
)
from cnnlab.serving.query import PredictQuery
from cnnlab.serving.settings import ServeSettings
from cnnlab.serving.uploads import Upload

Answers = list[dict[str, Any]]
_AT_WORK_AT_ONCE = max(2, os.cpu_count() or 1)


def make_app(models: ServedModels, settings: ServeSettings) -> Starlette:
    """The application; predictions run on threads of their own, never on the event loop."""
    service = _Service(models, settings)
    middleware = []
    if settings.origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.origins,
                allow_methods=["GET", "POST"],
                allow_headers=["Authorization", "Content-Type"],
            )
        )
    if settings.token is not None:
        middleware.append(Middleware(TokenGuard, token=settings.token))
    app = Starlette(
        routes=[
            Route(each.path, getattr(service, each.name), methods=[each.method], name=each.name)
            for each in ENDPOINTS
        ],
        middleware=middleware,
        exception_handlers={
            CnnlabError: _refuse,
            HTTPException: _refuse_address,
            Exception: _apologise,
        },
    )
    app.router.redirect_slashes = False
    return app


class _Service:
    """What each endpoint does; methods carry the endpoints' names."""

    def __init__(self, models: ServedModels, settings: ServeSettings) -> None:
        self._models = models
        self._settings = settings
        self._began = time.monotonic()
        self._workers = anyio.CapacityLimiter(_AT_WORK_AT_ONCE)
        self._requests = 0

    async def home(self, request: Request) -> Response:
        return HTMLResponse(home_page(self._settings), headers={"Content-Security-Policy": POLICY})

    async def health(self, request: Request) -> Response:
        return JSONResponse(
            {
                "status": "ok",
                "version": cnnlab.__version__,
                "uptime_seconds": round(time.monotonic() - self._began, 3),
                "models_loaded": self._models.loaded,
                "requests": self._requests,
            }
        )

    async def openapi(self, request: Request) -> Response:
        return JSONResponse(openapi_document(self._settings))

    async def models(self, request: Request) -> Response:
        return JSONResponse({"models": await run_sync(self._models.describe_all)})

    async def model(self, request: Request) -> Response:
        return JSONResponse(await run_sync(self._models.describe, request.path_params["id"]))

    async def predict(self, request: Request) -> Response:
        query = PredictQuery.of(request.query_params.multi_items())
        with self._place(), Upload(request, self._settings, query.name) as upload:
            network = await run_sync(self._models.network, request.path_params["id"])
            try:
                await upload.receive()
            except ClientDisconnect:
                return Response(status_code=400)  # to nobody

            def answer(gone: threading.Event) -> Answers:
                answers: Answers = []
                for each in classify(network, upload.photos()):
                    answers.append(query.shorten(each.to_json()))
                    if gone.is_set():
                        break
                return answers

            answers = await self._at_work(request, answer)
        return _answer(network.facts.run_id, answers)

    @contextmanager
    def _place(self) -> Iterator[None]:
        """One of the places for predictions; refused where none is free."""
        if self._requests >= self._settings.max_requests:
            raise too_busy(self._requests)
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    async def _at_work(
        self, request: Request, work: Callable[[threading.Event], Answers]
    ) -> Answers:
        """Do something on a thread; the event says that its caller has gone."""
        gone = threading.Event()
        watch = asyncio.create_task(_tell_when_gone(request, gone))
        try:
            return await run_sync(work, gone, limiter=self._workers)
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch


async def _tell_when_gone(request: Request, gone: threading.Event) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    gone.set()


def _answer(model_id: str, answers: Sequence[dict[str, Any]]) -> Response:
    document: dict[str, Any] = {"model": model_id, "predictions": list(answers)}
    if all("error" in each for each in answers):
        problem = Problem(422, "nothing-readable", "None of the files could be read as a picture.")
        return JSONResponse(document | problem.to_json(), problem.status)
    return JSONResponse(document)


async def _refuse(request: Request, error: Exception) -> Response:
    problem = as_problem(error) if isinstance(error, CnnlabError) else internal_error()
    return JSONResponse(problem.to_json(), problem.status, problem.headers)


async def _refuse_address(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    method, path = request.method, request.url.path
    return await _refuse(request, wrong_address(error.status_code, method, path, error.headers))


async def _apologise(request: Request, error: Exception) -> Response:
    return await _refuse(request, internal_error())
