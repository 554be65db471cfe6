"""A server over an index of the sample papers, for the checks in scripts/."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def start_server(stroma, folder, environment):
    """Starts a server in a folder, where it writes `log`. Returns the process, and the address once it answers there."""
    log = folder / "log"
    with log.open("w") as output:
        command = [str(stroma), "serve", "--listen", "127.0.0.1:0"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stderr=output)
    for _ in range(600):
        if found := re.search(r"http://[\d.]+:\d+", log.read_text()):
            return process, found.group()
        if process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    sys.exit("the server did not start: " + log.read_text())


class Server:
    """A server in its own folder. `papers` are further papers, by the names of their files."""

    def __init__(self, stroma, model, papers=None, **variables):
        self.stroma = str(stroma)
        self.folder = Path(tempfile.mkdtemp(prefix="stroma-sample-"))
        shutil.copytree(PROJECT / "papers", self.folder / "papers")
        for name, text in (papers or {}).items():
            (self.folder / "papers" / name).write_text(text, encoding="utf-8")
        (self.folder / "config.toml").write_text("")
        environment = {**os.environ, "STROMA_MODEL_FOLDER": str(model), "STROMA_INDEX": str(self.folder / "index")}
        self.environment = environment
        subprocess.run([str(stroma), "index", "papers"], cwd=self.folder, env=environment, check=True, capture_output=True)
        self.log = self.folder / "log"
        self.process, self.address = start_server(stroma, self.folder, {**environment, **variables})

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        shutil.rmtree(self.folder)
