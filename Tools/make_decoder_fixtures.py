#!/usr/bin/env python3
"""Writes the decoder's test fixtures: tiny Llama models with random weights, and what transformers makes of them.

Needs gguf, numpy, and torch and transformers, or llama-cpp-python for spm. Run from the repository's root:

    python Tools/make_decoder_fixtures.py [spm]

Writes into Tests/DecodersTests/Fixtures:
  tiny-TYPE.gguf        a Llama of 2 layers, hidden 64, 4 query heads over 2 key-value heads, vocabulary 270
  tiny-untied-f32.gguf  one layer, an output matrix of its own and rope factors as in Llama 3.1
  tiny-logits.json      token ids and transformers' f32 logits for each file's (dequantised) weights
  tiny-qwen2-f32.gguf   one layer of Qwen 2: biases, rotary halves
  tiny-qwen3-f32.gguf   one layer of Qwen 3: norms of queries and keys, a head size of its own
  tiny-spm.gguf         one layer of Llama with a SentencePiece vocabulary and TinyLlama's chat template; with spm only
  tiny-spm.json         prompts, their ids by llama.cpp and what it writes after them, greedily
  dequantized.json      random blocks of every quantised type (base64) and gguf's floats of them
  chat.json             conversations as transformers renders them through each family's template
The vocabulary is the 256 bytes of byte-level BPE, a few merges and chat control tokens.
"""
import base64
import json
import os
import sys

import gguf
import numpy as np

