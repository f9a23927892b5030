// `sounder model verify`: whether a model makes the vectors that another program made of it.

import ArgumentParser
import Glibc
import Models
import Protocol

struct ModelVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare a model's vectors with reference vectors.",
        discussion: """
            The reference is a JSON file {"texts": [..], "vectors": [[..], ..]}. It is made
            with sentence-transformers by scripts/reference_vectors.py and looked for in
            the model's folder as reference-vectors.json. Ends with 65 where a vector
            agrees less than its precision allows.

            Examples:
              python3 scripts/reference_vectors.py all-MiniLM-L6-v2
              sounder model verify all-MiniLM-L6-v2
              sounder model verify all-MiniLM-L6-v2 --reference vectors.json --json
            """)

    @Argument(help: "Directory of the model, or its name in the cache of `sounder model pull`.")
    var model: String
    @Option(
        help: ArgumentHelp(
            "Reference vectors. Default: reference-vectors.json in the folder.",
            valueName: "file"))
    var reference: String?
    @Option(help: "Only this arithmetic: f32, bf16 or int8. Default: all of them.")
    var precision: String?
    @Flag(help: "One JSON object on standard output.") var json = false

    private struct Row: Encodable {
        let precision: String
        let cosineMin: Double
        let cosineMean: Double
        let required: Double
        let worst: String
    }

    private struct Report: Encodable {
        let model: String
        let reference: String
        let texts: Int
        let precisions: [Row]
    }

    func run() async throws {
        var rows: [Row] = []
        var path = ""
        var texts = 0
        let precisions = try precision.map { [try Precision(named: $0)] } ?? Precision.allCases
        for precision in precisions {
            let opened = try openModel(model, precision)
            path = reference ?? "\(opened.directory)/reference-vectors.json"
            let agreement = try agreement(opened, path)
            texts = agreement.texts
            rows.append(
                Row(
                    precision: precision.rawValue, cosineMin: agreement.cosineMin,
                    cosineMean: agreement.cosineMean, required: precision.cosineRequired,
                    worst: agreement.worst))
        }
        try show(Report(model: model, reference: path, texts: texts, precisions: rows))
        if let row = rows.first(where: { !($0.cosineMin >= $0.required) }) {
            throw Fault(
                .data, "\(model) in \(row.precision) agrees only to \(row.cosineMin) with \(path); "
                    + "at least \(row.required) is expected. The text that agrees least begins "
                    + String(row.worst.prefix(60)).debugDescription)
        }
    }

    private func agreement(_ model: EmbeddingModel, _ path: String) throws -> Agreement {
        guard access(path, R_OK) == 0 else {
            throw Fault(
                .input, "there are no reference vectors at \(path); make them with "
                    + "scripts/reference_vectors.py, or name others with --reference")
        }
        do throws(ModelError) {
            return try model.compare(with: ReferenceVectors(path: path))
        } catch { throw Fault(model: error) }
    }

    private func show(_ report: Report) throws {
        if json { return try Terminal.outputJSON(report) }
        for row in report.precisions {
            let verdict = row.cosineMin >= row.required ? "agrees" : "differs"
            Terminal.output(
                "\(row.precision) \(verdict): cosine \(row.cosineMin.fixed(6)) at least, "
                    + "\(row.cosineMean.fixed(6)) on average of \(report.texts) texts")
        }
    }
}

extension Precision {
    /// The least cosine with Float32 vectors of the same model that this arithmetic is good for.
    fileprivate var cosineRequired: Double {
        switch self {
        case .f32: 0.99999
        case .bf16: 0.9995
        case .int8: 0.98
        }
    }
}
