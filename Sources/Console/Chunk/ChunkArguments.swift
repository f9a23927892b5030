// The flags of `sounder chunk`, and what they mean for a plan.

import ArgumentParser
import Models
import Protocol
import Transport

enum ChunkStrategyName: String, CaseIterable, ExpressibleByArgument {
    case fixed, sentences, paragraphs, semantic, hierarchical
}

struct ChunkPlanArguments: ParsableArguments {
    @Option(help: "fixed, sentences, paragraphs, semantic or hierarchical.")
    var strategy = ChunkStrategyName.fixed
    @Option(help: "Tokens of a chunk, special tokens included. Default: 256, or the model's most.")
    var tokens: Int?
    @Option(
        help: """
            What a chunk repeats of the one before: tokens (fixed, default 50) or sentences \
            (sentences, default 0).
            """)
    var overlap: Int?
    @Option(help: "hierarchical: tokens of a parent. Default: 1024.")
    var parentTokens: Int?
    @Option(help: "semantic: breaks are at cosines below this percentile. Default: 10.")
    var percentile: Double?

    private static let tokensDefault = 256
    private static let overlapDefault = 50

    func plan(maxLength: Int) throws(Fault) -> ChunkPlan {
        try refuseStrays()
        let tokens = self.tokens ?? min(Self.tokensDefault, maxLength)
        return ChunkPlan(strategy(tokens), tokens: tokens)
    }

    private func strategy(_ tokens: Int) -> ChunkStrategy {
        switch strategy {
        case .fixed: .fixed(overlap: overlap ?? min(Self.overlapDefault, max(tokens / 5, 0)))
        case .sentences: .sentences(overlap: overlap ?? 0)
        case .paragraphs: .paragraphs
        case .semantic: .semantic(.percentile(percentile ?? 10))
        case .hierarchical: .hierarchical(parentTokens: parentTokens ?? max(1_024, tokens))
        }
    }

    /// A flag that another strategy has would be obeyed by nobody.
    private func refuseStrays() throws(Fault) {
        let strays: [(isGiven: Bool, flag: String, owners: [ChunkStrategyName])] = [
            (overlap != nil, "--overlap", [.fixed, .sentences]),
            (parentTokens != nil, "--parent-tokens", [.hierarchical]),
            (percentile != nil, "--percentile", [.semantic]),
        ]
        for stray in strays where stray.isGiven && !stray.owners.contains(strategy) {
            let owners = stray.owners.map(\.rawValue).joined(separator: " or ")
            throw Fault(
                .usage,
                "\(stray.flag) is for --strategy \(owners), and not for "
                    + strategy.rawValue)
        }
    }
}

struct ChunkModelArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of the model that will encode the chunks, or its name.", valueName: "model"))
    var model: String
    @Option(help: "Tokens that the model takes of a text. Default: as the folder says.")
    var maxLength: Int?
    @Option(help: "Text that encode will put before every chunk; counted, not written.")
    var prompt: String?
    @Option(help: "Name of such a prompt of the folder.")
    var promptName: String?

    /// What counts tokens, and the model itself if it makes a vector of a text.
    func open(
        _ folder: String
    ) throws(Fault) -> (measure: TokenMeasure, model: EmbeddingModel?) {
        do throws(ModelError) {
            switch try ModelKind(directory: folder) {
            case .embedding:
                var options = EncodingOptions()
                (options.maxLength, options.prompt) = (maxLength, prompt)
                options.promptName = promptName
                let model = try EmbeddingModel(directory: folder, options: options)
                return (TokenMeasure(of: model), model)
            case .lateInteraction:
                guard promptName == nil else {
                    throw .option("\(model) has no prompts by name; pass --prompt TEXT")
                }
                var options = LateInteractionOptions()
                (options.documentLength, options.documentPrompt) = (maxLength, prompt)
                let model = try LateInteractionModel(directory: folder, options: options)
                return (TokenMeasure(of: model), nil)
            case .crossEncoder:
                throw .option(
                    "\(model) is a cross-encoder, which makes no vectors of chunks; name the "
                        + "model that will encode them")
            }
        } catch { throw Fault(model: error) }
    }
}
