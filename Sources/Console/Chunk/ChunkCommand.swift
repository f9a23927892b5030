// `sounder chunk`: documents to passages that an encoder takes whole, in this process.

import ArgumentParser
import Files
import Models
import Protocol
import Transport

struct ChunkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chunk",
        abstract: "Cut documents into passages for retrieval.",
        discussion: """
            Lengths are counted by the tokenizer of the model that will encode the chunks,
            with its special tokens and its prompt, so that none is ever cut by `sounder
            encode`. Nothing of a document is left out.

            Reads what `sounder encode` reads. Writes .jsonl that `encode` and `index
            build` read: _id (DOCUMENT#N), document, text, start and end in bytes,
            startCharacter and endCharacter, tokens. hierarchical writes the parents to
            --parents, and each chunk names its own. docs/formats.md has all of it.

            --late-vectors writes vectors, too, as `encode` does: each chunk's is the mean
            of its tokens' states in one pass over the whole document (late chunking). A
            document that the model does not take in one pass is an error, or skipped.

            Examples:
              sounder chunk --model all-MiniLM-L6-v2 --input docs.csv --output chunks.jsonl
              sounder chunk --model e5-small --prompt 'passage: ' --input 'part-*.csv.gz' \\
                  --output chunks.jsonl --strategy sentences --tokens 128 --overlap 1
              sounder chunk --model modernbert-embed --input docs.jsonl --tokens 200 \\
                  --output chunks.jsonl --late-vectors encoded
              sounder chunk --model colbert --input docs.jsonl --output chunks.jsonl \\
                  --strategy hierarchical --parents parents.jsonl
            """)

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Files of documents or patterns; .gz and .zst too; - for standard input.",
            valueName: "file"))
    var input: [String] = []
    @Option(help: ArgumentHelp("File for the chunks.", valueName: "file"))
    var output: String
    @Option(help: ArgumentHelp("hierarchical: file for the parents.", valueName: "file"))
    var parents: String?
    @Option(
        help: ArgumentHelp(
            "New directory for a vector of each chunk that has seen its whole document.",
            valueName: "dir"))
    var lateVectors: String?
    @Option(help: "jsonl, txt, tsv or csv. Default: by the ending.")
    var format: String?
    @Option(help: ArgumentHelp("Field of a document's id. Default: _id, or 1.", valueName: "name"))
    var idField: String?
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Fields of the text. Default: title and text, or 2.", valueName: "name"))
    var textField: [String] = []
    @Option(help: "A document that is malformed or empty: fail, or skip and count it.")
    var onError = ErrorPolicy.fail
    @OptionGroup(title: "Chunks") var chunks: ChunkPlanArguments
    @OptionGroup(title: "Model") var model: ChunkModelArguments
    @Option(help: "Threads. Default: the machine's cores.")
    var threads: Int?
    @Flag(help: "One JSON object on standard output.")
    var json = false

    func validate() throws {
        if let threads, !(1...Limits.threadsMax).contains(threads) {
            throw ValidationError(
                "--threads \(threads) is out of range; it must lie in 1...\(Limits.threadsMax)")
        }
    }

    func run() throws {
        Interrupts.begin()
        let start = ContinuousClock.now
        let input = try ChunkInput(
            self.input, format: format, idField: idField, textFields: textField)
        let folder = try ModelFolder(named: self.model.model)
        let (measure, model) = try self.model.open(folder.path)
        let plan = try chunks.plan(maxLength: measure.maxLength)
        let writing = try ChunkWriting(
            plan, measure, model, threads: threads ?? processorCount(), onError,
            late: lateVectors == nil ? nil : model)
        let files = try destinations(besides: input)
        let late = try lateVectors.map { path throws(Fault) in
            try self.late(path, input, folder, model)
        }
        var report = ChunkReport(
            output: output, parentsOutput: parents, lateVectors: lateVectors)
        do throws(Fault) { try write(input, writing, files, late, &report) } catch {
            late?.leave()
            throw error
        }
        report.seconds = (ContinuousClock.now - start) / .seconds(1)
        try report.show(asJSON: json)
    }

    private func write(
        _ input: ChunkInput, _ writing: ChunkWriting,
        _ files: (chunks: AtomicFile, parents: AtomicFile?), _ late: LateVectors?,
        _ report: inout ChunkReport
    ) throws(Fault) {
        try input.forEachBatch { (batch, path) throws(Fault) in
            guard Interrupts.received == 0 else { throw ChunkWriting.interruption }
            let written = try writing.lines(of: batch, path)
            for document in written.documents {
                do throws(FileError) {
                    try files.chunks.write(document.chunks)
                    try files.parents?.write(document.parents)
                } catch { throw Fault(.output, "\(error)") }
                try late?.add(document)
            }
            report.add(batch, written)
        }
        guard report.documents + report.skipped > 0 else {
            throw Fault(.data, "there are no documents in \(self.input[0])")
        }
        do throws(FileError) {
            try files.parents?.synchronise()
            try files.chunks.synchronise()
        } catch { throw Fault(.output, "\(error)") }
        // While what was there of the chunks still is: all that may lack room comes before.
        try late?.finish(report)
        do throws(FileError) {
            try files.parents?.commit()
            try files.chunks.commit()
        } catch { throw Fault(.output, "\(error)") }
    }

    /// Opened before any work begins; what is there of that name stays until all is done.
    private func destinations(
        besides input: ChunkInput
    ) throws(Fault) -> (chunks: AtomicFile, parents: AtomicFile?) {
        guard (chunks.strategy == .hierarchical) == (parents != nil) else {
            throw Fault(
                .usage,
                parents == nil
                    ? "hierarchical chunks have parents; pass --parents FILE"
                    : "--parents is for --strategy hierarchical")
        }
        guard parents != output else {
            throw Fault(.usage, "chunks and parents cannot both be written to \(output)")
        }
        for path in [output] + (parents.map { [$0] } ?? []) {
            if let same = try? InputFile(reading: path), input.holds(same) {
                throw Fault(.usage, "\(path) is an input; name another file to write to")
            }
        }
        do throws(FileError) {
            let chunks = try AtomicFile(path: output)
            return (
                chunks,
                try parents.map { path throws(FileError) in
                    try AtomicFile(path: path)
                }
            )
        } catch { throw Fault(.output, "\(error)") }
    }
}
