"""Runs another program that embeds the same texts: `peer.py KIND MODEL_FOLDER TEXTS THREADS WORK_FOLDER`.

KIND is `sentence-transformers` (fp32, unmodified) or `onnx-int8` (ONNX Runtime on a dynamically quantised model, like
fastembed: the published one if `setup.py onnx NAME-q` fetched it, else one made here). TEXTS contains a JSON list. After
"ready", each line on standard input embeds all texts once, and is answered by a line of JSON: wall seconds, CPU seconds,
and the first numbers of the first vector, from which the caller sees that the same model is run.
"""

import json
import resource
import sys
import time
from pathlib import Path

BATCH = 32


def sentence_transformers(model, threads, _work):
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    encoder = SentenceTransformer(model, device="cpu")
    return lambda texts: encoder.encode(texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)


def onnx_int8(model, threads, work):
    import numpy
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(quantised(model, Path(work)), options, providers=["CPUExecutionProvider"])
    wanted = [one.name for one in session.get_inputs()]
    first_token = json.loads(Path(model, "1_Pooling/config.json").read_text())["pooling_mode_cls_token"]
    tokenizer = Tokenizer.from_file(f"{model}/tokenizer.json")
    tokenizer.enable_truncation(json.loads(Path(model, "sentence_bert_config.json").read_text())["max_seq_length"])
    tokenizer.enable_padding()

    def embed(texts):
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        vectors = [None] * len(texts)
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            encoded = tokenizer.encode_batch([texts[place] for place in places])
            tokens = numpy.array([one.ids for one in encoded], dtype=numpy.int64)
            mask = numpy.array([one.attention_mask for one in encoded], dtype=numpy.int64)
            inputs = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": numpy.zeros_like(tokens)}
            hidden = session.run(None, {name: inputs[name] for name in wanted})[0]
            weights = mask[:, :, None].astype(numpy.float32)
            pooled = hidden[:, 0] if first_token else (hidden * weights).sum(1) / weights.sum(1)
            pooled /= numpy.linalg.norm(pooled, axis=1, keepdims=True)
            for place, vector in zip(places, pooled):
                vectors[place] = vector
        return vectors

    return embed


def quantised(model, work):
    """The ONNX model with int8 weights: the published one, or one made once with fused operators."""
    published = Path(model).parent / "onnx" / (Path(model).name + "-q") / "model.onnx"
    if published.exists():
        return str(published)
    target = work / f"{Path(model).name}-int8.onnx"
    if target.exists():
        return str(target)
    import onnx
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer
    from transformers import AutoModel

    class Encoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.bert = AutoModel.from_pretrained(model, attn_implementation="eager")

        def forward(self, input_ids, attention_mask):
            return self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    encoder = Encoder().eval()
    config = encoder.bert.config
    example = torch.ones(2, 16, dtype=torch.long)
    names = ["input_ids", "attention_mask"]
    axes = {name: {0: "batch", 1: "length"} for name in [*names, "hidden"]}
    plain, fused = str(work / "model.onnx"), str(work / "model-fused.onnx")
    with torch.no_grad():
        torch.onnx.export(
            encoder, (example, example), plain, input_names=names, output_names=["hidden"], dynamic_axes=axes,
            opset_version=17, dynamo=False,
        )
    heads, width = config.num_attention_heads, config.hidden_size
    optimizer.optimize_model(plain, "bert", num_heads=heads, hidden_size=width).save_model_to_file(fused)
    unfinished = work / "model-int8.part.onnx"
    # The fused operators are not part of the standard, so that the types after them cannot be inferred.
    default = {"DefaultTensorType": onnx.TensorProto.FLOAT}
    quantize_dynamic(fused, str(unfinished), weight_type=QuantType.QInt8, extra_options=default)
    unfinished.rename(target)
    return str(target)


def main():
    kind, model, texts, threads, work = sys.argv[1:]
    start = {"sentence-transformers": sentence_transformers, "onnx-int8": onnx_int8}[kind]
    embed = start(model, int(threads), work)
    texts = json.loads(Path(texts).read_text())
    embed(texts[:BATCH])
    print("ready", flush=True)
    for _ in sys.stdin:
        before, began = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
        vectors = embed(texts)
        seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(json.dumps({"seconds": seconds, "cpu": cpu, "vector": [float(x) for x in vectors[0]]}), flush=True)


if __name__ == "__main__":
    main()
