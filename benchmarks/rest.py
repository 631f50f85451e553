"""Clients that ask a real REST server at once, and a folder of broken pictures through it.

    python -m benchmarks.rest --workspace W --run RUN --photos FOLDER
    python -m benchmarks.rest --workspace W --run RUN --broken FOLDER

With --photos, each of the clients sends its requests one after the other, each with another
picture; every answer is compared with what `classify` says about that picture in this process. A
wrong answer is more than 1e-5 off, or bears another name. With --broken, every file below the
folder is sent, some in each request; what is refused is counted by its reason. Both print the
greatest memory of the server, as the system counts it (VmHWM), and whether it is alive at the end.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests

from cnnlab.datasets.photos import photos_at
from cnnlab.inference.classify import classify
from cnnlab.inference.model import load_model
from cnnlab.workspace import RunFiles, open_workspace

TOLERANCE = 1e-5
ASK_SECONDS = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--broken", type=Path)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--requests", type=int, default=200, help="of each client")
    parser.add_argument("--files", type=int, default=50, help="in a request of broken ones")
    options = parser.parse_args()
    found: dict[str, object] = {"run": options.run}
    with rest_server(options.workspace) as (process, address):
        url = f"{address}/v1/models/{options.run}/predict"
        if options.photos:
            files = RunFiles(open_workspace(options.workspace).run_folder(options.run))
            found |= load_test(files, options.photos, url, options.clients, options.requests)
        if options.broken:
            found |= broken_test(options.broken, url, options.files)
        health = requests.get(f"{address}/health", timeout=10).json()
        found["alive"] = process.poll() is None and health["status"] == "ok"
        found["server_mb"] = memory_mb(process.pid, "VmRSS")
        found["server_peak_mb"] = memory_mb(process.pid, "VmHWM")
    found["exit_status"] = process.returncode
    print(json.dumps(found, indent=2))


@contextmanager
def rest_server(workspace: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server on a free port, and its address; stopped by SIGTERM."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "cnnlab", "serve", "--port", "0"),
            *("--workspace", str(workspace)),
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "CNNLAB_TOKEN"},
    )
    output = process.stdout or sys.exit("The server has no output.")
    try:
        line = output.readline()
        yield process, next(word for word in line.split() if "://" in word).rstrip(",")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        output.close()


def load_test(
    files: RunFiles, folder: Path, url: str, clients: int, count: int
) -> dict[str, object]:
    """Every client asks about other pictures, in another order."""
    photos = photos_at([folder])
    paths = [photo.source for photo in photos if isinstance(photo.source, Path)]
    expected = {
        answer.name: answer.to_json()["probabilities"]
        for answer in classify(load_model(files), photos)
        if answer.probabilities is not None
    }
    paths = [path for path in paths if str(path) in expected]

    def client(number: int) -> list[tuple[str, float]]:
        chosen = [paths[(number + clients * turn) % len(paths)] for turn in range(count)]
        with requests.Session() as session:
            return [ask(session, path) for path in chosen]

    def ask(session: requests.Session, path: Path) -> tuple[str, float]:
        content = path.read_bytes()
        began = time.perf_counter()
        response = session.post(url, files={"file": (str(path), content)}, timeout=ASK_SECONDS)
        seconds = time.perf_counter() - began
        return judged(response, str(path), expected[str(path)]), seconds

    requests.post(url, files={"file": paths[0].read_bytes()}, timeout=ASK_SECONDS)  # loads it
    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        answered = [each for part in pool.map(client, range(clients)) for each in part]
    seconds = time.perf_counter() - began
    times = statistics.quantiles([each for _, each in answered], n=100)
    return {
        "clients": clients,
        "requests": len(answered),
        "pictures": len(set(paths[: clients * count])),
        "answers": dict(Counter(verdict for verdict, _ in answered)),
        "requests_per_second": round(len(answered) / seconds, 1),
        "p50_ms": round(1000 * times[49], 1),
        "p95_ms": round(1000 * times[94], 1),
    }


def judged(response: requests.Response, name: str, expected: dict[str, float]) -> str:
    if response.status_code != 200:
        return f"status {response.status_code}"
    (answer,) = response.json()["predictions"]
    given = answer.get("probabilities", {})
    same = answer["path"] == name and given.keys() == expected.keys()
    if same and all(abs(given[each] - expected[each]) <= TOLERANCE for each in given):
        return "right"
    return "wrong"


def broken_test(folder: Path, url: str, at_once: int) -> dict[str, object]:
    """Send every file; each must be answered or refused by a named reason."""
    paths = [photo.source for photo in photos_at([folder]) if isinstance(photo.source, Path)]
    statuses: Counter[int] = Counter()
    reasons: Counter[str] = Counter()
    slowest = 0.0
    with requests.Session() as session:
        for start in range(0, len(paths), at_once):
            chosen = paths[start : start + at_once]
            began = time.perf_counter()
            response = session.post(url, files=form_of(chosen), timeout=ASK_SECONDS)
            slowest = max(slowest, time.perf_counter() - began)
            statuses[response.status_code] += 1
            answers = response.json().get("predictions", [])
            if [answer["path"] for answer in answers] != [str(path) for path in chosen]:
                sys.exit(f"Files are missing in an answer: {response.text[:500]}")
            reasons.update(reason_of(answer) for answer in answers)
    return {
        "files": len(paths),
        "statuses": dict(statuses),
        "reasons": dict(reasons.most_common()),
        "slowest_request_seconds": round(slowest, 2),
    }


def reason_of(answer: dict[str, str]) -> str:
    if "error" not in answer:
        return "answered"
    return answer["error"] if answer["detail"] else "without a sentence"


def form_of(paths: Sequence[Path]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("file", (str(path), path.read_bytes())) for path in paths]


def memory_mb(pid: int, name: str) -> float | None:
    """A line of the process's status; None where the system has none."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next(round(int(line.split()[1]) / 1024, 1) for line in lines if line.startswith(name))


if __name__ == "__main__":
    main()
