#!/usr/bin/env python3
"""Trains the prefix of questions of a model: keys and values, in each layer, of a few virtual tokens in place of a prompt.

    scripts/train_prefix.py MODEL PAIRS... --without COLLECTION... --work FOLDER --out FILE

MODEL is a folder such as models/bge-small-en-v1.5, with a prompt of questions and pooling of the first token. PAIRS are files
of JSON lines, gzipped or not, with a question `q`, a passage `d` that answers it, and the `kind` of the pair. Pairs with a
question or a passage of a COLLECTION (a folder in the layout of BEIR) are left out, so that quality can be measured on it. The
vectors of passages and questions are kept in FOLDER; on two cores they take an hour for 120,000 pairs, and the training a quarter
of an hour. Needs torch, numpy, tokenizers and safetensors.

The method: prefix-tuning (Li and Liang 2021) of a bi-encoder whose passages stay as they are. The prefix starts as the mean of
the prompt's keys and values over many questions, with which the vectors of questions have a cosine of .996 to those with the
prompt. The loss is the cross-entropy of the right passage among random ones and near ones (InfoNCE), and the distance to the
vector with the prompt, which keeps what the model knew.
"""

import argparse
import gzip
import json
import math
import pathlib
import random
import sys

import numpy
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from collection import plain

# Pairs of one kind in one file, so that no kind prevails.
MOST_OF_A_KIND = {"cite": 20_000, "head_para": 12_000, "term_definition": 14_000, "synonym_definition": 20_000}
MOST_OF_OTHERS = 25_000
# The share of these kinds that is used in training: short questions with short passages, of which there are many.
SHARE_OF_A_KIND = {"term_definition": 0.4, "synonym_definition": 0.6, "q_snippet": 0.8}
MOST_WORDS = 60
MOST_TOKENS = {"question": 64, "passage": 256}

BATCH = 64
FEWEST = 10 * BATCH
# Passages among which the right one is to be found: those of the batch, random ones, and some of the nearest of each question.
RANDOM_PASSAGES = 4096
NEAR_PASSAGES = range(4, 14, 3)
# A passage this near to the right one may be right as well, and is left out.
SAME = 0.9


class Encoder:
    """BERT with the weights of a folder, in fp32."""

    def __init__(self, folder):
        config = json.loads((folder / "config.json").read_text())
        self.width, self.heads = config["hidden_size"], config["num_attention_heads"]
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        prompts = json.loads((folder / "config_sentence_transformers.json").read_text())["prompts"]
        self.prompt = self.tokenizer.encode(prompts["query"], add_special_tokens=False).ids
        weights = load_file(folder / "model.safetensors")
        part = lambda path: (weights[f"{path}.weight"].float(), weights[f"{path}.bias"].float())
        table = lambda name: weights[f"embeddings.{name}_embeddings.weight"].float()
        self.words, self.positions, self.type = table("word"), table("position"), table("token_type")[0]
        self.norm = part("embeddings.LayerNorm")
        names = ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
                 "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm"]
        count = config["num_hidden_layers"]
        self.layers = [[part(f"encoder.layer.{number}.{name}") for name in names] for number in range(count)]

    def tokens(self, text, most, prompted=False):
        first, *own, last = self.tokenizer.encode(text).ids
        return [first, *(self.prompt if prompted else []), *own[:most], last]

    def split(self, rows):
        return rows.view(*rows.shape[:2], self.heads, -1).transpose(1, 2)

    def forward(self, sequences, prefix=None, seen=None):
        """Unit vectors, [batch, width]. `prefix`: [layers, tokens, 2 · width]. `seen` is called with the keys and values of each
        layer, [batch, length, 2 · width]."""
        longest = max(map(len, sequences))
        ids = torch.tensor([tokens + [0] * (longest - len(tokens)) for tokens in sequences])
        is_token = torch.arange(longest) < torch.tensor([[len(tokens)] for tokens in sequences])
        before = 0 if prefix is None else prefix.shape[1]
        positions = torch.arange(longest)
        positions = positions + before * (positions > 0)
        norm = lambda rows, by: F.layer_norm(rows, (self.width,), *by, 1e-12)
        hidden = norm(self.words[ids] + self.positions[positions] + self.type, self.norm)
        bias = F.pad((~is_token).float() * -1e4, (before, 0))[:, None, None, :]
        for number, (query, key, value, attended, norm1, inner, output, norm2) in enumerate(self.layers):
            keys_values = torch.cat([F.linear(hidden, *key), F.linear(hidden, *value)], -1)
            if seen:
                seen(keys_values)
            if prefix is not None:
                own = prefix[number].to(keys_values.dtype).expand(len(sequences), -1, -1)
                keys_values = torch.cat([own, keys_values], 1)
            keys, values = map(self.split, keys_values.split(self.width, -1))
            context = F.scaled_dot_product_attention(self.split(F.linear(hidden, *query)), keys, values, attn_mask=bias)
            context = context.transpose(1, 2).reshape(hidden.shape)
            hidden = norm(hidden + F.linear(context, *attended), norm1)
            hidden = norm(hidden + F.linear(F.gelu(F.linear(hidden, *inner)), *output), norm2)
        return F.normalize(hidden[:, 0].float(), dim=-1)

    def mean_prompt(self, texts):
        """Keys and values of the prompt's tokens, the mean over some questions: [layers, tokens, 2 · width]."""
        total = 0
        for text in texts:
            layers = []
            with torch.no_grad():
                sequence = self.tokens(text, MOST_TOKENS["question"], prompted=True)
                self.forward([sequence], seen=lambda rows: layers.append(rows[0, 1 : 1 + len(self.prompt)]))
            total = total + torch.stack(layers)
        return total / len(texts)


