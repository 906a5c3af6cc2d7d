#!/usr/bin/env python3
"""Writes the fixtures of EncodersTests: tiny BERT models with random weights and what transformers makes of them.

Needs Python packages: torch, transformers, tokenizers, safetensors, numpy (and sentence-transformers with --model).

    python3 Tools/make_encoder_fixtures.py Tests/EncodersTests/Fixtures
    python3 Tools/make_encoder_fixtures.py Tests/EncodersTests/Fixtures --model models/all-minilm-l6-v2

Each tiny model is a folder as sentence-transformers lays it out, with expected.json beside the weights: texts, token
ids and vectors, each text computed alone. With --model, vectors of the real model go into minilm.json.
"""
import argparse, json, os

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertModel

WORDS = ("the a of to in is it how do i can my order return refund ship pay card invoice account pass word late lost "
         "two one where what when will get not un able").split()
PIECES = [c for c in "abcdefghijklmnopqrstuvwxyz0123456789.,!?'-"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + WORDS + PIECES + ["##" + p for p in PIECES[:36]] + ["##ing", "##ed", "##s"]
TEXTS = ["", "the order is late", "How do I get my refund?", "x", "where is my card, and what will it pay?! " * 3,
         "unable to return two lost invoices 東京", "a " * 60, "I can't pay the invoice - it isn't in my account."]

# Head sizes of 32 and 64 take the vector kernels, 10 the scalar attention; widths that are no multiple of 32 try panels.
MODELS = {
    "tiny-mean": dict(hidden_size=64, heads=2, layers=2, wide=96, pooling="mean", dtype=torch.float32, prefix=""),
    "tiny-cls": dict(hidden_size=40, heads=4, layers=1, wide=72, pooling="cls", dtype=torch.float32, prefix="bert."),
    "tiny-bf16": dict(hidden_size=64, heads=1, layers=1, wide=64, pooling="mean", dtype=torch.bfloat16, prefix=""),
}
MAX_TOKENS = 48


def write(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
        file.write("\n")


def tiny(folder, seed, hidden_size, heads, layers, wide, pooling, dtype, prefix):
    os.makedirs(os.path.join(folder, "1_Pooling"), exist_ok=True)
    with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(VOCABULARY) + "\n")
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(VOCABULARY), hidden_size=hidden_size, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=wide, max_position_embeddings=64, initializer_range=0.3)
    model = BertModel(config, add_pooling_layer=False).eval()
    for name, parameter in model.named_parameters():  # biases and norms start at 0 and 1: make them matter
        if name.endswith("bias") or "LayerNorm" in name:
            parameter.data += 0.2 * torch.randn_like(parameter)
    state = {prefix + k: v.to(dtype).contiguous() for k, v in model.state_dict().items()}
    model.load_state_dict({k[len(prefix):]: v.float() for k, v in state.items()})
    save_file(state, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    keys = ("vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size max_position_embeddings "
            "type_vocab_size layer_norm_eps hidden_act").split()
    write(os.path.join(folder, "config.json"), {"model_type": "bert", **{k: getattr(config, k) for k in keys}})
    write(os.path.join(folder, "sentence_bert_config.json"), {"max_seq_length": MAX_TOKENS, "do_lower_case": False})
    write(os.path.join(folder, "1_Pooling", "config.json"), {
        "word_embedding_dimension": hidden_size, "pooling_mode_cls_token": pooling == "cls",
        "pooling_mode_mean_tokens": pooling == "mean", "pooling_mode_max_tokens": False})
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    write(os.path.join(folder, "modules.json"), [
        {"idx": i, "name": str(i), "path": p, "type": "sentence_transformers.models." + t}
        for i, (p, t) in enumerate(modules)])
    tokenizer = BertWordPieceTokenizer(os.path.join(folder, "vocab.txt"), lowercase=True)
    items = []
    for text in TEXTS:
        whole = tokenizer.encode(text).ids
        ids = whole if len(whole) <= MAX_TOKENS else whole[: MAX_TOKENS - 1] + whole[-1:]
        with torch.no_grad():
            hidden = model(input_ids=torch.tensor([ids])).last_hidden_state[0].double()
        vector = hidden.mean(0) if pooling == "mean" else hidden[0]
        vector = vector / vector.norm()
        items.append({"text": text, "token_count": len(whole), "token_ids": ids,
                      "vector": [float(np.float32(x)) for x in vector]})
    write(os.path.join(folder, "expected.json"), items)


def real(path, target):
    from sentence_transformers import SentenceTransformer
    model = SentenceTransformer(path, device="cpu")
    texts = ["", "How do I return a pair of shoes?", "naïve café, Zürich — 東京 😀", "word " * 400,
             "The parcel arrived late and the box was open; what can I claim, and by when?"]
    vectors = [model.encode([t], normalize_embeddings=True)[0] for t in texts]
    write(target, [{"text": t, "vector": [float(x) for x in v]} for t, v in zip(texts, vectors)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--model", help="folder of all-MiniLM-L6-v2")
    arguments = parser.parse_args()
    if arguments.model:
        real(arguments.model, os.path.join(arguments.folder, "minilm.json"))
        return
    for seed, (name, shape) in enumerate(MODELS.items()):
        tiny(os.path.join(arguments.folder, name), seed, **shape)


if __name__ == "__main__":
    main()
