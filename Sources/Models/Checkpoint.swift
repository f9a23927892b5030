// A checkpoint in memory: its tokenizer and its transformer, which must fit each other.

import Tokenizers

struct Checkpoint: Sendable {
    /// Of config.json, tokenizer.json and the weights.
    let path: String
    let tokenizer: Tokenizer
    /// `model_type` of config.json.
    let architecture: String
    let transformer: any Transformer

    /// - weights: of the folder, from which the tensors of a head have been taken if it has one.
    init(
        _ path: String, _ weights: Weights, lowercases: Bool, precision: Precision
    ) throws(ModelError) {
        self.path = path
        let settings = try TokenizerKeys.settings(path, lowercases: lowercases)
        do throws(TokenizerError) {
            tokenizer = try Tokenizer(path: "\(path)/tokenizer.json", settings: settings)
        } catch { throw .tokenizer(error) }
        (architecture, transformer) = try Families.load(path, weights, precision)
        guard tokenizer.vocabularyCount <= transformer.vocabularyCount else {
            throw .configuration(
                path: "\(path)/tokenizer.json",
                reason: "it has \(tokenizer.vocabularyCount) tokens, the model's table has only "
                    + "\(transformer.vocabularyCount)")
        }
    }

    /// Single texts are encoded with the type 0 alone.
    ///
    /// - Throws: if the model knows other types and the tokenizer gives them to such texts.
    func checkTypes() throws(ModelError) {
        let highest = tokenizer.singleTypeMax
        guard transformer.typeCount > 1, highest > 0 else { return }
        let inputs = try SpecialTokens.read(path).modelInputNames
        guard inputs?.contains("token_type_ids") ?? true else { return }
        throw .unsupported(
            path: "\(path)/tokenizer.json",
            feature: "the type \(highest) for tokens of a text that is no pair")
    }

    /// Tokens of an input, special tokens included.
    ///
    /// - Parameters:
    ///   - wanted: the value of the option `name`, which must lie in what is possible.
    ///   - said: what the folder says, brought into what is possible.
    ///   - specials: how many tokens there are besides those of the text.
    func length(
        _ wanted: Int?, option name: String, said: Int?, specials: Int
    ) throws(ModelError) -> Int {
        let reach = transformer.positionsMax
        let least = specials + 1
        guard reach >= least else {
            throw .configuration(
                path: "\(path)/config.json",
                reason: "it has positions for \(reach) tokens; the tokenizer alone adds "
                    + "\(specials)")
        }
        guard let wanted else { return max(min(said ?? reach, reach), least) }
        guard (least...reach).contains(wanted) else {
            throw .option(
                "\(name) \(wanted) is out of range; the model takes \(least)...\(reach) tokens")
        }
        return wanted
    }

    /// Layers to be run.
    func layers(_ wanted: Int?) throws(ModelError) -> Int {
        guard let wanted else { return transformer.layerCount }
        guard (0...transformer.layerCount).contains(wanted) else {
            throw .option(
                "--layer \(wanted) is out of range; the model has layers "
                    + "0...\(transformer.layerCount)")
        }
        return wanted
    }
}
