#!/usr/bin/env python3
"""Writes the test fixtures of decoders in folders: tiny models with random weights as transformers saves them.

Needs torch, transformers, tokenizers, safetensors, numpy, gguf. Run from the repository's root:

    python Tools/make_folder_fixtures.py

Writes into Tests/DecodersTests/Fixtures:
  folder-llama/          bf16, output tied to the embeddings, llama3 rope; tokenizer, chat template in a file of its own
  folder-qwen2/          f16, output of its own, biases; chat template in tokenizer_config.json
  folder-qwen2-sharded/  the same weights in shards with an index
  folder-qwen3/          f32, norms of queries and keys, a head size of its own, linear rope scaling
  folder-logits.json     token ids and transformers' f32 logits of each folder
  quantized.json         random rows (base64) and gguf's blocks of them
The vocabulary is that of make_decoder_fixtures.py.
"""
import base64
import json
import os
import shutil

import gguf
import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM,
    Qwen3Config, Qwen3ForCausalLM,
)

from make_decoder_fixtures import OUT, SMOLLM2, TEMPLATES, VOCAB, vocabulary

POSITIONS = (0, 1, 15, 16, 39)
SHAPE = dict(
    hidden_size=32, intermediate_size=64, num_attention_heads=4, num_key_value_heads=2, vocab_size=VOCAB,
    max_position_embeddings=128)
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 100.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32}


def tokenizer():
    """Byte-level BPE with SmolLM2's words, as a fast tokenizer."""
    tokens, kinds, merges = vocabulary()
    words = {token: i for i, token in enumerate(tokens)}
    core = Tokenizer(models.BPE(vocab=words, merges=[tuple(merge.split(" ")) for merge in merges]))
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens([AddedToken(t, special=True) for t, kind in zip(tokens, kinds) if kind == 3])
    return PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token="<|im_start|>", eos_token="<|im_end|>", unk_token="<|endoftext|>")


def random_model(cls, config, dtype, seed):
    """Weights rounded to `dtype`, computed with in f32."""
    torch.manual_seed(seed)
    model = cls(config).float().eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_((torch.randn_like(weight) * 0.12 + (1 if "norm" in name else 0)).to(dtype).float())
    model.tie_weights()
    return model


def save(model, dtype, name, **options):
    folder = os.path.join(OUT, name)
    shutil.rmtree(folder, ignore_errors=True)
    model.to(dtype).save_pretrained(folder, **options)
    model.float()
    return folder


def logits(model, ids):
    with torch.inference_mode():
        rows = model(torch.tensor([ids])).logits[0].numpy()
    return {str(t): [round(float(x), 5) for x in rows[t]] for t in POSITIONS}


def llama(ids):
    config = LlamaConfig(
        **SHAPE, num_hidden_layers=2, rms_norm_eps=1e-5, tie_word_embeddings=True, rope_parameters=dict(LLAMA3))
    model = random_model(LlamaForCausalLM, config, torch.bfloat16, 11)
    model.generation_config = GenerationConfig(eos_token_id=[264, 262], bos_token_id=263)
    folder = save(model, torch.bfloat16, "folder-llama")
    words = tokenizer()
    words.chat_template = SMOLLM2
    words.save_pretrained(folder)
    return logits(model, ids)


def qwen2(ids):
    config = Qwen2Config(
        **SHAPE, num_hidden_layers=1, rms_norm_eps=1e-6, tie_word_embeddings=False, use_sliding_window=False,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6})
    model = random_model(Qwen2ForCausalLM, config, torch.float16, 12)
    words = tokenizer()
    words.chat_template = TEMPLATES["qwen2.5"]
    for name, size in (("folder-qwen2", "1GB"), ("folder-qwen2-sharded", "25KB")):
        folder = save(model, torch.float16, name, max_shard_size=size)
        words.save_pretrained(folder, save_jinja_files=False)
    return logits(model, ids)


def qwen3(ids):
    config = Qwen3Config(
        **SHAPE, num_hidden_layers=1, head_dim=24, rms_norm_eps=1e-6, tie_word_embeddings=True,
        rope_parameters={"rope_type": "linear", "rope_theta": 1e4, "factor": 4.0})
    model = random_model(Qwen3ForCausalLM, config, torch.float32, 13)
    folder = save(model, torch.float32, "folder-qwen3")
    tokenizer().save_pretrained(folder)
    return logits(model, ids)


def quantized():
    """Eight blocks of ordinary, tiny, even, one-sided and empty values, and the same as gguf rounds them."""
    rng = np.random.default_rng(17)
    x = (rng.standard_normal((8, 32)) * 0.1).astype(np.float32)
    x[1] *= 1e-3
    x[2] = np.round(x[2] * 40) / 40
    x[3] = np.abs(x[3])
    x[4] = -np.abs(x[4])
    x[5] = 0
    x[6] = 0.25
    x[7, 5] = 3
    result = {"values": base64.b64encode(x.astype("<f4").tobytes()).decode()}
    for name in ("Q8_0", "Q4_0", "Q4_1"):
        blocks = gguf.quantize(x.reshape(1, -1), gguf.GGMLQuantizationType[name])
        result[name] = base64.b64encode(blocks.tobytes()).decode()
    json.dump(result, open(os.path.join(OUT, "quantized.json"), "w"), indent=0)


def main():
    ids = [int(i) for i in np.random.default_rng(3).integers(0, 262, 40)]
    rows = {"folder-llama": llama(ids), "folder-qwen2": qwen2(ids), "folder-qwen3": qwen3(ids)}
    json.dump({"ids": ids, "logits": rows}, open(os.path.join(OUT, "folder-logits.json"), "w"))
    quantized()


if __name__ == "__main__":
    main()
