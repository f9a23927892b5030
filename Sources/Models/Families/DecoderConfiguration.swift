// What config.json says of Llama, Mistral, Qwen2 and Qwen3.

/// Keys as the checkpoints write them; where two versions of transformers differ, both.
struct DecoderConfiguration: Codable {
    var model_type: String
    var vocab_size: Int
    var hidden_size: Int
    var intermediate_size: Int
    var num_hidden_layers: Int
    var num_attention_heads: Int
    var num_key_value_heads: Int?
    var head_dim: Int?
    var hidden_act: String?
    var max_position_embeddings: Int?
    var rms_norm_eps: Double?
    var rope_theta: Double?
    var rope_scaling: RotaryParameters?
    var rope_parameters: RotaryParameters?
    var attention_bias: Bool?
    var mlp_bias: Bool?
    var sliding_window: Int?
    var use_sliding_window: Bool?
    var max_window_layers: Int?
    var layer_types: [String]?

    var headDimension: Int { head_dim ?? hidden_size / max(num_attention_heads, 1) }
    var keyHeads: Int { num_key_value_heads ?? num_attention_heads }
    var rotary: RotaryParameters { rope_parameters ?? rope_scaling ?? RotaryParameters() }
    var theta: Double { rope_parameters?.rope_theta ?? rope_theta ?? 10_000 }

    /// Qwen2 has biases on queries, keys and values whatever the configuration says.
    var hasInputBias: Bool { model_type == "qwen2" || attention_bias ?? false }
    var hasOutputBias: Bool { model_type != "qwen2" && attention_bias ?? false }

    /// How many tokens, itself included, a token of a layer looks back; nil for all.
    func window(layer: Int) -> Int? {
        guard let sliding_window, sliding_window > 0 else { return nil }
        switch model_type {
        case "mistral": return sliding_window
        case "qwen2", "qwen3":
            guard use_sliding_window ?? false else { return nil }
            if let layer_types, layer_types.indices.contains(layer) {
                return layer_types[layer] == "sliding_attention" ? sliding_window : nil
            }
            return layer >= max_window_layers ?? 28 ? sliding_window : nil
        default: return nil
        }
    }
}
