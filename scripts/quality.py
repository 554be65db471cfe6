#!/usr/bin/env python3
"""Measures the quality of the answers and writes the tables of docs/quality.md, each between its markers.

    scripts/quality.py [PART ...] -- FOLDER:SPLIT ...

FOLDER:SPLIT names a collection for `stroma eval`, such as collections/scifact:train. The questions over the samples are
always among them. PART is one of models, leave-one-out, transfer, reviews, answers, collections; the default is all.
STROMA_INDEX names an index of the 376 articles, made with the default model, which the questions over review articles are
asked of; the indexes of the collections are kept below it.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
STROMA = os.environ.get("STROMA", str(ROOT / "target/release/stroma"))
MODELS = ["bge-small-en-v1.5", "all-MiniLM-L6-v2", "e5-small-v2"]
ARTICLES = ROOT / "../shared/data/jats"
QUESTIONS = ROOT / "tests/fixtures/reviews"


def stroma(*arguments, **settings):
    environment = {**os.environ, **{f"STROMA_{name.upper()}": str(value) for name, value in settings.items()}}
    run = subprocess.run([STROMA, *arguments], capture_output=True, text=True, cwd=ROOT, env=environment)
    if run.returncode == 2:
        sys.exit(f"stroma {' '.join(arguments)}: {run.stderr}")
    return run.stdout


def there(model):
    return (ROOT / "models" / model).is_dir()


def ndcg(collection, mode, model=MODELS[0], weights=None, **settings):
    folder, split = collection.rsplit(":", 1)
    settings |= {f"weights_{name}": value for name, value in (weights or {}).items()}
    lines = stroma("eval", folder, "--split", split, "--mode", mode, "--json",
                   model_folder=ROOT / "models" / model, **settings)
    return json.loads(lines.splitlines()[0])["ndcg_at_10"]


def fit(collections, **settings):
    """The outcome of `eval --fit` over pairs of a collection and a model."""
    (first, model), *others = collections
    folder, split = first.rsplit(":", 1)
    at = lambda of: "" if of == model else f"@{ROOT / 'models' / of}"
    further = [part for other, of in others for part in ("--with", other + at(of))]
    lines = stroma("eval", folder, "--split", split, "--fit", "--json", *further,
                   model_folder=ROOT / "models" / model, **settings)
    return json.loads(lines)


def name(collection):
    return pathlib.Path(collection.rsplit(":", 1)[0]).name


def table(columns, rows):
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def figure(value):
    return f"{value:.4f}".replace("0.", ".", 1)


def models(collections):
    """Each model with the weights of the settings, compared with a baseline with the same model."""
    found = [model for model in MODELS if there(model)]
    columns = ["", *(part for model in found for part in (model, "baseline"))]
    measured = lambda collection: [figure(ndcg(collection, mode, m)) for m in found for mode in ("hybrid", "baseline")]
    return table(columns, [[name(collection), *measured(collection)] for collection in collections])


def leave_one_out(collections):
    """Each collection with weights fitted to the other collections, and to all."""
    with tempfile.TemporaryDirectory() as folder:
        asked = [f"{made}:dev" for made in judged_over_articles(folder)]
        outcome = fit([(collection, MODELS[0]) for collection in [*collections, *asked]])
    rows = []
    for part in outcome["collections"]:
        gain = part["gain"]
        interval = f"{gain['difference']:+.4f} ({gain['low']:+.4f} to {gain['high']:+.4f})"
        rows.append([part["name"], str(part["questions"]), figure(part["before"]), figure(part["after"]), interval])
    columns = ["", "questions", "weights of the settings", "weights fitted to the others", "difference (95 % interval)"]
    weights = ", ".join(f"{name} {value}" for name, value in outcome["weights"].items())
    return table(columns, rows) + f"\nFitted to all of them: {weights}.\n"


def transfer(collections):
    """Weights fitted to two models, applied to the third, compared with weights fitted to the third itself."""
    rows = []
    for third in filter(there, MODELS):
        pairs = [(collection, model) for model in MODELS if model != third and there(model) for collection in collections]
        others = fit(pairs)["weights"]
        own = fit([(collection, third) for collection in collections])["weights"]
        for collection in collections:
            by_others, by_own = (ndcg(collection, "hybrid", third, weights) for weights in (others, own))
            row = [third, name(collection), figure(by_others), figure(by_own), f"{by_others - by_own:+.4f}"]
            rows.append(row)
    return table(["model", "", "weights of the other two", "its own weights", "difference"], rows)


def judged_over_articles(folder):
    """The questions over the articles as collections in a folder, one for each kind."""
    for kind in ("terse", "full", "paraphrase"):
        made = pathlib.Path(folder) / kind
        command = [sys.executable, str(ROOT / "scripts/collection.py"), "--over-index", str(ARTICLES)]
        command += [str(QUESTIONS / f"{kind}.jsonl"), str(made)]
        subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "STROMA": STROMA}, stdout=subprocess.DEVNULL)
        yield made


def reviews(_):
    """Questions over the articles, by kind and by half."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for made in judged_over_articles(folder):
            for split in ("dev", "test"):
                measured = [figure(ndcg(f"{made}:{split}", system)) for system in SYSTEMS]
                rows.append([f"{made.name}, {split}", *measured])
    return table(["", *SYSTEMS[:-1], "baseline"], rows)


