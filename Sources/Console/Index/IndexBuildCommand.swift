// `sounder index build` and `add`: documents to an index, by a job of two rounds.

import ArgumentParser
import Documents
import Files
import Glibc
import Protocol
import Retrieval
import Transport

struct IndexBuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Build an index of documents.",
        discussion: """
            Every token of a document keeps a vector, coded in a few bits (ColBERTv2's
            residuals), beside an inverted file of its words and its text. The model is a
            ColBERT checkpoint of PyLate or Stanford, or any encoder by its token states.

            Documents are as for `sounder encode`. The output is a directory: segments,
            centroids and manifest.json, which comes last. docs/formats.md has all of it.

            --metadata-field keeps fields of the documents for --filter and --show of
            `sounder search`.

            Examples:
              sounder index build --model colbert --input docs.jsonl --output docs.index
              sounder index build --model colbert --input papers.jsonl \\
                  --metadata-field year:integer lang topics --output papers.index
              sounder index build --model all-MiniLM-L6-v2 --projection 128 --bits 2 \\
                  --input 'part-*.jsonl.zst' --output docs.index --workers 2 --threads 4
            """)

    @OptionGroup(title: "Documents and output") var documents: DocumentArguments
    @OptionGroup(title: "Index") var settings: IndexArguments
    @OptionGroup(title: "Index") var tokens: TokenArguments
    @OptionGroup(title: "Index") var shortening: ShorteningArguments
    @OptionGroup(title: "Fields") var metadata: MetadataArguments
    @OptionGroup(title: "Model") var model: IndexModelArguments
    @OptionGroup(title: "Cluster") var place: TrainingPlace
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        Interrupts.begin()
        let output = try documents.namedOutput()
        let standardInput = try documents.standardInput()
        defer { withExtendedLifetime(standardInput) {} }
        var encode = EncodeDocuments(
            files: try documents.resolve(standardInput),
            model: try model.folder())
        encode.standardInput = try standardInput?.name
        try documents.apply(to: &encode)
        model.apply(to: &encode)
        tokens.apply(to: &encode)
        encode.dimension = shortening.dimension
        var spec = BuildIndex(documents: encode, settings: try settings.settings())
        spec.metadataFields = try metadata.fields()
        if let complaint = spec.complaint { throw Fault(.usage, complaint) }
        let destination = try FolderDestination<IndexManifest>(
            output, for: nil, overwrites: documents.overwrite)
        if destination.manifest != nil, !documents.overwrite {
            throw Fault(
                .output,
                "\(output) holds an index; name another --output, pass --overwrite, or add to it "
                    + "with `sounder index add`")
        }
        let (status, manifest) = try await IndexJob.run(
            spec, destination, cluster, place, key: documents.jobKey)
        try IndexReport(status, manifest, output: output).show(asJSON: place.json)
    }
}