def texts_of(collections):
    """All questions and passages of some collections, without case and punctuation."""
    texts = set()
    for file in (folder / name for folder in collections for name in ("queries.jsonl", "corpus.jsonl")):
        with open(file, encoding="utf-8") as lines:
            texts.update(plain(json.loads(line)["text"]) for line in lines)
    return texts


def pairs_in(files, held_out):
    """The pairs of all files but those with a text of `held_out`, with the number of each one's passage, and the passages."""
    chance, pairs, passages = random.Random(0), [], {}
    joined = lambda text: " ".join(text.split())
    for file in files:
        by_kind = {}
        with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as lines:
            for pair in map(json.loads, lines):
                by_kind.setdefault(pair["kind"], []).append(pair)
        for kind, of_kind in by_kind.items():
            chance.shuffle(of_kind)
            pairs += of_kind[: MOST_OF_A_KIND.get(kind, MOST_OF_OTHERS)]
    chance.shuffle(pairs)
    is_held_out = lambda pair: plain(pair["q"]) in held_out or plain(pair["d"]) in held_out
    pairs = [pair for pair in pairs if len(pair["q"].split()) < MOST_WORDS and not is_held_out(pair)]
    found = []
    for pair in pairs:
        passage = passages.setdefault(joined(pair["d"]), len(passages))
        found.append((joined(pair["q"]), passage, pair["kind"]))
    return found, list(passages)