SYSTEMS = ("hybrid", "lexical", "vector", "baseline")


def answers(_):
    """The share of questions that are not answered."""
    with tempfile.TemporaryDirectory() as uploads:
        environment = {**os.environ, "STROMA_SERVER_UPLOADS": uploads}
        command = [STROMA, "serve", "--listen", "127.0.0.1:0"]
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            address = next(line.split()[-1] for line in server.stderr if line.startswith("listening on"))
            rows = [refused(address, kind, split) for kind in KINDS for split in ("dev", "test")]
        finally:
            server.kill()
    return table(["questions", "half", "asked", "not answered"], rows)


KINDS = ("terse", "full", "paraphrase", "unanswerable")


def refused(address, kind, split):
    lines = map(json.loads, (QUESTIONS / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines())
    asked = [line["text"] for line in lines if line["split"] == split]
    url = lambda text: f"{address}/v1/search?{urllib.parse.urlencode({'q': text})}"
    count = sum(json.load(urllib.request.urlopen(url(text)))["answer"]["abstained"] for text in asked)
    return [kind, split, str(len(asked)), f"{100 * count / len(asked):.0f} %"]


def collections_(collections):
    """Each collection with all modes, and without each part of the ranking."""
    parts = []
    for collection in collections:
        folder, split = collection.rsplit(":", 1)
        parts.append(stroma("eval", folder, "--split", split, "--markdown", "--ablation"))
    return "\n".join(parts)


PARTS = {
    "models": models, "leave-one-out": leave_one_out, "transfer": transfer,
    "reviews": reviews, "answers": answers, "collections": collections_,
}


def publish(part, text):
    document = ROOT / "docs/quality.md"
    before, rest = document.read_text(encoding="utf-8").split(f"<!-- {part} -->\n")
    after = rest.split(f"<!-- /{part} -->")[1]
    document.write_text(f"{before}<!-- {part} -->\n{text}<!-- /{part} -->{after}", encoding="utf-8")


def main():
    arguments = sys.argv[1:]
    if "--" not in arguments:
        sys.exit(__doc__)
    cut = arguments.index("--")
    wanted, collections = arguments[:cut] or list(PARTS), arguments[cut + 1 :]
    if not all(part in PARTS for part in wanted):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        samples = str(pathlib.Path(folder) / "samples")
        questions = str(ROOT / "tests/fixtures/samples/questions.jsonl")
        script = [sys.executable, str(ROOT / "scripts/collection.py"), str(ROOT / "papers"), questions, samples]
        subprocess.run(script, check=True, cwd=ROOT, env={**os.environ, "STROMA": STROMA}, stdout=subprocess.DEVNULL)
        for part in wanted:
            print(part, flush=True)
            text = PARTS[part]([*collections, f"{samples}:dev"])
            print(text, flush=True)
            publish(part, text)


if __name__ == "__main__":
    main()
