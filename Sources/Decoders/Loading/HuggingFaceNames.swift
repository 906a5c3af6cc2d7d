/// The one place where tensors of Hugging Face's decoders get their names in GGUF files.
///
///     model.layers.3.self_attn.q_proj.weight   →   blk.3.attn_q.weight
///
/// Source: `transformers`' module names; tensor names of the GGUF specification.
struct HuggingFaceNames: Sendable {
    private let outer: [String: String]
    private let inner: [String: String]

    /// The names of an architecture, as GGUF calls it.
    init(architecture: String) {
        outer = [
            "model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
            "lm_head.weight": "output.weight",
        ]
        var inner = [
            "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
            "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
            "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
            "mlp.down_proj": "ffn_down",
        ]
        if architecture == "gemma3" {
            inner["post_attention_layernorm"] = "post_attention_norm"
            inner["pre_feedforward_layernorm"] = "ffn_norm"
            inner["post_feedforward_layernorm"] = "post_ffw_norm"
        } else {
            // The norm after attention is the one before the feed-forward layer.
            inner["post_attention_layernorm"] = "ffn_norm"
        }
        self.inner = inner
    }

    /// The name in a GGUF file; nil for what isn't a weight.
    ///
    /// Old files hold the rotary frequencies, which follow from the configuration. A name that no decoder has stays.
    func renamed(_ name: String) -> String? {
        if let known = outer[name] { return known }
        let prefix = "model.layers."
        guard name.hasPrefix(prefix) else { return name }
        let rest = name.dropFirst(prefix.count)
        guard let dot = rest.firstIndex(of: "."), let end = rest.lastIndex(of: "."), dot < end,
            let layer = Int(rest[..<dot]), layer >= 0, rest[..<dot] == "\(layer)"
        else { return name }
        let part = String(rest[rest.index(after: dot)..<end])
        if part == "self_attn.rotary_emb" { return nil }
        return inner[part].map { "blk.\(layer).\($0)\(rest[end...])" } ?? name
    }

    /// The name in the folder's files of a GGUF name.
    func original(_ name: String) -> String {
        if let known = outer.first(where: { $0.value == name }) { return known.key }
        let parts = name.split(separator: ".")
        guard parts.count == 4, parts[0] == "blk", let known = inner.first(where: { $0.value == parts[2] }) else {
            return name
        }
        return "model.layers.\(parts[1]).\(known.key).\(parts[3])"
    }
}
