// The flags of `sounder encode`, and what they mean for a job.

import ArgumentParser
import Documents
import Protocol
import Transport

enum ErrorPolicy: String, CaseIterable, ExpressibleByArgument { case fail, skip }
enum TruncationPolicy: String, CaseIterable, ExpressibleByArgument { case allow, fail }
enum StreamFormat: String, CaseIterable, ExpressibleByArgument { case jsonl, f32, npy }

struct DocumentArguments: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Files of documents or patterns; .gz and .zst too; - for standard input.",
            valueName: "file"))
    var input: [String] = []
    @Option(help: ArgumentHelp("Directory that the job writes.", valueName: "dir"))
    var output: String?
    @Option(help: "jsonl, txt, tsv or csv. Default: by the ending.")
    var format: String?
    @Option(
        help: ArgumentHelp(
            "Field of a document's id; in .tsv its column, from 1. Default: _id, or 1.",
            valueName: "name"))
    var idField: String?
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Fields of the text, joined by a space. Default: title and text, or 2.",
            valueName: "name"))
    var textField: [String] = []
    @Option(
        help: "A malformed or empty document, or a second one of an id: fail, or skip and list.")
    var onError = ErrorPolicy.fail
    @Option(help: "A document longer than the model takes: allow (cut and list it) or fail.")
    var truncate = TruncationPolicy.allow
    @Flag(help: "Replace what the output directory holds of another job.")
    var overwrite = false
    @Option(help: "Names the job: the same key and settings never run twice on one cluster.")
    var jobKey: String?

    func namedOutput() throws(Fault) -> String {
        guard let output else {
            throw Fault(.usage, "no output is named; pass --output DIR")
        }
        return output
    }

    func checkStream() throws(Fault) {
        if !input.isEmpty || output != nil {
            throw Fault(
                .usage,
                "encode - reads standard input and writes standard output; leave out "
                    + "--input and --output")
        }
        if jobKey != nil || overwrite {
            throw Fault(
                .usage, "encode - is no job; leave out --job-key and --overwrite")
        }
    }

    /// Standard input, read to its end, if it is among the inputs.
    func standardInput() throws(Fault) -> StandardInput? {
        input.contains("-") ? try StandardInput() : nil
    }

    func resolve(_ standardInput: StandardInput?) throws(Fault) -> [InputFile] {
        guard !input.isEmpty else {
            throw Fault(.usage, "no input is named; pass --input FILE")
        }
        var files: [InputFile] = []
        for path in try PathPatterns.expand(input, standardInput: standardInput) {
            files.append(try InputFile(reading: path))
        }
        return files
    }

    func apply(to spec: inout EncodeDocuments) throws(Fault) {
        if let format {
            spec.format = format
        } else {
            spec.format = try Self.format(of: spec.files.map(\.path))
        }
        spec.idField = idField
        spec.textFields = textField
        spec.skipsMalformed = onError == .skip
        spec.refusesTruncation = truncate == .fail
    }

    /// One format for all files, by their endings.
    static func format(of paths: [String]) throws(Fault) -> String {
        var found: DocumentFormat?
        for path in paths {
            guard let format = DocumentFormat(ofName: path) else {
                throw Fault(
                    .usage, "\(path) does not say its format; pass --format jsonl, txt, tsv or csv")
            }
            if let found, found != format {
                throw Fault(
                    .usage,
                    "\(path) is \(format.rawValue), and the files before it are "
                        + "\(found.rawValue); encode them in two jobs, or pass --format")
            }
            found = format
        }
        return found?.rawValue ?? "jsonl"
    }
}

/// What an encoded collection is written as.
struct VectorArguments: ParsableArguments {
    @Option(help: "Stored type of the vectors: f32, f16, bf16, int8 or binary.")
    var dtype = "f32"
    @Option(help: "Documents of a shard. Default: as many as give a gibibyte.")
    var shardRows = 0
    @Option(help: "With -: jsonl, f32 (raw numbers) or npy (an array for each batch).")
    var formatOut = StreamFormat.jsonl

    func apply(to spec: inout EncodeDocuments) throws(Fault) {
        guard formatOut == .jsonl else {
            throw Fault(.usage, "--format-out is for documents from standard input: encode -")
        }
        spec.dtype = dtype
        spec.shardRows = shardRows
    }

    func checkStream() throws(Fault) {
        if dtype != "f32" || shardRows != 0 {
            throw Fault(
                .usage,
                "encode - writes 32-bit numbers; leave out --dtype and --shard-rows")
        }
    }
}

struct ModelArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of the model, or the name by which `sounder model pull` fetched it.",
            valueName: "model"))
    var model: String
    @Option(help: "Arithmetic of the model: f32, bf16 or int8.")
    var precision = "f32"
    @Option(help: "Tokens of a document at most. Default: as the folder says.")
    var maxLength: Int?
    @Option(
        name: [.customLong("dimension"), .customLong("dim")],
        help: "Keep so many numbers of each vector (Matryoshka).")
    var dimension: Int?
    @Option(help: "Text before every document; an empty one drops the folder's.")
    var prompt: String?
    @Option(help: "Name of a prompt of the folder.")
    var promptName: String?
    @Option(
        help: """
            cls, mean, max, mean_sqrt_len_tokens, weightedmean or lasttoken. Default: the folder's.
            """)
    var pooling: String?
    @Option(help: "Use the hidden states of this layer instead of the last.")
    var layer: Int?
    @Flag(
        inversion: .prefixedNo,
        help: "Scale vectors to length 1. Default: as the folder says.")
    var normalize: Bool?
    @Flag(help: "A vector for each token, for late interaction.")
    var tokens = false

    func apply(to spec: inout EncodeDocuments) {
        spec.precision = precision
        spec.maxLength = maxLength
        spec.dimension = dimension
        spec.prompt = prompt
        spec.promptName = promptName
        spec.pooling = pooling
        spec.layer = layer
        spec.normalizes = normalize
        spec.tokenLevel = tokens
    }
}
