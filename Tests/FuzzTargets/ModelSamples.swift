// The smallest checkpoints of a few families, for folders whose settings are under fuzzing.

/// Rows of 4 values, inner rows of 8, two heads, a vocabulary of 13, 16 positions; every weight
/// is 0.5.
enum ModelSamples {
    private typealias Shapes = [(name: String, shape: [Int])]

    /// For the family that config.json speaks of.
    static func weights(for configuration: String) -> [UInt8] {
        let isColBERT = configuration.contains("HF_ColBERT")
        if configuration.contains("\"qwen3\"") { return qwen3 }
        if configuration.contains("\"modernbert\"") { return modernBert }
        if configuration.contains("\"nomic_bert\"") { return nomicBert }
        return isColBERT ? colBERT : bert
    }

    private static let qwen3 = file(qwen3Shapes)
    private static let modernBert = file(modernBertShapes)
    private static let nomicBert = file(nomicBertShapes)
    private static let bert = file(bertShapes)
    private static let colBERT = file(bertShapes + [("linear.weight", [3, 4])])
    /// Of a Dense module.
    static let dense = file([("linear.weight", [3, 4]), ("linear.bias", [3])])

    /// A layer with a bias.
    private static func layer(_ name: String, _ outputs: Int, _ inputs: Int) -> Shapes {
        [(name + ".weight", [outputs, inputs]), (name + ".bias", [outputs])]
    }

    private static func norm(_ name: String) -> Shapes {
        [(name + ".weight", [4]), (name + ".bias", [4])]
    }

    private static var bertShapes: Shapes {
        let base = "bert.encoder.layer.0."
        var shapes: Shapes = [
            ("bert.embeddings.word_embeddings.weight", [13, 4]),
            ("bert.embeddings.position_embeddings.weight", [16, 4]),
            ("bert.embeddings.token_type_embeddings.weight", [2, 4]),
        ]
        shapes += norm("bert.embeddings.LayerNorm")
        for name in ["self.query", "self.key", "self.value", "output.dense"] {
            shapes += layer(base + "attention." + name, 4, 4)
        }
        shapes += norm(base + "attention.output.LayerNorm")
        shapes += layer(base + "intermediate.dense", 8, 4) + layer(base + "output.dense", 4, 8)
        shapes += norm(base + "output.LayerNorm")
        return shapes + layer("bert.pooler.dense", 4, 4) + layer("classifier", 1, 4)
    }

    private static var qwen3Shapes: Shapes {
        let base = "model.layers.0."
        return [
            ("model.embed_tokens.weight", [13, 4]), ("model.norm.weight", [4]),
            (base + "input_layernorm.weight", [4]),
            (base + "post_attention_layernorm.weight", [4]),
            (base + "self_attn.q_proj.weight", [8, 4]), (base + "self_attn.k_proj.weight", [4, 4]),
            (base + "self_attn.v_proj.weight", [4, 4]), (base + "self_attn.o_proj.weight", [4, 8]),
            (base + "self_attn.q_norm.weight", [4]), (base + "self_attn.k_norm.weight", [4]),
            (base + "mlp.gate_proj.weight", [8, 4]), (base + "mlp.up_proj.weight", [8, 4]),
            (base + "mlp.down_proj.weight", [4, 8]), ("score.weight", [1, 4]),
        ]
    }

    private static var modernBertShapes: Shapes {
        var shapes: Shapes = [
            ("model.embeddings.tok_embeddings.weight", [13, 4]),
            ("model.embeddings.norm.weight", [4]), ("model.final_norm.weight", [4]),
            ("model.layers.1.attn_norm.weight", [4]), ("head.dense.weight", [4, 4]),
            ("head.norm.weight", [4]),
        ]
        for index in 0..<2 {
            let base = "model.layers.\(index)."
            shapes += [
                (base + "attn.Wqkv.weight", [12, 4]), (base + "attn.Wo.weight", [4, 4]),
                (base + "mlp_norm.weight", [4]), (base + "mlp.Wi.weight", [16, 4]),
                (base + "mlp.Wo.weight", [4, 8]),
            ]
        }
        return shapes + layer("classifier", 1, 4)
    }

    private static var nomicBertShapes: Shapes {
        let base = "encoder.layers.0."
        let shapes: Shapes = [
            ("embeddings.word_embeddings.weight", [13, 4]),
            ("embeddings.token_type_embeddings.weight", [2, 4]),
            (base + "attn.Wqkv.weight", [12, 4]), (base + "attn.out_proj.weight", [4, 4]),
            (base + "mlp.fc11.weight", [8, 4]), (base + "mlp.fc12.weight", [8, 4]),
            (base + "mlp.fc2.weight", [4, 8]),
        ]
        return shapes + norm("emb_ln") + norm(base + "norm1") + norm(base + "norm2")
    }

    /// A safetensors file of Float32.
    private static func file(_ tensors: Shapes) -> [UInt8] {
        var end = 0
        let entries = tensors.map { name, shape in
            let begin = end
            end += 4 * shape.reduce(1, *)
            return "\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),"
                + "\"data_offsets\":[\(begin),\(end)]}"
        }
        let header = Array("{\(entries.joined(separator: ","))}".utf8)
        var bytes = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
        for _ in 0..<end / 4 {
            withUnsafeBytes(of: Float(0.5).bitPattern.littleEndian) {
                bytes.append(contentsOf: $0)
            }
        }
        return bytes
    }

    static let tokenizer = #"""
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],
        "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,
        "strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},
        "post_processor":{"type":"TemplateProcessing","special_tokens":{
        "[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},
        "[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}},
        "single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
        {"SpecialToken":{"id":"[SEP]","type_id":0}}],
        "pair":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
        {"SpecialToken":{"id":"[SEP]","type_id":0}},{"Sequence":{"id":"B","type_id":1}},
        {"SpecialToken":{"id":"[SEP]","type_id":1}}]},"decoder":null,
        "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
        "max_input_chars_per_word":100,"vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,
        "[MASK]":4,"[unused0]":5,"[unused1]":6,"a":7,"##b":8,"c":9,",":10,"[Q] ":11,"[D] ":12}}}
        """#
}
