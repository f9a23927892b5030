// `sounder rerank`: candidates of a run, ranked again by a cross-encoder or by late interaction.

import ArgumentParser
import Client
import Documents
import Files
import Protocol
import Retrieval
import Transport

struct RerankCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rerank",
        abstract: "Rank the candidates of a run again, with a better model.",
        discussion: """
            The model is a cross-encoder, a ColBERT checkpoint, or any encoder by its token
            states (MaxSim). Each candidate document is encoded once, on all workers.
            --index ranks by what an index holds of the candidates, and encodes none: by its
            token vectors, or by a cross-encoder that reads the texts it keeps.
            --filter leaves out candidates by fields of the documents, as for search.

            Examples:
              sounder rerank --model ms-marco-MiniLM-L6-v2 --corpus docs.jsonl \\
                  --queries queries.jsonl --run bm25.trec --top 10 --output run.trec
              sounder rerank --model colbert --corpus 'part-*.jsonl.zst' \\
                  --queries queries.tsv --run bm25.trec --depth 100 \\
                  --output run.trec --workers 2 --json
              sounder rerank --model colbert --corpus papers.csv --metadata-field \\
                  year:integer --filter 'year >= 2019' --queries queries.jsonl \\
                  --run bm25.trec --output run.trec
              sounder rerank --index scifact.index --queries queries.jsonl \\
                  --run bm25.trec --top 10 --output run.trec
            """)

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Files of documents or patterns, as for encode.", valueName: "file"))
    var corpus: [String] = []
    @Option(help: ArgumentHelp("Directory of an index instead.", valueName: "dir"))
    var index: String?
    @Option(help: ArgumentHelp("File of queries: .jsonl or .tsv.", valueName: "file"))
    var queries: String
    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("Run with the candidates, TREC or MS MARCO.", valueName: "file"))
    var candidates: String
    @Option(help: "Documents that a query gets.")
    var top = 100
    @Option(help: "Candidates of a query that are looked at. Default: all.")
    var depth = 0
    @Option(help: ArgumentHelp("Where the TREC run goes.", valueName: "file"))
    var output: String
    @Option(help: "jsonl, txt, tsv or csv. Default: by the ending.")
    var format: String?
    @Option(help: ArgumentHelp("Field of a document's id. Default: _id, or 1.", valueName: "name"))
    var idField: String?
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Fields of the text. Default: title and text, or 2.", valueName: "name"))
    var textField: [String] = []
    @Option(help: "Malformed documents, and candidates that the corpus lacks: fail, or skip.")
    var onError = ErrorPolicy.fail
    @Option(
        help: ArgumentHelp(
            "Only candidates whose fields are so, as in 'year >= 2019'.", valueName: "condition"))
    var filter: String?
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Types and places of fields of --filter, as for index build.", valueName: "field"))
    var metadataField: [String] = []
    @Option(help: "Project token vectors to so many numbers. Default: as the model has them.")
    var projection: Int?
    @Option(
        help: """
            Milliseconds that the job may take, which is cancelled then. With --index: that each \
            query may take. Default: no limit, and ten minutes.
            """)
    var deadline: Int?
    @Option(help: "Names the job: the same key and settings never run twice on one cluster.")
    var jobKey: String?
    @OptionGroup(title: "Model") var model: IndexModelArguments
    @OptionGroup(title: "Cluster") var place: TrainingPlace
    @OptionGroup var cluster: ClusterOptions

    /// Four weeks.
    private static let jobMillisecondsMax = 28 * 86_400_000

    private struct Report: Encodable {
        let job: String
        let output: String
        let queries: Int
        let pairs: Int
        let documents: Int
        let truncated: Int
        let unknown: Int
        /// Candidates that the filter left out.
        let filtered: Int
        let seconds: Double
        let pairsPerSecond: Double
    }

    func run() async throws {
        Interrupts.begin()
        if let index { return try await rank(index) }
        if let deadline { try Self.check("--deadline", deadline, 1...Self.jobMillisecondsMax) }
        guard !corpus.isEmpty else {
            throw Fault(.usage, "no documents are named; pass --corpus FILE or --index DIR")
        }
        _ = try QueryFile.read(queries)
        var files: [InputFile] = []
        for path in try PathPatterns.expand(corpus, standardInput: nil) {
            files.append(try InputFile(reading: path))
        }
        var encode = EncodeDocuments(files: files, model: try model.folder())
        encode.format = try format ?? DocumentArguments.format(of: files.map(\.path))
        encode.idField = idField
        encode.textFields = textField
        encode.skipsMalformed = onError == .skip
        model.apply(to: &encode)
        var spec = RerankDocuments(
            documents: encode, queries: try InputFile(reading: queries),
            run: try InputFile(reading: candidates))
        spec.top = top
        spec.depth = depth
        spec.settings.projection = projection
        spec.skipsUnknown = onError == .skip
        spec.filter = filter
        spec.metadataFields = try fields()
        if let complaint = spec.complaint { throw Fault(.usage, complaint) }
        // Opened now, so that a place that cannot be written is told before any work begins.
        let target: AtomicFile
        do throws(FileError) { target = try AtomicFile(path: output) } catch {
            throw Fault(.output, "\(error)")
        }
        let session = try await JobSession.open(cluster, place)
        defer { session.close() }
        let status = try await session.run(
            .rerank(spec), key: jobKey, isQuiet: place.quiet, limit: deadline)
        let bytes = try await session.fetch("run", of: status)
        do throws(FileError) {
            try target.write(bytes)
            try target.commit()
        } catch { throw Fault(.output, "\(error)") }
        try report(status)
    }

    private func rank(_ index: String) async throws {
        guard corpus.isEmpty else {
            throw Fault(.usage, "--corpus and --index exclude each other; name one")
        }
        let others: [(String, Bool)] = [
            ("--format", format != nil),
            ("--id-field", idField != nil), ("--text-field", !textField.isEmpty),
            ("--metadata-field", !metadataField.isEmpty), ("--projection", projection != nil),
            ("--job-key", jobKey != nil), ("--precision", model.precision != "f32"),
            ("--max-length", model.maxLength != nil), ("--prompt", model.prompt != nil),
            ("--layer", model.layer != nil),
        ]
        if let (flag, _) = others.first(where: \.1) {
            throw Fault(
                .usage, "\(flag) is for --corpus, and an index has it settled; leave it out")
        }
        let deadline = deadline ?? Limits.searchMillisecondsMax
        let ranges = [
            ("--top", top, 1...Limits.hitsMax), ("--depth", depth, 0...Limits.hitsMax),
            ("--deadline", deadline, 1...Limits.searchMillisecondsMax),
        ]
        for (flag, value, allowed) in ranges { try Self.check(flag, value, allowed) }
        try await IndexRerank(
            index: index, model: model.model, queries: queries, run: candidates, top: top,
            depth: depth, output: output, filter: filter, skipsUnknown: onError == .skip,
            deadline: deadline
        ).answer(place, cluster)
    }

    private static func check(
        _ flag: String, _ value: Int, _ allowed: ClosedRange<Int>
    ) throws(Fault) {
        guard !allowed.contains(value) else { return }
        throw Fault(
            .usage,
            "\(flag) \(value) is out of range; it must lie in "
                + "\(allowed.lowerBound)...\(allowed.upperBound)")
    }

    /// The fields that the filter asks for, read as the flags say.
    private func fields() throws(Fault) -> [String]? {
        guard let filter else {
            guard metadataField.isEmpty else {
                throw Fault(.usage, "--metadata-field is for --filter CONDITION")
            }
            return nil
        }
        var fields = try MetadataArguments.list(metadataField)
        do throws(FilterProblem) {
            for name in try Filter(filter).fields where !fields.contains(where: { $0.name == name })
            { fields.append(MetadataField(name: name)) }
        } catch { throw Fault(.usage, "--filter: \(error)") }
        return fields.map(\.text)
    }

    private func report(_ status: JobStatus) throws(Fault) {
        func figure(_ name: String) -> Double { status.measures[name] ?? 0 }
        let seconds = figure("seconds.planning") + figure("seconds.reranking")
        let report = Report(
            job: status.job.text, output: output, queries: status.count("queries"),
            pairs: status.count("pairs"), documents: status.count("documents"),
            truncated: status.count("truncated"), unknown: status.count("unknown"),
            filtered: status.count("filtered"),
            seconds: seconds, pairsPerSecond: seconds > 0 ? figure("pairs") / seconds : 0)
        if place.json { return try Terminal.outputJSON(report) }
        Terminal.say(
            "ranked \(Double(report.pairs).grouped) candidates of \(report.queries) queries in "
                + "\(seconds.fixed(1)) s: \(report.pairsPerSecond.fixed(1)) pairs/s")
        if report.truncated > 0 {
            Terminal.say(
                "\(Double(report.truncated).grouped) documents were longer than the model takes "
                    + "and were cut")
        }
        if report.unknown > 0 {
            Terminal.say("\(report.unknown) candidates are not in the corpus and were left out")
        }
        if report.filtered > 0 {
            Terminal.say("the filter left out \(Double(report.filtered).grouped) candidates")
        }
        Terminal.say("wrote \(output)")
    }
}
