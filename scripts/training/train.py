#!/usr/bin/env python3
"""Adapts a model to questions: trains an adapter of its weights and a prefix, which only questions have.

    scripts/training/train.py MODEL PAIRS... --without COLLECTION... --work FOLDER --out FOLDER

MODEL is a folder such as models/bge-small-en-v1.5, with a prompt of questions and pooling of the first token. PAIRS are files
of JSON lines, gzipped or not, with a question `q`, a passage `d` that answers it, and the `kind` of the pair. Pairs with a
question or a passage of a COLLECTION (a folder in the layout of BEIR) are left out, so that quality can be measured on it. The
vectors of passages and questions are kept in --work. `query_adapter.safetensors` and `query_prefix.safetensors` are written
into --out. On two cores with bf16 a step takes 2 seconds, and the vectors of 80,000 passages an hour. Needs torch, numpy,
tokenizers and safetensors.

The method: low-rank adaptation (LoRA: Hu et al. 2021) of all matrices of the layers, and prefix-tuning (Li and Liang 2021), of
one side of a bi-encoder: passages stay as they are. The prefix starts as the mean of the prompt's keys and values over many
questions, or as a prefix that was trained before. The loss is the cross-entropy of the right passage among random ones and near
ones (InfoNCE), and the distance to the vector of the model as it was, which keeps what it knew.
"""

import argparse
import gzip
import hashlib
import json
import math
import pathlib
import random
import sys
import time

import numpy
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from collection import Texts

# How often pairs of a kind are drawn, relative to their number: less where there are many short questions with short passages,
# or where words of a question were replaced by a lexicon.
SHARE_OF_A_KIND = {
    "term_definition": 0.4, "synonym_definition": 0.6, "q_snippet": 0.8,
    "in_other_words": 0.8, "lay_sentence": 0.7, "lay_cite": 0.5, "lay_head_para": 0.5, "lay_q_snippet": 0.7, "lay_consumer_qa": 0.7,
}
MOST_WORDS = 60
MOST_TOKENS = {"question": 64, "passage": 256}

BATCH = 256
FEWEST = 10 * BATCH
# Passages among which the right one is to be found: those of the batch, random ones, and some of the nearest of each question.
RANDOM_PASSAGES = 8192
NEAR_RANKS = range(3, 24, 4)
# A passage this near to the right one may be right as well, and is left out.
SAME = 0.9
# The matrices of a layer that the adapter changes.
ADAPTED = ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
           "intermediate.dense", "output.dense"]


