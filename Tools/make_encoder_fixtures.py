#!/usr/bin/env python3
"""Writes the fixtures of EncodersTests: tiny models with random weights and what transformers makes of them.

Needs Python packages: torch, transformers, tokenizers, safetensors, numpy (and sentence-transformers with --model).

    python3 Tools/make_encoder_fixtures.py Tests/EncodersTests/Fixtures
    python3 Tools/make_encoder_fixtures.py Tests/EncodersTests/Fixtures --model models/all-minilm-l6-v2

Each tiny model is a folder as sentence-transformers lays it out, with expected.json beside the weights: texts, token
ids and vectors (for cross-encoders pairs and scores), each text computed alone. XLM-RoBERTa's tokenizer is the one that
Tools/make_tokenizer_fixtures.py has trained. With --model, vectors of the real model go into minilm.json.
"""
import argparse, json, os

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import BertWordPieceTokenizer, Tokenizer, processors
from transformers import (BertConfig, BertForSequenceClassification, BertModel, XLMRobertaConfig,
                          XLMRobertaForSequenceClassification, XLMRobertaModel)

WORDS = ("the a of to in is it how do i can my order return refund ship pay card invoice account pass word late lost "
         "two one where what when will get not un able").split()
PIECES = [c for c in "abcdefghijklmnopqrstuvwxyz0123456789.,!?'-"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + WORDS + PIECES + ["##" + p for p in PIECES[:36]] + ["##ing", "##ed", "##s"]
TEXTS = ["", "the order is late", "How do I get my refund?", "x", "where is my card, and what will it pay?! " * 3,
         "unable to return two lost invoices 東京", "a " * 60, "I can't pay the invoice - it isn't in my account."]

CHINESE = "我的订单在哪里如何退款请帮助东京大学卡支付为这个句子生成表示以用于检索相关文章，？。："
CHINESE_TEXTS = ["", "我的订单在哪里？", "如何退款, order 東京 2024", "订单" * 40, "Ｂig订单　payです"]
PAIRS = [("", ""), ("order late", "the order is late and the card is lost"), ("refund", "x"), ("", "pay the invoice"),
         ("where is my card, and what will it pay?! " * 3, "a " * 60), ("how do I pay " * 20, "my card"),
         ("get refund", "unable to return two lost invoices 東京"), ("a b c d e", "lost " * 100)]
SHARED = dict(hidden_size=64, heads=2, layers=2, wide=96, pooling="mean", dtype=torch.float32, prefix="")

# Head sizes of 32 and 64 take the vector kernels, 10 the scalar attention; widths that are no multiple of 32 try panels.
MODELS = {
    "tiny-mean": SHARED,
    "tiny-cls": SHARED | dict(hidden_size=40, heads=4, layers=1, wide=72, pooling="cls", prefix="bert."),
    "tiny-bf16": SHARED | dict(heads=1, layers=1, wide=64, dtype=torch.bfloat16),
    "tiny-last": SHARED | dict(hidden_size=32, layers=1, wide=64, pooling="lasttoken",
                               prompts={"query": "how do I: ", "document": "my order: "}),
    "tiny-bge-small-zh": SHARED | dict(hidden_size=32, layers=1, wide=64, pooling="cls", words=list(CHINESE),
                                       texts=CHINESE_TEXTS, conventions={"query": "为这个句子生成表示以用于检索相关文章："}),
    "tiny-multilingual-e5": SHARED | dict(hidden_size=32, layers=2, wide=64, family="xlm-roberta",
                                          conventions={"query": "query: ", "document": "passage: "}),
}
CROSS_ENCODERS = {
    "tiny-cross": SHARED | dict(hidden_size=32, wide=64, prefix="bert.", activation="torch.nn.modules.linear.Identity"),
    "tiny-cross-xlmr": SHARED | dict(hidden_size=32, layers=1, wide=64, prefix="roberta.", family="xlm-roberta"),
}
MAX_TOKENS = 48
MAX_PAIR_TOKENS = 62
XLMR_TOKENIZER = "Tests/TokenizersTests/Fixtures/unigram.json"


def write(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
        file.write("\n")


def save_tokenizer(folder, family, words):
    """Writes the tokenizer's file; returns it and the vocabulary's size."""
    if family == "xlm-roberta":
        tokenizer = Tokenizer.from_file(XLMR_TOKENIZER)
        tokenizer.save(os.path.join(folder, "tokenizer.json"), pretty=False)
        return tokenizer, tokenizer.get_vocab_size()
    vocabulary = VOCABULARY + [w for i, w in enumerate(words) if w not in VOCABULARY + words[:i]]
    with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join(vocabulary) + "\n")
    tokenizer = BertWordPieceTokenizer(os.path.join(folder, "vocab.txt"), lowercase=True)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer, len(vocabulary)


def save_model(folder, model, config, dtype, prefix, extra):
    """Makes biases and norms matter, which start at 0 and 1, and writes weights and config.json."""
    for name, parameter in model.named_parameters():
        if name.endswith("bias") or "LayerNorm" in name:
            parameter.data += 0.2 * torch.randn_like(parameter)
    state = {prefix + k: v.to(dtype).contiguous() for k, v in model.state_dict().items()}
    model.load_state_dict({k[len(prefix):]: v.float() for k, v in state.items()})
    save_file(state, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    keys = ("model_type vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size "
            "max_position_embeddings type_vocab_size layer_norm_eps hidden_act").split()
    if config.model_type != "bert":
        keys.append("pad_token_id")
    write(os.path.join(folder, "config.json"), {k: getattr(config, k) for k in keys} | extra)


def configuration(family, vocabulary_size, hidden_size, heads, layers, wide):
    shared = dict(vocab_size=vocabulary_size, hidden_size=hidden_size, num_hidden_layers=layers,
                  num_attention_heads=heads, intermediate_size=wide, initializer_range=0.3, num_labels=1)
    if family == "bert":
        return BertConfig(max_position_embeddings=64, **shared)
    return XLMRobertaConfig(max_position_embeddings=66, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5, **shared)


def tiny(folder, seed, hidden_size, heads, layers, wide, pooling, dtype, prefix, family="bert", words=[], texts=TEXTS,
         prompts=None, conventions=None):
    os.makedirs(os.path.join(folder, "1_Pooling"), exist_ok=True)
    tokenizer, vocabulary_size = save_tokenizer(folder, family, words)
    torch.manual_seed(seed)
    config = configuration(family, vocabulary_size, hidden_size, heads, layers, wide)
    model = (BertModel if family == "bert" else XLMRobertaModel)(config, add_pooling_layer=False).eval()
    save_model(folder, model, config, dtype, prefix, {})
    write(os.path.join(folder, "sentence_bert_config.json"), {"max_seq_length": MAX_TOKENS, "do_lower_case": False})
    write(os.path.join(folder, "1_Pooling", "config.json"), {
        "word_embedding_dimension": hidden_size, "pooling_mode_cls_token": pooling == "cls",
        "pooling_mode_mean_tokens": pooling == "mean", "pooling_mode_max_tokens": False,
        **({"pooling_mode_lasttoken": True} if pooling == "lasttoken" else {})})
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    write(os.path.join(folder, "modules.json"), [
        {"idx": i, "name": str(i), "path": p, "type": "sentence_transformers.models." + t}
        for i, (p, t) in enumerate(modules)])
    if prompts:
        write(os.path.join(folder, "config_sentence_transformers.json"), {"prompts": prompts, "default_prompt_name": None})
    items = []
    before = prompts or conventions or {"query": ""}
    for text, name in [(t, n) for n in before for t in texts]:
        whole = tokenizer.encode(before[name] + text).ids
        ids = whole if len(whole) <= MAX_TOKENS else whole[: MAX_TOKENS - 1] + whole[-1:]
        with torch.no_grad():
            hidden = model(input_ids=torch.tensor([ids])).last_hidden_state[0].double()
        vector = hidden.mean(0) if pooling == "mean" else hidden[0] if pooling == "cls" else hidden[-1]
        vector = vector / vector.norm()
        items.append({"text": text, "token_count": len(whole), "token_ids": ids,
                      "vector": [float(np.float32(x)) for x in vector]})
        if prompts or conventions:
            items[-1]["kind"] = {"query": "query", "document": "passage"}[name]
    write(os.path.join(folder, "expected.json"), items)


def tiny_cross(folder, seed, hidden_size, heads, layers, wide, pooling, dtype, prefix, family="bert", activation=None):
    os.makedirs(folder, exist_ok=True)
    tokenizer, vocabulary_size = save_tokenizer(folder, family, [])
    torch.manual_seed(seed)
    config = configuration(family, vocabulary_size, hidden_size, heads, layers, wide)
    bert = family == "bert"
    model = (BertForSequenceClassification if bert else XLMRobertaForSequenceClassification)(config).eval()
    extra = {"id2label": {"0": "LABEL_0"}}
    if activation:
        extra["sentence_transformers"] = {"activation_fn": activation, "version": "5.0.0"}
    # The checkpoint's own names have the prefix where it belongs.
    save_model(folder, model, config, dtype, "", extra)
    write(os.path.join(folder, "tokenizer_config.json"), {"model_max_length": MAX_PAIR_TOKENS})
    tokenizer.enable_truncation(MAX_PAIR_TOKENS, strategy="longest_first")
    items = []
    for query, text in PAIRS:
        encoding = tokenizer.encode(query, text)
        inputs = {"input_ids": torch.tensor([encoding.ids])}
        if bert:
            inputs["token_type_ids"] = torch.tensor([encoding.type_ids])
        with torch.no_grad():
            logit = model(**inputs).logits[0, 0]
        items.append({"query": query, "text": text, "token_ids": encoding.ids,
                      "score": float(logit if activation else torch.sigmoid(logit))})
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
    for seed, (name, shape) in enumerate(CROSS_ENCODERS.items(), start=20):
        tiny_cross(os.path.join(arguments.folder, name), seed, **shape)


if __name__ == "__main__":
    main()
