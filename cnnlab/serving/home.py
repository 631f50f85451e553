"""A page that says what the server answers; it needs nothing from elsewhere."""

from __future__ import annotations

from html import escape

import cnnlab
from cnnlab.serving.endpoints import ENDPOINTS
from cnnlab.serving.settings import MOST_FILES, ServeSettings

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>cnnlab REST</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: auto; padding: 1rem }}
code {{ overflow-wrap: anywhere }}
table {{ border-collapse: collapse; width: 100% }}
td {{ border-top: 1px solid #8886; padding: .5rem .75rem .5rem 0; vertical-align: top }}
</style>
<h1>cnnlab {version}</h1>
<p>Photos in, class probabilities out.</p>
<table>
{rows}
</table>
<p>Send pictures as <code>multipart/form-data</code> in fields called <code>file</code>, or one
picture as the body. A request may have {files} pictures and {megabytes:g} MiB.{token}</p>
</html>
"""
_ROW = "<tr><td><code>{method}</code></td><td>{path}</td><td>{summary}</td></tr>"


def home_page(settings: ServeSettings) -> str:
    """The page as HTML."""
    rows = []
    for endpoint in ENDPOINTS:
        path = f"<code>{escape(endpoint.path)}</code>"
        if endpoint.method == "GET" and "{" not in endpoint.path and not endpoint.guarded:
            path = f'<a href="{escape(endpoint.path)}">{path}</a>'
        rows.append(
            _ROW.format(method=endpoint.method, path=path, summary=escape(endpoint.summary))
        )
    token = " Addresses below <code>/v1</code> need the server's token." if settings.token else ""
    return _PAGE.format(
        version=escape(cnnlab.__version__),
        rows="\n".join(rows),
        files=MOST_FILES,
        megabytes=settings.max_bytes / 2**20,
        token=token,
    )
