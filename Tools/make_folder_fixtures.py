#!/usr/bin/env python3
"""Writes the test fixtures of decoders in folders: tiny models with random weights as transformers saves them.

Needs torch, transformers, tokenizers, safetensors, numpy, gguf. Run from the repository's root:

    python Tools/make_folder_fixtures.py [--llama]

With --llama it also prints how far llama.cpp's logits (llama-cpp-python) of the Gemma 3 file are from transformers'.

Writes into Tests/DecodersTests/Fixtures:
  folder-llama/          bf16, output tied to the embeddings, llama3 rope; tokenizer, chat template in a file of its own
  folder-qwen2/          f16, output of its own, biases; chat template in tokenizer_config.json
  folder-qwen2-sharded/  the same weights in shards with an index
  folder-qwen3/          f32, norms of queries and keys, a head size of its own, linear rope scaling
  folder-gemma3/         bf16, two local layers and a global one, window 16, linear rope scaling of the global layer
  tiny-gemma3-bf16.gguf  seven layers of Gemma 3 in the layout of converters: every sixth is global, window 8
  folder-logits.json     token ids and transformers' f32 logits of each of these
  quantized.json         random rows (base64) and gguf's blocks of them
The vocabulary is that of make_decoder_fixtures.py.
"""
import base64
import copy
import json
import os
import shutil
import sys

import gguf
import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    Gemma3ForCausalLM, Gemma3TextConfig, GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM,
    Qwen3Config, Qwen3ForCausalLM,
)

from make_decoder_fixtures import OUT, SMOLLM2, TEMPLATES, VOCAB, add_vocabulary, finish, vocabulary

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
            # Gemma's norms are used as 1 + w.
            mean = 1 if "norm" in name and cls is not Gemma3ForCausalLM else 0
            weight.copy_((torch.randn_like(weight) * 0.12 + mean).to(dtype).float())
    model.tie_weights()
    return model


def save(model, dtype, name, **options):
    folder = os.path.join(OUT, name)
    shutil.rmtree(folder, ignore_errors=True)
    # A copy: rounding the model itself would round its rotary frequencies too.
    copy.deepcopy(model).to(dtype).save_pretrained(folder, **options)
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


def gemma3(ids):
    config = Gemma3TextConfig(
        **SHAPE, num_hidden_layers=3, head_dim=16, rms_norm_eps=1e-6, query_pre_attn_scalar=24, sliding_window=16,
        layer_types=["sliding_attention", "sliding_attention", "full_attention"],
        rope_parameters={
            "full_attention": {"rope_type": "linear", "rope_theta": 1e4, "factor": 8.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 100.0}})
    model = random_model(Gemma3ForCausalLM, config, torch.bfloat16, 14)
    folder = save(model, torch.bfloat16, "folder-gemma3")
    words = tokenizer()
    words.chat_template = TEMPLATES["gemma3"]
    words.save_pretrained(folder)
    return logits(model, ids)


def gemma3_gguf(ids):
    """The keys and tensors that converters write; they add 1 to the norms."""
    layers, head, window = 7, 16, 8
    config = Gemma3TextConfig(
        hidden_size=32, intermediate_size=32, num_attention_heads=2, num_key_value_heads=1, vocab_size=VOCAB,
        max_position_embeddings=128, num_hidden_layers=layers, head_dim=head, rms_norm_eps=1e-6,
        query_pre_attn_scalar=head, sliding_window=window,
        rope_parameters={
            "full_attention": {"rope_type": "linear", "rope_theta": 1e6, "factor": 8.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}})
    model = random_model(Gemma3ForCausalLM, config, torch.bfloat16, 15)
    writer = gguf.GGUFWriter(os.path.join(OUT, "tiny-gemma3-bf16.gguf"), "gemma3")
    writer.add_name("Tiny")
    writer.add_block_count(layers)
    writer.add_context_length(128)
    writer.add_embedding_length(32)
    writer.add_feed_forward_length(32)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_freq_base(1e6)
    writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
    writer.add_rope_scaling_factor(8.0)
    writer.add_sliding_window(window)
    writer.add_layer_norm_rms_eps(1e-6)
    add_vocabulary(writer, "smollm")
    names = {
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
        "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "post_attention_norm",
        "pre_feedforward_layernorm": "ffn_norm", "post_feedforward_layernorm": "post_ffw_norm",
        "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    }
    for name, weight in model.named_parameters():
        if name.startswith("model.layers."):
            layer, part = name.removeprefix("model.layers.").removesuffix(".weight").split(".", 1)
            tensor = f"blk.{layer}.{names[part]}.weight"
        else:
            tensor = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}[name]
        values = weight.detach().numpy().astype(np.float32)
        kind = gguf.GGMLQuantizationType.BF16 if values.ndim == 2 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(tensor, gguf.quantize(values + (values.ndim == 1), kind), raw_dtype=kind)
    finish(writer)
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


def print_llama_difference(ids, rows):
    """Of the greatest logit, at each position; llama.cpp rounds activations to bf16."""
    import llama_cpp

    model = llama_cpp.Llama(os.path.join(OUT, "tiny-gemma3-bf16.gguf"), n_ctx=128, logits_all=True, verbose=False)
    model.eval(ids)
    for position, row in rows.items():
        difference = np.abs(np.array(model.scores[int(position)]) - row).max() / np.abs(row).max()
        print(f"position {position}: {difference:.4f}")


def main():
    ids = [int(i) for i in np.random.default_rng(3).integers(0, 262, 40)]
    rows = {"folder-llama": llama(ids), "folder-qwen2": qwen2(ids), "folder-qwen3": qwen3(ids)}
    rows |= {"folder-gemma3": gemma3(ids), "tiny-gemma3-bf16.gguf": gemma3_gguf(ids)}
    json.dump({"ids": ids, "logits": rows}, open(os.path.join(OUT, "folder-logits.json"), "w"))
    quantized()
    if "--llama" in sys.argv[1:]:
        print_llama_difference(ids, rows["tiny-gemma3-bf16.gguf"])


if __name__ == "__main__":
    main()
