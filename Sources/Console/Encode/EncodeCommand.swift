// `sounder encode`: documents to vectors, by a job on a cluster or from a pipe in this process.

import ArgumentParser
import Client
import Protocol
import Transport

struct EncodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "encode",
        abstract: "Turn documents into vectors.",
        discussion: """
            The model is a folder with config.json, *.safetensors and tokenizer.json. A
            sentence-transformers folder is obeyed: pooling, length, prompts, normalisation.

            Documents are .jsonl ({"_id", "title", "text"}), .txt (one a line), .tsv (id and
            text) or .csv (with a header); .gz and .zst are expanded. The output is a
            directory of .npy shards with ids beside them and manifest.json, which comes
            last. docs/formats.md has all of it.

            With - documents are read from standard input as they come, and vectors written
            to standard output, without a cluster.

            Examples:
              sounder encode --model all-MiniLM-L6-v2 --input docs.jsonl --output encoded
              sounder encode --model e5-small --input 'part-*.tsv.zst' --output encoded \\
                  --prompt 'passage: ' --dtype f16 --workers 2 --threads 4 --json
              sounder encode --model colbert --input docs.csv --id-field doi \\
                  --text-field title abstract --tokens --output encoded
              echo 'a wild hog' | sounder encode - --model all-MiniLM-L6-v2
            """)

    @Argument(
        help: ArgumentHelp(
            "- reads documents from standard input and writes vectors to standard output.",
            valueName: "-"))
    var stream: String?
    @OptionGroup(title: "Documents and output") var documents: DocumentArguments
    @OptionGroup(title: "Documents and output") var vectors: VectorArguments
    @OptionGroup(title: "Model") var model: ModelArguments
    @OptionGroup(title: "Vectors of tokens") var tokens: TokenArguments
    @OptionGroup(title: "Vectors of tokens") var projection: ProjectionArguments
    @OptionGroup(title: "Cluster") var place: TrainingPlace
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        if let stream, stream != "-" {
            throw ValidationError("\(stream) is not expected here; name files as --input FILE")
        }
    }

    func run() async throws {
        if stream != nil {
            try documents.checkStream()
            try vectors.checkStream()
            // SOUNDER_CLUSTER may be set for everything else.
            if cluster.isGiven || place.workers != 1 || place.json {
                throw Fault(
                    .usage,
                    "encode - runs in this process and writes only vectors; leave out --cluster "
                        + "and its keys, --workers and --json")
            }
            return try EncodeStream(
                documents, vectors.formatOut, model, tokens, projection, threads: place.threads
            ).run(isQuiet: place.quiet)
        }
        Interrupts.begin()
        let output = try documents.namedOutput()
        let folder = try ModelFolder(named: model.model)
        let standardInput = try documents.standardInput()
        defer { withExtendedLifetime(standardInput) {} }
        var spec = EncodeDocuments(files: try documents.resolve(standardInput), model: folder)
        spec.standardInput = try standardInput?.name
        try documents.apply(to: &spec)
        try vectors.apply(to: &spec)
        model.apply(to: &spec)
        tokens.apply(to: &spec)
        try projection.apply(to: &spec)
        if let complaint = spec.complaint { throw Fault(.usage, complaint) }
        let destination = try CollectionDestination(
            output, for: CollectionManifest(of: spec), overwrites: documents.overwrite)
        let (status, manifest) = try await run(spec, destination)
        try EncodeReport(status, manifest, output: output).show(asJSON: place.json)
    }

    private func run(
        _ spec: EncodeDocuments, _ destination: CollectionDestination
    ) async throws -> (JobStatus, CollectionManifest) {
        do {
            let session = try await JobSession.open(cluster, place)
            defer { session.close() }
            let status = try await session.run(
                .encodeDocuments(spec), key: documents.jobKey, isQuiet: place.quiet)
            let manifest = try await session.save(
                status, to: destination, overwrites: documents.overwrite)
            return (status, manifest)
        } catch {
            destination.leave()
            throw error
        }
    }
}