if "spm" not in sys.argv:
    import torch
    from transformers import (
        LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM,
    )
    from transformers.utils.chat_template_utils import render_jinja_template

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Tests", "DecodersTests", "Fixtures")
HIDDEN, INNER, HEADS, KV_HEADS, VOCAB, CONTEXT = 64, 64, 4, 2, 270, 128
TYPES = {
    "f32": gguf.GGMLQuantizationType.F32,
    "f16": gguf.GGMLQuantizationType.F16,
    "bf16": gguf.GGMLQuantizationType.BF16,
    "q8_0": gguf.GGMLQuantizationType.Q8_0,
    "q4_0": gguf.GGMLQuantizationType.Q4_0,
    "q4_1": gguf.GGMLQuantizationType.Q4_1,
}
SMOLLM2 = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\n"
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TEMPLATES = {
    "smollm2": SMOLLM2,
    "chatml": "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + "
    "'<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "qwen2.5": "{%- if messages[0]['role'] == 'system' %}{{- '<|im_start|>system\\n' + messages[0]['content'] + "
    "'<|im_end|>\\n' }}{%- else %}{{- '<|im_start|>system\\nYou are a careful assistant.<|im_end|>\\n' }}{%- endif %}"
    "{%- for message in messages %}{%- if message.role == 'user' or message.role == 'assistant' %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{%- endif %}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}",
    "llama3": "{% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + "
    "'<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}"
    "{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
    "llama3.1": "{{- bos_token }}{%- set date_string = '26 Jul 2024' %}{%- if messages[0]['role'] == 'system' %}"
    "{%- set system_message = messages[0]['content']|trim %}{%- set messages = messages[1:] %}{%- else %}"
    "{%- set system_message = '' %}{%- endif %}{{- '<|start_header_id|>system<|end_header_id|>\\n\\n' }}"
    "{{- 'Cutting Knowledge Date: December 2023\\n' }}{{- 'Today Date: ' + date_string + '\\n\\n' }}"
    "{{- system_message }}{{- '<|eot_id|>' }}{%- for message in messages %}{{- '<|start_header_id|>' + "
    "message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}",
    "llama2": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
    "{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}"
    "{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
    "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + "
    "'\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}"
    "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "zephyr": "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + "
    "message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + "
    "message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + "
    "message['content'] + eos_token }}\n{% endif %}\n{% if loop.last and add_generation_prompt %}\n"
    "{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}",
    "phi3": "{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>\n' "
    "+ message['content'] + '<|end|>\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + "
    "'<|end|>\n'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}",
    "gemma": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}"
    "{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | "
    "trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}",
    "gemma3": "{{ bos_token }}{%- if messages[0]['role'] == 'system' -%}{%- set first_user_prefix = "
    "messages[0]['content'] + '\n\n' -%}{%- set turns = messages[1:] -%}{%- else -%}{%- set first_user_prefix = '' -%}"
    "{%- set turns = messages -%}{%- endif -%}{%- for turn in turns -%}{{ '<start_of_turn>' + ('model' if turn['role'] "
    "== 'assistant' else turn['role']) + '\n' + (first_user_prefix if loop.first else '') + turn['content'] | trim + "
    "'<end_of_turn>\n' }}{%- endfor -%}{%- if add_generation_prompt -%}{{ '<start_of_turn>model\n' }}{%- endif -%}",
}
USER = {"role": "user", "content": " How long does delivery take?\n"}
CONVERSATIONS = [
    [USER],
    [{"role": "system", "content": "Answer in one sentence."}, USER],
    [USER, {"role": "assistant", "content": "Three days. "}, {"role": "user", "content": "And to Iceland? 🇮🇸"}],
    [
        {"role": "system", "content": "Be kind."}, USER, {"role": "assistant", "content": "Three days."},
        {"role": "user", "content": "Thanks"},
    ],
]


def byte_alphabet():
    """The printable character of each byte in byte-level BPE."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    chars, extra = {b: chr(b) for b in keep}, 0
    for b in range(256):
        if b not in chars:
            chars[b], extra = chr(256 + extra), extra + 1
    return [chars[b] for b in range(256)]


def vocabulary():
    alphabet = byte_alphabet()
    space = alphabet[32]
    merges = [("t", "h"), ("th", "e"), (space, "the"), ("a", "n"), ("an", "d"), (space, "and")]
    tokens = alphabet + [a + b for a, b in merges]
    controls = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    kinds = [1] * len(tokens) + [3] * len(controls)
    tokens += controls
    while len(tokens) < VOCAB:
        tokens.append(f"<unused{len(tokens)}>")
        kinds.append(5)
    return tokens, kinds, [f"{a} {b}" for a, b in merges]


def permute(w, heads):
    """Rotary halves to neighbouring pairs, as GGUF files of this architecture hold them."""
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def unpermute(w, heads):
    return w.reshape(heads, w.shape[0] // heads // 2, 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def random_weights(layers, tied, rows=VOCAB):
    rng = np.random.default_rng(7)

    def matrix(rows, columns):
        return (rng.standard_normal((rows, columns)) * 0.12).astype(np.float32)

    head = HIDDEN // HEADS
    weights = {"token_embd.weight": matrix(rows, HIDDEN), "output_norm.weight": None}
    for i in range(layers):
        b = f"blk.{i}."
        weights |= {
            b + "attn_norm.weight": None, b + "attn_q.weight": matrix(HIDDEN, HIDDEN),
            b + "attn_k.weight": matrix(KV_HEADS * head, HIDDEN), b + "attn_v.weight": matrix(KV_HEADS * head, HIDDEN),
            b + "attn_output.weight": matrix(HIDDEN, HIDDEN), b + "ffn_norm.weight": None,
            b + "ffn_gate.weight": matrix(INNER, HIDDEN), b + "ffn_up.weight": matrix(INNER, HIDDEN),
            b + "ffn_down.weight": matrix(HIDDEN, INNER),
        }
    if not tied:
        weights["output.weight"] = matrix(rows, HIDDEN)
    for name in weights:
        if weights[name] is None:
            weights[name] = (1 + 0.1 * rng.standard_normal(HIDDEN)).astype(np.float32)
    return weights


def add_vocabulary(writer, pre):
    tokens, kinds, merges = vocabulary()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    for key, token in (("bos", "<|im_start|>"), ("eos", "<|im_end|>"), ("unk", "<|endoftext|>")):
        getattr(writer, f"add_{key}_token_id")(tokens.index(token))
    writer.add_add_bos_token(False)
    writer.add_chat_template(SMOLLM2)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def llama_writer(name, layers):
    writer = gguf.GGUFWriter(os.path.join(OUT, name), "llama")
    writer.add_name("Tiny")
    writer.add_block_count(layers)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(HIDDEN // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    return writer


def write_model(name, kind, layers, tied, factors):
    """Writes one file and returns its weights as the file holds them, in floats."""
    writer = llama_writer(name, layers)
    add_vocabulary(writer, "smollm")
    held = {}
    for tensor, w in random_weights(layers, tied).items():
        use = kind if w.ndim == 2 else gguf.GGMLQuantizationType.F32
        data = gguf.quantize(w, use)
        writer.add_tensor(tensor, data, raw_dtype=use)
        held[tensor] = gguf.dequantize(data, use).reshape(w.shape).astype(np.float32)
    if factors is not None:
        writer.add_tensor("rope_freqs.weight", factors)
    finish(writer)
    return held


def reference(held, layers, ids, factors):
    """transformers' logits [T, V] in f32."""
    config = LlamaConfig(
        hidden_size=HIDDEN, intermediate_size=INNER, num_hidden_layers=layers, num_attention_heads=HEADS,
        num_key_value_heads=KV_HEADS, vocab_size=VOCAB, max_position_embeddings=CONTEXT, rms_norm_eps=1e-5,
        tie_word_embeddings=False, rope_parameters={"rope_type": "default", "rope_theta": 10000.0})
    model = LlamaForCausalLM(config).float().eval()
    names = {
        "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
        "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    }
    state = {
        "model.embed_tokens.weight": held["token_embd.weight"], "model.norm.weight": held["output_norm.weight"],
        "lm_head.weight": held.get("output.weight", held["token_embd.weight"]),
    }
    for tensor, w in held.items():
        if tensor.startswith("blk."):
            _, layer, part, _ = tensor.split(".")
            if part in ("attn_q", "attn_k"):
                w = unpermute(w, HEADS if part == "attn_q" else KV_HEADS)
            state[f"model.layers.{layer}.{names[part]}.weight"] = w
    model.load_state_dict({k: torch.tensor(np.ascontiguousarray(w)) for k, w in state.items()})
    if factors is not None:
        model.model.rotary_emb.inv_freq /= torch.tensor(factors)
    with torch.inference_mode():
        return model(torch.tensor([ids])).logits[0].numpy()


QWEN_HEAD = 24  # of Qwen 3: not hidden / heads


def qwen(kind):
    """Writes tiny-KIND-f32.gguf and returns transformers' logits of `ids` by it."""
    head = QWEN_HEAD if kind == "qwen3" else HIDDEN // HEADS
    shape = dict(
        hidden_size=HIDDEN, intermediate_size=INNER, num_hidden_layers=1, num_attention_heads=HEADS,
        num_key_value_heads=KV_HEADS, vocab_size=VOCAB, max_position_embeddings=CONTEXT, rms_norm_eps=1e-6,
        tie_word_embeddings=True, rope_parameters={"rope_type": "default", "rope_theta": 1e6})
    torch.manual_seed(5)
    if kind == "qwen2":
        model = Qwen2ForCausalLM(Qwen2Config(**shape))
    else:
        model = Qwen3ForCausalLM(Qwen3Config(**shape, head_dim=head))
    model = model.float().eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(torch.randn_like(weight) * 0.12 + (1 if "norm" in name else 0))
    writer = gguf.GGUFWriter(os.path.join(OUT, f"tiny-{kind}-f32.gguf"), kind)
    writer.add_name("Tiny")
    writer.add_block_count(1)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    add_vocabulary(writer, "qwen2")
    names = {
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
        "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
        "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    }
    for name, weight in model.named_parameters():
        if name.startswith("model.layers.0."):
            part, suffix = name.removeprefix("model.layers.0.").rsplit(".", 1)
            tensor = f"blk.0.{names[part]}.{suffix}"
        else:
            tensor = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}[name]
        writer.add_tensor(tensor, weight.detach().numpy().astype(np.float32))
    finish(writer)

    def logits(ids):
        with torch.inference_mode():
            return model(torch.tensor([ids])).logits[0].numpy()

    return logits


def dequantized():
    """Two blocks (512 columns) of each type: any bytes, but sane f16 numbers."""
    halves = {  # where the f16 numbers of a block stand
        "Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "IQ4_NL": [0], "Q2_K": [80, 82],
        "Q3_K": [108], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208],
    }
    rng = np.random.default_rng(11)
    result = {}
    for name, places in halves.items():
        kind = gguf.GGMLQuantizationType[name]
        columns, size = gguf.GGML_QUANT_SIZES[kind]
        blocks = rng.integers(0, 256, (512 // columns, size), dtype=np.uint8)
        for place in places:
            numbers = (rng.standard_normal(len(blocks)) * 0.05).astype(np.float16)
            blocks[:, place:place + 2] = numbers.view(np.uint8).reshape(-1, 2)
        data = blocks.reshape(1, -1)
        values = gguf.dequantize(data, kind).reshape(-1)
        result[name] = {
            "bytes": base64.b64encode(data.tobytes()).decode(),
            "values": base64.b64encode(values.astype("<f4").tobytes()).decode()}
    json.dump(result, open(os.path.join(OUT, "dequantized.json"), "w"), indent=0)


def sentencepiece():
    """Writes tiny-spm.gguf and what llama.cpp reads and writes with it."""
    import llama_cpp

    mark = "\u2581"
    words = ["th", "the", mark + "the", "an", "and", mark + "and", "er", "in", mark + "w", mark + "a", "ou", mark + mark]
    characters = [mark] + [chr(c) for c in range(33, 127)] + ["\u00e9", "\u4e16"]
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] + words + characters
    writer = llama_writer("tiny-spm.gguf", 1)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * 259 + [-float(i) for i in range(len(tokens) - 259)])
    writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * (len(tokens) - 259))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_chat_template(TEMPLATES["zephyr"])
    for tensor, w in random_weights(1, False, len(tokens)).items():
        writer.add_tensor(tensor, w)
    finish(writer)
    llama = llama_cpp.Llama(os.path.join(OUT, "tiny-spm.gguf"), n_ctx=CONTEXT, verbose=False)
    rows = []
    for prompt in ["the winter and  the\n\u4e16\u754c", "<|user|>\nHow long?</s>\n<|assistant|>\n", "\U0001f600 caf\u00e9"]:
        ids = llama.tokenize(prompt.encode(), add_bos=True, special=True)
        written = []
        for token in llama.generate(ids, top_k=1, temp=0.0, repeat_penalty=1.0):
            if token == 2 or len(written) == 24:
                break
            written.append(token)
        rows.append({"prompt": prompt, "ids": ids, "written": written})
    json.dump(rows, open(os.path.join(OUT, "tiny-spm.json"), "w"), indent=0)


