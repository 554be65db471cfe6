"""What the checks that use a browser need: a Chromium, and packages from PyPI in an environment of their own."""

import json
import os
import shutil
import subprocess
import sys
import venv

#: The exit status of a check whose tools are not available.
UNAVAILABLE = 3


def chromium(name, given):
    """The browser: the given one, or the first that is installed. `name` is that of the check."""
    names = ["chromium", "chromium-browser", "google-chrome", "chrome"]
    found = given or next(filter(None, map(shutil.which, names)), None)
    if not found:
        print(f"{name}: there is no Chromium", file=sys.stderr)
        sys.exit(UNAVAILABLE)
    return found


def run_in_environment(name, folder, packages):
    """Runs this program again with the packages, which are installed into `folder` first; returns where it does so already."""
    environment, installed = folder / "python", folder / "installed.json"
    if environment.exists() and os.path.realpath(sys.prefix) == os.path.realpath(environment):
        return
    if not installed.exists() or installed.read_text() != json.dumps(packages):
        try:
            venv.create(environment, with_pip=True, clear=True)
            pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, *packages], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{name}: the tools cannot be installed: {error}", file=sys.stderr)
            sys.exit(UNAVAILABLE)
        installed.write_text(json.dumps(packages))
    python = str(environment / "bin" / "python")
    os.execv(python, [python, *sys.argv])
