#!/usr/bin/env python3
"""Adds parts of the changes of several trainings up, and reduces the sum to a rank.

    scripts/training/mix.py --prefix FILE --rank RANK --out FOLDER TRAINED=PART...

TRAINED is a folder that scripts/training/train.py has written, PART how much of its change is taken; FILE is the prefix that the
trainings began with. Trainings that began alike can be mixed by their weights, and the mixture is often better than each of them
(model soups: Wortsman et al. 2022). Needs torch and safetensors.
"""

import argparse
import pathlib

import torch
from safetensors.torch import load_file, save_file

DOWN, UP = ".lora_A.weight", ".lora_B.weight"


def part_of(text):
    folder, part = text.rsplit("=", 1)
    return pathlib.Path(folder), float(part)


def reduced(up, down, rank):
    """Two factors of this rank whose product is nearest to `up @ down` (Eckart and Young 1936)."""
    left, left_rest = torch.linalg.qr(up)
    right, right_rest = torch.linalg.qr(down.T)
    turned_left, sizes, turned_right = torch.linalg.svd(left_rest @ right_rest.T)
    return left @ turned_left[:, :rank] * sizes[:rank], (right @ turned_right[:rank].T).T


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", type=part_of, nargs="+", metavar="TRAINED=PART")
    parser.add_argument("--prefix", type=pathlib.Path, required=True)
    parser.add_argument("--rank", type=int, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    settings = parser.parse_args()
    settings.out.mkdir(parents=True, exist_ok=True)
    start = load_file(settings.prefix)["query_prefix"].float()
    read = lambda folder, name: {key: tensor.float() for key, tensor in load_file(folder / f"query_{name}.safetensors").items()}
    adapters = [(read(folder, "adapter"), part) for folder, part in settings.parts]
    mixed = {}
    for name in (key.removesuffix(DOWN) for key in adapters[0][0] if key.endswith(DOWN)):
        up = torch.cat([part * adapter[name + UP] for adapter, part in adapters], 1)
        down = torch.cat([adapter[name + DOWN] for adapter, _ in adapters])
        for ending, factor in zip((UP, DOWN), reduced(up, down, settings.rank)):
            mixed[name + ending] = factor.half().contiguous()
    save_file(mixed, settings.out / "query_adapter.safetensors")
    prefix = start + sum(part * (read(folder, "prefix")["query_prefix"] - start) for folder, part in settings.parts)
    save_file({"query_prefix": prefix.half().contiguous()}, settings.out / "query_prefix.safetensors")


if __name__ == "__main__":
    main()