class Encoder:
    """BERT with the weights of a folder, in bf16 with sums in fp32."""

    def __init__(self, folder):
        config = json.loads((folder / "config.json").read_text())
        self.width, self.heads = config["hidden_size"], config["num_attention_heads"]
        self.depth = config["num_hidden_layers"]
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        prompts = json.loads((folder / "config_sentence_transformers.json").read_text())["prompts"]
        self.prompt = self.tokenizer.encode(prompts["query"], add_special_tokens=False).ids
        self.weights = {name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()}
        self.matrices = {name: self.weights[f"{name}.weight"].bfloat16() for name in self.adapted()}
        table = lambda name: self.weights[f"embeddings.{name}_embeddings.weight"]
        self.words, self.positions, self.type = table("word"), table("position"), table("token_type")[0]

    def adapted(self):
        return [f"encoder.layer.{number}.{part}" for number in range(self.depth) for part in ADAPTED]

    def tokens(self, text, most, prompted=False):
        first, *own, last = self.tokenizer.encode(text).ids
        return [first, *(self.prompt if prompted else []), *own[: most - 2], last]

    def split(self, rows):
        return rows.view(*rows.shape[:2], self.heads, -1).transpose(1, 2)

    def forward(self, sequences, adapter=None, seen=None):
        """Unit vectors, [batch, width]. `seen` is called with the keys and values of each layer, [batch, length, 2 · width]."""
        longest = max(map(len, sequences))
        ids = torch.tensor([tokens + [0] * (longest - len(tokens)) for tokens in sequences])
        is_token = torch.arange(longest) < torch.tensor([[len(tokens)] for tokens in sequences])
        before = 0 if adapter is None else adapter.prefix.shape[1]
        positions = torch.arange(longest)
        positions = positions + before * (positions > 0)
        norm = lambda rows, name: F.layer_norm(
            rows, (self.width,), self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], 1e-12)

        def linear(rows, name):
            output = F.linear(rows, self.matrices[name], self.weights[f"{name}.bias"])
            return output if adapter is None else output + adapter.change(rows, name)

        hidden = norm(self.words[ids] + self.positions[positions] + self.type, "embeddings.LayerNorm")
        bias = F.pad((~is_token).float() * -1e4, (before, 0))[:, None, None, :]
        for number in range(self.depth):
            name = lambda part: f"encoder.layer.{number}.{part}"
            keys, values = linear(hidden, name("attention.self.key")), linear(hidden, name("attention.self.value"))
            if seen:
                seen(torch.cat([keys, values], -1))
            if adapter is not None:
                own = adapter.prefix[number].to(keys.dtype).expand(len(sequences), -1, -1)
                keys, values = (torch.cat(pair, 1) for pair in zip(own.split(self.width, -1), (keys, values)))
            query = self.split(linear(hidden, name("attention.self.query")))
            # On a CPU the gradient of scaled_dot_product_attention takes as long as all the rest.
            shares = (query @ self.split(keys).transpose(2, 3) / math.sqrt(query.shape[-1]) + bias).softmax(-1)
            context = shares.to(query.dtype) @ self.split(values)
            context = context.transpose(1, 2).reshape(hidden.shape)
            attended = linear(context, name("attention.output.dense"))
            hidden = norm(hidden + attended, name("attention.output.LayerNorm"))
            inner = F.gelu(linear(hidden, name("intermediate.dense")))
            hidden = norm(hidden + linear(inner, name("output.dense")), name("output.LayerNorm"))
        return F.normalize(hidden[:, 0].float(), dim=-1)

    def vectors(self, sequences, adapter=None):
        """The vectors of many texts, [texts, width], without gradients."""
        rows = torch.zeros(len(sequences), self.width)
        order = sorted(range(len(sequences)), key=lambda number: len(sequences[number]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
                rows[batch] = self.forward([sequences[number] for number in batch], adapter)
        return rows

    def mean_prompt(self, texts):
        """Keys and values of the prompt's tokens, the mean over some questions: [layers, tokens, 2 · width]."""
        total = 0
        for text in texts:
            layers = []
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
                sequence = self.tokens(text, MOST_TOKENS["question"], prompted=True)
                self.forward([sequence], seen=lambda rows: layers.append(rows[0, 1 : 1 + len(self.prompt)].float()))
            total = total + torch.stack(layers)
        return total / len(texts)


class Adapter:
    """Factors of low rank of the change of each matrix, and the prefix."""

    def __init__(self, encoder, prefix, rank):
        self.down, self.up = {}, {}
        for name in encoder.adapted():
            outputs, inputs = encoder.matrices[name].shape
            self.down[name] = (torch.randn(rank, inputs) / math.sqrt(inputs)).requires_grad_(True)
            self.up[name] = torch.zeros(outputs, rank, requires_grad=True)
        self.start, self.prefix = prefix, prefix.clone().requires_grad_(True)

    def load(self, folder):
        """Goes on from a trained adapter, whose changes are reduced to the rank of this one."""
        trained = load_file(folder / "query_adapter.safetensors")
        with torch.no_grad():
            for name in self.up:
                change = trained[f"{name}.lora_B.weight"].float() @ trained[f"{name}.lora_A.weight"].float()
                left, sizes, right = torch.linalg.svd(change, full_matrices=False)
                rank = len(self.down[name])
                # The size of this factor is that of the beginning of a training.
                self.down[name].copy_(right[:rank])
                self.up[name].copy_(left[:, :rank] * sizes[:rank])
            self.prefix.copy_(load_file(folder / "query_prefix.safetensors")["query_prefix"].float())

    def factors(self):
        return [*self.down.values(), *self.up.values()]

    def change(self, rows, name):
        return F.linear(F.linear(rows, self.down[name]), self.up[name])

    def save(self, folder, strength=1.0):
        """Writes both files, with part of the way from the model as it was (WiSE-FT: Wortsman et al. 2022). The names of the factors
        are those of PEFT."""
        half = lambda tensor: tensor.detach().half().contiguous()
        factors = {f"{name}.lora_A.weight": half(down) for name, down in self.down.items()}
        factors |= {f"{name}.lora_B.weight": half(strength * up) for name, up in self.up.items()}
        save_file(factors, folder / "query_adapter.safetensors")
        prefix = self.start + strength * (self.prefix - self.start)
        save_file({"query_prefix": half(prefix)}, folder / "query_prefix.safetensors")


def pairs_in(files, held_out):
    """The pairs of all files but those with a text of `held_out`, as numbers of a question and a passage with the kind of the
    pair, and the texts."""
    pairs, questions, passages = [], {}, {}
    joined = lambda text: " ".join(text.split())
    is_held_out = lambda pair: held_out.are_in(pair["q"]) or held_out.are_in(pair["d"])
    for file in files:
        with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as lines:
            for pair in map(json.loads, lines):
                if len(pair["q"].split()) < MOST_WORDS and not is_held_out(pair):
                    question = questions.setdefault(joined(pair["q"]), len(questions))
                    passage = passages.setdefault(joined(pair["d"]), len(passages))
                    pairs.append((question, passage, pair["kind"]))
    return pairs, list(questions), list(passages)


def kept(folder, what, compute, *made_of):
    """Vectors that are computed once and kept in a file, [texts, width], which is named by all that they are made of."""
    digest = hashlib.sha256()
    for part in made_of:
        digest.update(part.numpy().tobytes() if torch.is_tensor(part) else json.dumps(part).encode())
    file = folder / f"{what}-{digest.hexdigest()[:16]}.npy"
    if not file.exists():
        print(f"computing {file.name}", flush=True)
        numpy.save(file.with_suffix(".part.npy"), compute().numpy())
        file.with_suffix(".part.npy").replace(file)
    return torch.from_numpy(numpy.load(file))


def batches(pairs, questions, chance):
    """Batches of pairs with questions of similar length, without end."""
    while True:
        drawn = [pair for pair in pairs if chance.random() < SHARE_OF_A_KIND.get(pair[2], 1)]
        chance.shuffle(drawn)
        parts = []
        for start in range(0, len(drawn), 20 * BATCH):
            similar = sorted(drawn[start : start + 20 * BATCH], key=lambda pair: len(questions[pair[0]]))
            parts += [similar[first : first + BATCH] for first in range(0, len(similar) - BATCH + 1, BATCH)]
        chance.shuffle(parts)
        yield from parts


def train(encoder, pairs, questions, passages, before, prefix, settings):
    """The trained adapter. `questions`: tokens; `passages`: vectors; `before`: vectors of the questions."""
    chance = random.Random(settings.seed)
    torch.manual_seed(settings.seed)
    right = {}
    for question, passage, _ in pairs:
        right.setdefault(question, set()).add(passage)
    adapter = Adapter(encoder, prefix, settings.rank)
    if settings.start:
        adapter.load(settings.start)
    groups = [{"params": adapter.factors(), "most": settings.rate}, {"params": [adapter.prefix], "most": settings.prefix_rate}]
    optimiser = torch.optim.AdamW(groups, lr=0.0, weight_decay=0.0, betas=(0.9, 0.98))
    began = time.monotonic()
    for step, batch in zip(range(1, settings.steps + 1), batches(pairs, questions, chance)):
        for group in optimiser.param_groups:
            group["lr"] = group["most"] * min(1, step / 40) * (0.5 + 0.5 * math.cos(math.pi * step / settings.steps))
        numbers, own = [pair[0] for pair in batch], torch.tensor([pair[1] for pair in batch])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            asked = encoder.forward([questions[number] for number in numbers], adapter)
        place = torch.arange(len(batch))
        with torch.no_grad():
            near = (asked @ passages.T).topk(NEAR_RANKS.stop, 1).indices[:, list(NEAR_RANKS)].flatten()
            others = torch.cat([own, torch.randint(len(passages), (RANDOM_PASSAGES,)), near])
            found = passages[others]
            hidden = passages[own] @ found.T > SAME
            for row, number in enumerate(numbers):
                hidden[row] |= torch.isin(others, torch.tensor(list(right[number])))
            hidden[place, place] = False
        scores = (asked @ found.T / settings.temperature).masked_fill(hidden, -1e4)
        distance = (1 - (asked * before[numbers]).sum(1)).mean()
        loss = F.cross_entropy(scores, place)
        optimiser.zero_grad()
        (loss + settings.hold * distance).backward()
        torch.nn.utils.clip_grad_norm_([*adapter.factors(), adapter.prefix], 1.0)
        optimiser.step()
        if step % 10 == 0:
            passed = time.monotonic() - began
            print(f"step {step}: loss {loss.item():.3f}, {distance.item():.4f} from before, {passed:.0f} s", flush=True)
        if step % 100 == 0:
            adapter.save(settings.out)
    return adapter


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("pairs", type=pathlib.Path, nargs="+")
    parser.add_argument("--without", type=pathlib.Path, nargs="*", default=[], metavar="COLLECTION")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--prefix", type=pathlib.Path, help="the prefix to start from")
    parser.add_argument("--start", type=pathlib.Path, metavar="FOLDER",
                        help="the adapter and the prefix, at full strength, to go on from")
    parser.add_argument("--steps", type=int, default=620)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rate", type=float, default=8e-4, help="learning rate of the adapter")
    parser.add_argument("--prefix-rate", type=float, default=1e-3, help="learning rate of the prefix")
    parser.add_argument("--temperature", type=float, default=0.02)
    parser.add_argument("--hold", type=float, default=2.0, help="weight of the distance to the vector of the model as it was")
    parser.add_argument("--strength", type=float, default=0.85, help="part of the change that is kept")
    parser.add_argument("--seed", type=int, default=5)
    settings = parser.parse_args()
    for folder in (settings.work, settings.out):
        folder.mkdir(parents=True, exist_ok=True)
    encoder = Encoder(settings.model)
    pairs, questions, passages = pairs_in(settings.pairs, Texts(settings.without))
    print(f"{len(pairs)} pairs, {len(passages)} passages", flush=True)
    if len(pairs) < FEWEST:
        sys.exit(f"train: {len(pairs)} pairs are too few to train on, at least {FEWEST} are needed")
    if settings.prefix:
        prefix = load_file(settings.prefix)["query_prefix"].float()
    else:
        prefix = encoder.mean_prompt(random.Random(2).sample(questions, 200))
    tokens = [encoder.tokens(text, MOST_TOKENS["question"]) for text in questions]
    passage_tokens = lambda: [encoder.tokens(text, MOST_TOKENS["passage"]) for text in passages]
    before = kept(settings.work, "questions", lambda: encoder.vectors(tokens, Adapter(encoder, prefix, 1)),
                  questions, encoder.words, prefix)
    passages = kept(settings.work, "passages", lambda: encoder.vectors(passage_tokens()), passages, encoder.words)
    adapter = train(encoder, pairs, tokens, passages, before, prefix, settings)
    adapter.save(settings.out, settings.strength)


if __name__ == "__main__":
    main()
