// `sounder model info`: what was read of a model's folder, and how it will be used.

import ArgumentParser
import Files
import Hub
import Models
import Protocol

struct ModelInfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Show what a model's folder says and how it will be used.",
        discussion: """
            The whole folder is read and checked: each tensor must be used exactly once.

            Examples:
              sounder model info all-MiniLM-L6-v2
              sounder model info sentence-transformers/all-MiniLM-L6-v2 --json
            """)

    @Argument(help: "Directory of the model, or its name in the cache of `sounder model pull`.")
    var model: String
    @Option(help: "Arithmetic of the model: f32, bf16 or int8.")
    var precision = Precision.f32.rawValue
    @Flag(help: "One JSON object on standard output.") var json = false

    func run() async throws {
        let summary = try readModel(model, Precision(named: precision))
        if json { return try Terminal.outputJSON(summary) }
        for (name, value) in Self.lines(summary) where !value.isEmpty {
            Terminal.output(name.padding(to: 14) + value)
        }
    }

    private static func lines(_ summary: ModelSummary) -> [(String, String)] {
        let pooling = [summary.poolings.joined(separator: " + ")] + summary.steps
        let queries = summary.queryLength.map { ", \($0) of queries" } ?? ""
        let isCrossEncoder = summary.kind == .crossEncoder
        return [
            ("model", summary.directory), ("kind", summary.kind.rawValue),
            ("architecture", summary.architecture),
            ("layers", "\(summary.layers) of width \(summary.width)"),
            ("vocabulary", "\(summary.vocabulary)"),
            ("length", "\(summary.maxLength) of \(summary.positions) tokens" + queries),
            (
                summary.kind == .lateInteraction ? "tokens" : "pooling",
                pooling.filter { !$0.isEmpty }.joined(separator: ", then ")
            ),
            (
                isCrossEncoder ? "scores" : "vectors",
                isCrossEncoder
                    ? "\(summary.dimension) of a pair" : "\(summary.dimension) values"
            ),
            ("prompt", summary.prompt.isEmpty ? "none" : summary.prompt.debugDescription),
            ("prompts", summary.prompts.keys.sorted().joined(separator: ", ")),
            ("arithmetic", "\(summary.precision) on \(summary.instructionSet)"),
        ]
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}

extension Precision {
    init(named name: String) throws(Fault) {
        guard let precision = Precision(rawValue: name) else {
            throw Fault(.usage, "--precision \(name) is not known; use f32, bf16 or int8")
        }
        self = precision
    }
}

/// The directory of the model that a user names, itself or in the cache.
private func directory(ofModel name: String) throws -> String {
    do throws(HubError) { return try ModelLocation.resolve(name) } catch { throw error.fault }
}

/// What there is to say about a model of any kind.
private func readModel(_ name: String, _ precision: Precision) throws -> ModelSummary {
    let directory = try directory(ofModel: name)
    do throws(ModelError) {
        return try ModelSummary.read(directory: directory, precision: precision)
    } catch { throw Fault(model: error) }
}

/// The model that makes a vector of each text, from a directory or from the cache.
func openModel(_ name: String, _ precision: Precision) throws -> EmbeddingModel {
    let directory = try directory(ofModel: name)
    var options = EncodingOptions()
    options.precision = precision
    do throws(ModelError) {
        return try EmbeddingModel(directory: directory, options: options)
    } catch { throw Fault(model: error) }
}

extension Fault {
    /// What a command that cannot use its model ends with.
    init(model error: ModelError) {
        switch error {
        case .option(let sentence): self = Fault(.usage, sentence)
        case .file(.unreadable): self = Fault(.input, "\(error)")
        case .outOfMemory: self = Fault(.temporary, "\(error)")
        case .cancelled: self = Fault(.cancelled, "\(error)")
        default: self = Fault(.data, "\(error)")
        }
    }
}
