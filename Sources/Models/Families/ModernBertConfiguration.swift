// What config.json says of ModernBERT.

/// Keys as the checkpoints write them; where two versions of transformers differ, both.
struct ModernBertConfiguration: Codable {
    var vocab_size: Int
    var hidden_size: Int
    var intermediate_size: Int
    var num_hidden_layers: Int
    var num_attention_heads: Int
    var hidden_activation: String?
    var max_position_embeddings: Int?
    var norm_eps: Double?
    var norm_bias: Bool?
    var attention_bias: Bool?
    var mlp_bias: Bool?
    var local_attention: Int?
    var global_attn_every_n_layers: Int?
    var global_rope_theta: Double?
    var local_rope_theta: Double?
    var layer_types: [String]?
    var rope_parameters: [String: RotaryParameters]?

    func isGlobal(layer: Int) -> Bool {
        if let layer_types, layer_types.indices.contains(layer) {
            return layer_types[layer] == "full_attention"
        }
        return layer % max(global_attn_every_n_layers ?? 3, 1) == 0
    }

    /// Tokens on either side that a token of a local layer sees.
    var reach: Int { (local_attention ?? 128) / 2 }

    var globalRotary: RotaryParameters { rope_parameters?["full_attention"] ?? RotaryParameters() }
    var localRotary: RotaryParameters {
        rope_parameters?["sliding_attention"] ?? RotaryParameters()
    }
    var globalTheta: Double { globalRotary.rope_theta ?? global_rope_theta ?? 160_000 }
    /// The first checkpoints have a null here, which means the global one.
    var localTheta: Double { localRotary.rope_theta ?? local_rope_theta ?? 10_000 }
}
