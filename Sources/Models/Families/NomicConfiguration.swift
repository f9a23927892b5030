// What config.json says of NomicBERT.

/// Keys as the checkpoints write them, which follow GPT-2, and as transformers 5 does.
struct NomicConfiguration: Codable {
    var vocab_size: Int
    var type_vocab_size: Int?
    var n_embd: Int?
    var n_layer: Int?
    var n_head: Int?
    var n_inner: Int?
    var n_positions: Int?
    var max_trained_positions: Int?
    var layer_norm_epsilon: Double?
    var activation_function: String?
    var rotary_emb_base: Double?
    var rotary_emb_fraction: Double?
    var rotary_emb_interleaved: Bool?
    var rotary_emb_scale_base: Double?
    var rotary_scaling_factor: Double?
    var prenorm: Bool?
    var use_rms_norm: Bool?
    var causal: Bool?
    var parallel_block: Bool?
    var scale_attn_by_inverse_layer_idx: Bool?
    var qkv_proj_bias: Bool?
    var mlp_fc1_bias: Bool?
    var mlp_fc2_bias: Bool?

    var hidden_size: Int?
    var num_hidden_layers: Int?
    var num_attention_heads: Int?
    var intermediate_size: Int?
    var max_position_embeddings: Int?
    var layer_norm_eps: Double?
    var hidden_act: String?
    var rope_parameters: RotaryParameters?
}