struct IndexAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add documents to an index.",
        discussion: """
            They are encoded with the model and the centroids of the index and become a
            segment of their own. A document whose id is there already replaces the other.
            The fields that the index keeps are read again; --metadata-field is for files
            that call them otherwise.

            Examples:
              sounder index add --index docs.index --input more.jsonl
              sounder index add --index papers.index --input more.tsv \\
                  --metadata-field year=3 lang=4
            """)

    @Option(help: ArgumentHelp("Directory of the index.", valueName: "dir"))
    var index: String
    @Option(
        help: ArgumentHelp(
            "Folder or name of the model. Default: where the index was built with it.",
            valueName: "model"))
    var model: String?
    @OptionGroup(title: "Documents") var documents: DocumentArguments
    @OptionGroup(title: "Fields") var metadata: MetadataArguments
    @OptionGroup(title: "Cluster") var place: TrainingPlace
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        Interrupts.begin()
        if documents.output != nil {
            throw Fault(.usage, "documents are added to --index; leave out --output")
        }
        let target: IndexDirectory
        do throws(IndexError) {
            target = try IndexDirectory.open(index, forWriting: true) { ManifestDigest() }
        } catch { throw Fault(index: error) }
        guard target.manifest.segments.count < Limits.indexShardsMax else {
            throw Fault(
                .usage,
                "the index \(index) has \(target.manifest.segments.count) segments already, and a "
                    + "search takes \(Limits.indexShardsMax); run `sounder index compact --index "
                    + "\(index)` first")
        }
        let standardInput = try documents.standardInput()
        defer { withExtendedLifetime(standardInput) {} }
        let spec = try spec(for: target.manifest, standardInput)
        // Of an earlier one that was killed; the index is locked, so that nobody is at work there.
        for name in entries(of: index) where name.hasPrefix(".adding-") {
            removeTree("\(index)/\(name)")
        }
        let folder = "\(index)/.adding-\(getpid())"
        defer { removeTree(folder) }
        let destination = try FolderDestination<IndexManifest>(folder, for: nil, overwrites: true)
        let (status, _) = try await IndexJob.run(
            spec, destination, cluster, place, key: documents.jobKey)
        let replaced: Int
        do throws(IndexError) {
            let added = try IndexDirectory.open(folder) { ManifestDigest() }
            replaced = try target.append(added.snapshot.segments)
        } catch { throw Fault(index: error) }
        try IndexReport(status, target.manifest, output: index, replaced: replaced)
            .show(asJSON: place.json)
    }

    private func spec(
        for manifest: IndexManifest, _ standardInput: StandardInput?
    ) throws -> BuildIndex {
        let known = manifest.model
        let folder = try ModelFolder(named: model ?? known.settings["path"] ?? known.name)
        let identity = try folder.identity()
        guard identity == known.sha256 else {
            throw Fault(
                .data,
                "the index was built with the model \(known.name) (\(known.sha256.prefix(12))), "
                    + "and \(folder.path) is another (\(identity.prefix(12))); name the right one "
                    + "as --model")
        }
        var encode = EncodeDocuments(files: try documents.resolve(standardInput), model: folder)
        encode.standardInput = try standardInput?.name
        try documents.apply(to: &encode)
        encode.precision = known.settings["precision"] ?? encode.precision
        encode.layer = known.settings["layer"].flatMap { Int($0) }
        encode.maxLength = known.settings["documentLength"].flatMap { Int($0) }
        encode.prompt = known.settings["documentPrompt"]
        encode.normalizes = known.settings["normalizes"].flatMap { Bool($0) }
        encode.tokenLevel = true
        encode.dimension = known.settings["dimension"].flatMap { Int($0) }
        encode.poolFactor = known.settings["poolFactor"].flatMap { Int($0) }
        encode.keptTokens = known.settings["keptTokens"].flatMap { Int($0) }
        let path = "\(try absolute(index))/\(manifest.encoder.file)"
        var spec = BuildIndex(
            documents: encode, settings: IndexSettings(building: manifest.building ?? [:]),
            codebook: try InputFile(reading: path))
        spec.metadataFields = try metadata.fields(of: manifest)
        if let complaint = spec.complaint { throw Fault(.usage, complaint) }
        return spec
    }

    private func absolute(_ path: String) throws(Fault) -> String {
        guard let resolved = realpath(path, nil) else {
            throw Fault(.input, "cannot read \(path): \(String(cString: strerror(errno)))")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

enum IndexJob {
    static func run(
        _ spec: BuildIndex, _ destination: FolderDestination<IndexManifest>,
        _ cluster: ClusterOptions, _ place: TrainingPlace, key: String?
    ) async throws -> (JobStatus, IndexManifest) {
        do {
            let session = try await JobSession.open(cluster, place)
            defer { session.close() }
            let status = try await session.run(.buildIndex(spec), key: key, isQuiet: place.quiet)
            return (status, try await session.save(status, to: destination))
        } catch {
            destination.leave()
            throw error
        }
    }
}
