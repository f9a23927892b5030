// The flags of `sounder search`, and what they mean.

import ArgumentParser
import Documents
import Files
import Protocol
import Retrieval

struct QueryArguments: ParsableArguments {
    enum Source {
        case one(String)
        case lines
        case file([(id: String, text: String)])
    }

    @Argument(help: ArgumentHelp("The query.", valueName: "query"))
    var words: [String] = []
    @Option(help: ArgumentHelp("File of queries: .jsonl or .tsv.", valueName: "file"))
    var queries: String?
    @Option(
        help: ArgumentHelp(
            "Passages of an answer. Default: 10, or as many as --pipeline leaves.",
            valueName: "top"))
    var top: Int?
    @Option(help: ArgumentHelp("With --queries: where the TREC run goes.", valueName: "file"))
    var output: String?
    @Option(help: "With --queries: last column of the run.")
    var tag = "sounder"

    func validate() throws {
        guard let top, !(1...Limits.hitsMax).contains(top) else { return }
        throw ValidationError(
            "--top \(top) is out of range; it must lie in 1...\(Limits.hitsMax)")
    }

    func source() throws(Fault) -> Source {
        let text = words.joined(separator: " ")
        guard let queries else {
            if output != nil { throw Fault(.usage, "--output is for --queries FILE") }
            if words.isEmpty { return .lines }
            guard text.contains(where: { !$0.isWhitespace }) else {
                throw Fault(.usage, "the query is empty")
            }
            return .one(text)
        }
        guard words.isEmpty else {
            throw Fault(.usage, "a query and --queries exclude each other; leave out one")
        }
        guard output != nil else {
            throw Fault(.usage, "no output is named; pass --output run.trec")
        }
        return .file(try QueryFile.read(queries))
    }
}

struct SearchArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Directory of the index.", valueName: "dir"))
    var index: String
    @Option(
        help: ArgumentHelp(
            "Folder or name of the model. Default: where the index was built with it.",
            valueName: "model"))
    var model: String?
    @Option(
        help: ArgumentHelp(
            "Folder or name of the model of the cross-encoder stage.", valueName: "model"))
    var crossEncoder: String?
    @Option(help: "Stages, as in bm25:1000,maxsim:100. Default: maxsim with as many as --top.")
    var pipeline: String?
    @Option(
        help: ArgumentHelp(
            "Only passages whose fields are so, as in 'year >= 2019 and lang = \"en\"'.",
            valueName: "condition"))
    var filter: String?
    @Option(
        help: ArgumentHelp(
            """
            Centroids of each query token whose passages are looked at, and lists of a segment's \
            dense vectors. Default: 4 and 32.
            """))
    var probes: Int?
    @Option(
        help: "Passages whose exact score is computed. Default: four a hit, 512 at least.")
    var candidates: Int?
    @Flag(help: "Compute the exact score of every passage.")
    var exhaustive = false
    @Option(help: "Milliseconds that a query may take on the cluster, all its stages together.")
    var deadline = 10_000
    @Flag(
        help: """
            At the deadline answer with what is there, ranked by the last stage that was in time, \
            and name the shards that are missing.
            """)
    var partial = false
    @Option(help: "Workers that keep each shard at hand.")
    var replicas = 2
    @Option(help: "Tokens of a query at most. Default: as the model's folder says.")
    var queryLength: Int?
    @Flag(help: "Show the text of passages.")
    var text = false
    @Option(
        help: ArgumentHelp(
            "Show these fields of passages, divided by commas.", valueName: "field,..."))
    var show: String?
    @Flag(help: "Show for each token of the query which token of the passage it met.")
    var explain = false
    @Flag(help: "Show what each stage found, and how long it took.")
    var trace = false

    func validate() throws {
        let ranges: [(String, Int?, ClosedRange<Int>)] = [
            ("--probes", probes, 1...Limits.centroidsMax),
            ("--candidates", candidates, 1...ShardQuery.candidatesMax),
            ("--deadline", deadline, 1...Limits.searchMillisecondsMax),
            ("--replicas", replicas, 1...16),
            ("--query-length", queryLength, 1...ShardQuery.rowsMax),
        ]
        for (flag, value, allowed) in ranges {
            guard let value, !allowed.contains(value) else { continue }
            throw ValidationError(
                "\(flag) \(value) is out of range; it must lie in "
                    + "\(allowed.lowerBound)...\(allowed.upperBound)")
        }
    }

    private static let topUnasked = 10

    /// Names in the order in which they are shown.
    var shown: [String] { show?.split(separator: ",").map(String.init) ?? [] }

    /// Settings of queries that the index does not decide.
    var settings: [String: String] { queryLength.map { ["queryLength": "\($0)"] } ?? [:] }

    func pipeline(top: Int?) throws(Fault) -> SearchPipeline {
        let pipeline = try SearchPipeline(pipeline ?? "maxsim:\(top ?? Self.topUnasked)")
        let stages = pipeline.first + pipeline.then
        let judges = stages.contains { $0.kind == .crossEncoder }
        guard judges == (crossEncoder != nil) else {
            throw Fault(
                .usage,
                judges
                    ? "the stage cross-encoder needs a model; pass --cross-encoder MODEL"
                    : "--cross-encoder is for a pipeline with the stage cross-encoder:N")
        }
        if explain, stages.last?.kind != .maxsim {
            throw Fault(.usage, "--explain is for a pipeline that ends with maxsim")
        }
        return pipeline
    }
}

enum QueryFile {
    /// - Throws: a `Fault` naming the line that is no query, or that has the id of another.
    static func read(_ path: String) throws(Fault) -> [(id: String, text: String)] {
        guard let format = DocumentFormat(ofName: path), format == .jsonl || format == .tsv else {
            throw Fault(.usage, "\(path) is neither .jsonl nor .tsv")
        }
        let batch: DocumentBatch
        do {
            let file = try MappedFile(path: path)
            let layout = try DocumentLayout(
                format, DocumentFields(id: nil, text: format == .jsonl ? ["text"] : []))
            let range = RecordRange(
                bytes: 0..<file.bytes.count, firstRecord: 0, firstLine: 1, records: 0)
            batch = withExtendedLifetime(file) {
                DocumentReader(layout).read(file.bytes, range)
            }
        } catch let error as FileError {
            throw Fault(.input, "\(error)")
        } catch { throw Fault(.data, "\(path): \(error)") }
        if let problem = batch.problems.first {
            throw Fault(.data, "\(path):\(problem.line): \(problem.reason)")
        }
        guard !batch.entries.isEmpty else { throw Fault(.data, "\(path) has no queries") }
        try refuseRepeated(batch, path)
        return batch.entries.indices.map { (batch.id($0), batch.text($0)) }
    }

    /// A run could not tell their answers apart.
    private static func refuseRepeated(_ batch: DocumentBatch, _ path: String) throws(Fault) {
        var lines: [[UInt8]: Int] = [:]
        for (index, entry) in batch.entries.enumerated() {
            let id = Array(batch.bytes[entry.id])
            guard let first = lines.updateValue(entry.line, forKey: id) else { continue }
            throw Fault(
                .data,
                "\(path):\(entry.line): the id "
                    + "\(String(batch.id(index).prefix(100)).debugDescription) is that of line "
                    + "\(first), too; give each query an id of its own")
        }
    }
}
