"""A real HTTP server on this machine that can misbehave on purpose."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """What the server does, and what it was asked.

    Attributes:
        content: The file.
        etag: Changes when the file does.
        cut_after: For each request in turn: bytes after which the connection is cut; None never.
        status: Answered instead of the file, if it is not 200.
        ranges: Whether Range requests are honoured.
        headers: Sent along.
        pause_seconds: Between pieces of 10,000 bytes.
        asked: The Range header of each request, or "".
    """

    content: bytes
    etag: str = '"one"'
    cut_after: list[int | None] = field(default_factory=list)
    status: int = 200
    ranges: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    pause_seconds: float = 0.0
    asked: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def serve_file(content: bytes, **behaviour: object) -> Iterator[Served]:
    served = Served(content, **behaviour)  # type: ignore[arg-type]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.headers.get("Range", "")
            served.asked.append(wanted)
            turn = len(served.asked) - 1
            cut = served.cut_after[turn] if turn < len(served.cut_after) else None
            start = 0
            if served.status != 200:
                self.send_response(served.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            unchanged = self.headers.get("If-Range") in (None, served.etag)
            if wanted and served.ranges and unchanged:
                start = int(wanted.removeprefix("bytes=").split("-")[0])
                if start >= len(served.content):
                    self.send_response(416)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206)
                last = len(served.content) - 1
                self.send_header("Content-Range", f"bytes {start}-{last}/{len(served.content)}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(served.content) - start))
            self.send_header("ETag", served.etag)
            for name, value in served.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self._send(served.content[start:], cut)

        def _send(self, data: bytes, cut: int | None) -> None:
            try:
                for n in range(0, len(data if cut is None else data[:cut]), 10_000):
                    self.wfile.write(data[n : min(n + 10_000, len(data) if cut is None else cut)])
                    self.wfile.flush()
                    time.sleep(served.pause_seconds)
            except OSError:
                return  # the client has gone
            if cut is not None:
                self.close_connection = True
                self.connection.close()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}/files/set.bin"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
