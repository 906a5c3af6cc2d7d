"""The decoders that decoder_parity.py holds against one another, each as one class.

An engine has `tokens(text)`, `logits(ids, first)` and so, from the base, what the comparison needs. Needs
llama-cpp-python for `LlamaCpp`; torch, transformers and gguf for `Exact`.
"""

import ctypes

import numpy as np


class Engine:
    """What follows from an engine's logits."""

    def log_probabilities(self, ids, first=0):
        """Natural logarithms [T, V] of the probabilities of what follows each of `ids`."""
        rows = self.logits(ids, first).astype(np.float64)
        top = rows.max(1, keepdims=True)
        return rows - top - np.log(np.exp(rows - top).sum(1, keepdims=True))

    def given(self, ids):
        """The log-probability of each of `ids` but the first, given those before it."""
        rows = self.log_probabilities(ids)
        return [float(rows[i, ids[i + 1]]) for i in range(len(ids) - 1)]

    def run(self, text, count):
        """Reads `text` and writes up to `count` of the likeliest tokens; `gaps` are the distances to the second."""
        ids = self.tokens(text)
        rows = self.log_probabilities(ids)
        prompt = [float(rows[i, ids[i + 1]]) for i in range(len(ids) - 1)]
        tokens, logprobs, gaps, last = [], [], [], rows[-1]
        while len(tokens) < count:
            second, best = np.argsort(last, kind="stable")[-2:]
            gaps.append(float(last[best] - last[second]))
            if self.ends(int(best)):
                break
            tokens.append(int(best))
            logprobs.append(float(last[best]))
            last = self.log_probabilities(tokens[-1:], first=len(ids) + len(tokens) - 1)[0]
        return {"prompt": ids, "prompt_logprobs": prompt, "tokens": tokens, "logprobs": logprobs, "gaps": gaps,
                "text": self.text(tokens)}


class LlamaCpp(Engine):
    """llama.cpp with one context of 2,048 tokens.

    `flash_attention`: its other attention kernel (off is what llama-cpp-python's own class sets). `single`: a prompt
    goes through one token at a time, not as one batch.
    """

    def __init__(self, path, threads=2, flash_attention=False, single=False):
        import llama_cpp

        self.library, self.single = llama_cpp, single
        self.quiet = llama_cpp.llama_log_callback(lambda level, text, data: None)
        llama_cpp.llama_log_set(self.quiet, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        self.model = llama_cpp.llama_model_load_from_file(path.encode(), llama_cpp.llama_model_default_params())
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self.size = llama_cpp.llama_vocab_n_tokens(self.vocabulary)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = 2048, 2048, 512
        params.flash_attn_type = int(flash_attention)
        params.n_threads = params.n_threads_batch = threads
        self.context = llama_cpp.llama_init_from_model(self.model, params)

    def tokens(self, text):
        data = text.encode()
        out = (self.library.llama_token * (len(data) + 8))()
        return list(out[: self.library.llama_tokenize(self.vocabulary, data, len(data), out, len(out), True, True)])

    def text(self, tokens):
        pieces, buffer = b"", ctypes.create_string_buffer(256)
        for token in tokens:
            length = self.library.llama_token_to_piece(self.vocabulary, token, buffer, 256, 0, True)
            pieces += buffer.raw[:length]
        return pieces.decode("utf-8", "ignore")

    def ends(self, token):
        return self.library.llama_vocab_is_eog(self.vocabulary, token)

    def logits(self, ids, first=0):
        if first == 0:
            self.library.llama_memory_clear(self.library.llama_get_memory(self.context), True)
        if self.single and len(ids) > 1:
            return np.concatenate([self.decode([token], first + i) for i, token in enumerate(ids)])
        return self.decode(ids, first)

    def decode(self, ids, first):
        batch = self.library.llama_batch_init(len(ids), 0, 1)
        batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            batch.token[i], batch.pos[i], batch.n_seq_id[i] = token, first + i, 1
            batch.seq_id[i][0], batch.logits[i] = 0, 1
        code = self.library.llama_decode(self.context, batch)
        self.library.llama_batch_free(batch)
        if code != 0:
            raise RuntimeError(f"llama_decode: {code}")
        rows = [self.library.llama_get_logits_ith(self.context, i) for i in range(len(ids))]
        return np.stack([np.ctypeslib.as_array(row, shape=(self.size,)).copy() for row in rows])


class Exact(Engine):
    """transformers in f32 on the file's weights, dequantised: no rounding but float's.

    Tokens are taken from `tokenizer`, another engine of the same file.
    """

    NAMES = {
        "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
        "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    }

    def __init__(self, path, tokenizer, threads=2):
        import gguf
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM

        torch.set_num_threads(threads)
        self.torch, self.tokenizer = torch, tokenizer
        self.tokens, self.text, self.ends = tokenizer.tokens, tokenizer.text, tokenizer.ends
        reader = gguf.GGUFReader(path)
        field = lambda name: reader.fields["llama." + name].contents()
        heads, shared = field("attention.head_count"), field("attention.head_count_kv")
        weights = {}
        for tensor in reader.tensors:
            w = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
            part = tensor.name.split(".")
            if part[0] == "blk":
                # The file holds rotary pairs as neighbours, transformers as halves.
                if part[2] in ("attn_q", "attn_k"):
                    count = heads if part[2] == "attn_q" else shared
                    w = w.reshape(count, w.shape[0] // count // 2, 2, -1).swapaxes(1, 2).reshape(w.shape)
                name = f"model.layers.{part[1]}.{self.NAMES[part[2]]}.weight"
            else:
                name = {"token_embd": "model.embed_tokens.weight", "output_norm": "model.norm.weight",
                        "output": "lm_head.weight"}[part[0]]
            weights[name] = torch.from_numpy(np.array(w))
        tied = "lm_head.weight" not in weights
        if tied:
            weights["lm_head.weight"] = weights["model.embed_tokens.weight"]
        base = field("rope.freq_base")
        config = LlamaConfig(
            vocab_size=weights["lm_head.weight"].shape[0], hidden_size=field("embedding_length"),
            intermediate_size=field("feed_forward_length"), num_hidden_layers=field("block_count"),
            num_attention_heads=heads, num_key_value_heads=shared, max_position_embeddings=field("context_length"),
            rms_norm_eps=field("attention.layer_norm_rms_epsilon"), rope_theta=base,
            rope_parameters={"rope_type": "default", "rope_theta": base}, tie_word_embeddings=tied)
        self.model = LlamaForCausalLM(config).eval()
        self.model.load_state_dict(weights, strict=True)
        self.cache = None

    def logits(self, ids, first=0):
        with self.torch.no_grad():
            cache = self.cache if first else None
            result = self.model(self.torch.tensor([ids]), past_key_values=cache, use_cache=True)
        self.cache = result.past_key_values
        return result.logits[0].numpy()
