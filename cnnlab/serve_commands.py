"""The command that answers other programs over HTTP."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cnnlab import console
from cnnlab.options import WorkspaceOption
from cnnlab.serving.access import require_token
from cnnlab.serving.settings import (
    DEFAULT_MEGABYTES,
    DEFAULT_PORT,
    DEFAULT_REQUESTS,
    MEBIBYTE,
    TOKEN_VARIABLE,
    ServeSettings,
)

HOST = "127.0.0.1"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve")(serve)


def serve(
    workspace: WorkspaceOption = None,
    host: Annotated[str, typer.Option(help="Name or address to listen on")] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one")] = DEFAULT_PORT,
    token: Annotated[
        str | None,
        typer.Option(envvar=TOKEN_VARIABLE, help="What callers must show (Authorization: Bearer)"),
    ] = None,
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Answer other machines without a token")
    ] = False,
    max_megabytes: Annotated[
        int, typer.Option(min=1, max=4096, help="Of one request, in MiB")
    ] = DEFAULT_MEGABYTES,
    max_requests: Annotated[
        int, typer.Option(min=1, max=1000, help="At work or waiting; further ones get 503")
    ] = DEFAULT_REQUESTS,
    run: Annotated[
        list[str] | None, typer.Option("--run", help="Serve only this run; repeatable")
    ] = None,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(help="Let web pages from there ask, such as https://example.org; repeatable"),
    ] = None,
) -> None:
    """Answer other programs over HTTP with JSON: models, predictions, their description."""
    token = token or None
    require_token(host, token, no_token=no_token)
    settings = ServeSettings(
        token=token,
        max_bytes=max_megabytes * MEBIBYTE,
        max_requests=max_requests,
        run_ids=tuple(run or ()),
        origins=tuple(allow_origin or ()),
    )
    # Arrow's own allocator keeps what it was given once; it is chosen when Arrow is imported.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    from cnnlab.serving import server
    from cnnlab.workspace import open_workspace

    place = open_workspace(workspace)

    def tell(address: str) -> None:
        console.say(f"cnnlab answers at {address}, described at {address}/openapi.json")

    server.serve(place, settings, host=host, port=port, tell=tell)
