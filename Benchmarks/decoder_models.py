#!/usr/bin/env python3
"""Writes GGUF files with random weights in the shapes of real decoders, for speed alone.

Needs gguf, numpy and llama-cpp-python (for the quantised types). Run from the repository's root:

    VENV/bin/python Benchmarks/decoder_models.py FOLDER [--shapes smollm2-360m,qwen2.5-0.5b] [--types Q8_0,Q4_0,Q4_K_M]

Vocabulary and merges are those of the SmolLM2 GGUF, filled up to the shape's size with tokens that no text contains.
Files that are there already are kept; the F16 one, from which the others are made, goes.
"""

import ctypes, pathlib, sys

import gguf
import numpy as np

import common

SHAPES = {
    "smollm2-360m": dict(
        architecture="llama", hidden=960, layers=32, heads=15, kv=5, head=64, inner=2560, vocabulary=49152,
        theta=100000.0, context=8192, epsilon=1e-5),
    "qwen2.5-0.5b": dict(
        architecture="qwen2", hidden=896, layers=24, heads=14, kv=2, head=64, inner=4864, vocabulary=151936,
        theta=1e6, context=32768, epsilon=1e-6),
    "qwen3-0.6b": dict(
        architecture="qwen3", hidden=1024, layers=28, heads=16, kv=8, head=128, inner=3072, vocabulary=151936,
        theta=1e6, context=40960, epsilon=1e-6),
}


def weights(shape):
    """Names and arrays, one at a time; the output shares the embeddings."""
    random = np.random.default_rng(0)
    matrix = lambda *size: (random.standard_normal(size, dtype=np.float32) * 0.02).astype(np.float16)
    ones = lambda count: np.ones(count, np.float32)
    hidden, inner = shape["hidden"], shape["inner"]
    query, key = shape["heads"] * shape["head"], shape["kv"] * shape["head"]
    yield "token_embd.weight", matrix(shape["vocabulary"], hidden)
    yield "output_norm.weight", ones(hidden)
    for layer in range(shape["layers"]):
        block = f"blk.{layer}."
        for name, rows, columns in (
            ("attn_q", query, hidden), ("attn_k", key, hidden), ("attn_v", key, hidden), ("attn_output", hidden, query),
            ("ffn_gate", inner, hidden), ("ffn_up", inner, hidden), ("ffn_down", hidden, inner),
        ):
            yield f"{block}{name}.weight", matrix(rows, columns)
            if shape["architecture"] == "qwen2" and name in ("attn_q", "attn_k", "attn_v"):
                yield f"{block}{name}.bias", matrix(rows).astype(np.float32)
        yield f"{block}attn_norm.weight", ones(hidden)
        yield f"{block}ffn_norm.weight", ones(hidden)
        if shape["architecture"] == "qwen3":
            yield f"{block}attn_q_norm.weight", ones(shape["head"])
            yield f"{block}attn_k_norm.weight", ones(shape["head"])


def write(path, name, shape, vocabulary):
    writer = gguf.GGUFWriter(str(path), shape["architecture"])
    writer.add_name(f"{name}, random weights")
    writer.add_context_length(shape["context"])
    writer.add_embedding_length(shape["hidden"])
    writer.add_block_count(shape["layers"])
    writer.add_feed_forward_length(shape["inner"])
    writer.add_head_count(shape["heads"])
    writer.add_head_count_kv(shape["kv"])
    writer.add_layer_norm_rms_eps(shape["epsilon"])
    writer.add_rope_freq_base(shape["theta"])
    writer.add_key_length(shape["head"])
    writer.add_value_length(shape["head"])
    if shape["architecture"] == "llama":
        writer.add_rope_dimension_count(shape["head"])
    tokens, kinds, merges = vocabulary
    extra = shape["vocabulary"] - len(tokens)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm" if shape["architecture"] == "llama" else "qwen2")
    writer.add_token_list(tokens + [f"<|filler_{i}|>" for i in range(extra)])
    writer.add_token_types(kinds + [5] * extra)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    for tensor, data in weights(shape):
        writer.add_tensor(tensor, np.ascontiguousarray(data))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def quantise(source, target, kind):
    import llama_cpp

    quiet = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(quiet, ctypes.c_void_p(0))
    options = llama_cpp.llama_model_quantize_default_params()
    options.nthread = 2
    options.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{kind}")
    if llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(options)):
        sys.exit(f"{target} could not be made")


def real_vocabulary(path):
    fields = gguf.GGUFReader(path).fields
    return [fields[f"tokenizer.ggml.{key}"].contents() for key in ("tokens", "token_type", "merges")]


def main():
    parser = common.parser(__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--shapes", default="smollm2-360m,qwen2.5-0.5b")
    parser.add_argument("--types", default="Q8_0,Q4_0,Q4_K_M")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    real = next(pathlib.Path(arguments.models).glob("smollm2-135m-instruct/*.gguf"))
    vocabulary = real_vocabulary(real)
    for name in arguments.shapes.split(","):
        targets = {kind: arguments.folder / f"{name}-{kind}.gguf" for kind in arguments.types.split(",")}
        if all(path.exists() for path in targets.values()):
            continue
        source = arguments.folder / f"{name}-F16.gguf"
        write(source, name, SHAPES[name], vocabulary)
        for kind, path in targets.items():
            if kind != "F16" and not path.exists():
                quantise(source, path, kind)
                print(path.name, path.stat().st_size, flush=True)
        if "F16" not in targets:
            source.unlink()


if __name__ == "__main__":
    main()