def main():
    os.makedirs(OUT, exist_ok=True)
    if "spm" in sys.argv:
        return sentencepiece()
    ids = [int(i) for i in np.random.default_rng(3).integers(0, 262, 40)]
    rope = np.linspace(1, 6, HIDDEN // HEADS // 2).astype(np.float32)
    cases = [(f"tiny-{n}.gguf", kind, 2, True, None) for n, kind in TYPES.items()]
    cases.append(("tiny-untied-f32.gguf", TYPES["f32"], 1, False, rope))
    logits = {}
    for name, kind, layers, tied, factors in cases:
        rows = reference(write_model(name, kind, layers, tied, factors), layers, ids, factors)
        # Every eighth position keeps the file small and still covers the length.
        logits[name] = {str(t): [round(float(x), 5) for x in rows[t]] for t in (0, 1, 15, 16, 39)}
    for kind in ("qwen2", "qwen3"):
        rows = qwen(kind)(ids)
        logits[f"tiny-{kind}-f32.gguf"] = {str(t): [round(float(x), 5) for x in rows[t]] for t in (0, 1, 15, 16, 39)}
    dequantized()
    json.dump({"ids": ids, "logits": logits}, open(os.path.join(OUT, "tiny-logits.json"), "w"))
    chat = []
    for name, template in TEMPLATES.items():
        for messages in CONVERSATIONS:
            if name == "gemma" and messages[0]["role"] == "system":
                continue
            for prompts in (True, False):
                if name == "llama2" and prompts:
                    continue
                text = render_jinja_template(
                    [messages], chat_template=template, add_generation_prompt=prompts, bos_token="<s>",
                    eos_token="</s>")[0][0]
                chat.append(dict(
                    family=name, template=template, messages=messages, addGenerationPrompt=prompts, text=text))
    json.dump(chat, open(os.path.join(OUT, "chat.json"), "w"), ensure_ascii=False, indent=0)


if __name__ == "__main__":
    main()
