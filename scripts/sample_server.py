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
        command = [str(stroma), "serve", "--listen", "127.0.0.1:0"]
        self.log = self.folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env={**environment, **variables}, stderr=log)
        self.address = self._address()

    def _address(self):
        for _ in range(600):
            if found := re.search(r"http://[\d.]+:\d+", self.log.read_text()):
                return found.group()
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        sys.exit("the server did not start: " + self.log.read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        shutil.rmtree(self.folder)
