"""The dashboard's server, noting how long each run of a page, or of a part of one, takes.

    python -m benchmarks.timed_server WORKSPACE PORT LOG

Writes a line of seconds to LOG after each.
"""

import sys
import time
from pathlib import Path
from typing import Any

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner

from cnnlab.ui.server import serve_dashboard
from cnnlab.workspace import open_workspace


def main() -> None:
    workspace, port, log = open_workspace(Path(sys.argv[1])), int(sys.argv[2]), Path(sys.argv[3])
    run_script = ScriptRunner._run_script

    def timed(runner: ScriptRunner, data: Any) -> None:
        began = time.perf_counter()
        run_script(runner, data)
        with log.open("a") as file:
            file.write(f"{time.perf_counter() - began:.6f}\n")

    ScriptRunner._run_script = timed
    serve_dashboard(workspace, port)


if __name__ == "__main__":
    main()