def vectors(encoder, texts, what, work):
    """The vectors of texts, [texts, width], kept in a file."""
    file = work / f"{what}s.f32"
    if not file.exists() or file.stat().st_size != len(texts) * encoder.width * 4:
        rows = torch.zeros(len(texts), encoder.width)
        sequences = [encoder.tokens(text, MOST_TOKENS[what], what == "question") for text in texts]
        order = sorted(range(len(texts)), key=lambda number: len(sequences[number]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
                rows[batch] = encoder.forward([sequences[number] for number in batch])
            print(f"\r{what}s: {start + len(batch)} of {len(texts)}", end="", flush=True)
        print()
        rows.numpy().tofile(file)
    return torch.from_numpy(numpy.fromfile(file, dtype=numpy.float32).reshape(len(texts), -1))


def batches(questions, chance):
    """Batches of numbers of questions of similar length, without end."""
    while True:
        order, parts = list(range(len(questions))), []
        chance.shuffle(order)
        for start in range(0, len(order), 20 * BATCH):
            similar = sorted(order[start : start + 20 * BATCH], key=lambda number: len(questions[number][0]))
            part = [similar[first : first + BATCH] for first in range(0, len(similar) - BATCH + 1, BATCH)]
            chance.shuffle(part)
            parts += part
        yield from parts


def train(encoder, start, pairs, passages, targets, arguments):
    """The trained prefix, from that at the start. `targets`: the questions' vectors with the prompt."""
    chance = random.Random(5)
    right = {}
    for question, passage, _ in pairs:
        right.setdefault(question, []).append(passage)
    used = [number for number, pair in enumerate(pairs) if chance.random() < SHARE_OF_A_KIND.get(pair[2], 1)]
    nearest = lambda numbers: (targets[numbers] @ passages.T).topk(NEAR_PASSAGES.stop, 1).indices
    near = torch.cat([nearest(numbers)[:, list(NEAR_PASSAGES)] for numbers in torch.tensor(used).split(500)])
    used = [(*pairs[number], number) for number in used]
    prefix = start.clone().requires_grad_(True)
    optimiser = torch.optim.AdamW([prefix], lr=arguments.rate, weight_decay=0.0, betas=(0.9, 0.98))
    for step, batch in zip(range(1, arguments.steps + 1), batches(used, chance)):
        for group in optimiser.param_groups:
            group["lr"] = arguments.rate * min(1, step / 50) * (0.5 + 0.5 * math.cos(math.pi * step / arguments.steps))
        questions, own, _, numbers = zip(*(used[number] for number in batch))
        sequences = [encoder.tokens(question, MOST_TOKENS["question"]) for question in questions]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            asked = encoder.forward(sequences, prefix)
        own, place = torch.tensor(own), torch.arange(len(batch))
        with torch.no_grad():
            others = torch.cat([own, torch.randint(len(passages), (RANDOM_PASSAGES,)), near[batch].flatten()])
            found = passages[others]
            hidden = passages[own] @ found.T > SAME
            for row, question in enumerate(questions):
                hidden[row] |= torch.isin(others, torch.tensor(right[question]))
            hidden[place, place] = False
        scores = (asked @ found.T).masked_fill(hidden, -1e4) / arguments.temperature
        distance = (1 - (asked * targets[list(numbers)]).sum(1)).mean()
        loss = F.cross_entropy(scores, place) + arguments.hold * distance
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([prefix], 1.0)
        optimiser.step()
        if step % 25 == 0:
            print(f"step {step}: loss {loss.item():.3f}, {distance.item():.4f} from the prompt", flush=True)
    return prefix.detach()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("pairs", type=pathlib.Path, nargs="+")
    parser.add_argument("--without", type=pathlib.Path, nargs="*", default=[], metavar="COLLECTION")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--rate", type=float, default=5e-3, help="learning rate")
    parser.add_argument("--temperature", type=float, default=0.02)
    parser.add_argument("--hold", type=float, default=15.0, help="weight of the distance to the vector with the prompt")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    arguments.work.mkdir(parents=True, exist_ok=True)
    encoder = Encoder(arguments.model)
    pairs, texts = pairs_in(arguments.pairs, texts_of(arguments.without))
    print(f"{len(pairs)} pairs, {len(texts)} passages", flush=True)
    if len(texts) < FEWEST:
        sys.exit(f"train_prefix: {len(texts)} passages are too few to train on, at least {FEWEST} are needed")
    passages = vectors(encoder, texts, "passage", arguments.work)
    questions = [question for question, _, _ in pairs]
    targets = vectors(encoder, questions, "question", arguments.work)
    start = encoder.mean_prompt(random.Random(2).sample(questions, 200))
    prefix = train(encoder, start, pairs, passages, targets, arguments).half().contiguous()
    save_file({"query_prefix": prefix}, arguments.out)
    print(f"{arguments.out}: {list(prefix.shape)}")


if __name__ == "__main__":
    main()
