// Documents of files in this process: expanded where compressed, read in batches.

import Compression
import Documents
import Files
import Protocol
import Transport
import WordVectors

/// Memory is bounded by a batch, or by one document if that is larger.
struct ChunkInput {
    let files: [InputFile]
    let format: DocumentFormat
    let fields: DocumentFields
    /// Its copy goes with this.
    let standardInput: StandardInput?
    private static let batchBytes = 4 << 20

    init(
        _ paths: [String], format named: String?, idField: String?, textFields: [String]
    ) throws(Fault) {
        guard !paths.isEmpty else {
            throw Fault(.usage, "no input is named; pass --input FILE")
        }
        var name = named ?? ""
        if named == nil { name = try DocumentArguments.format(of: paths.filter { $0 != "-" }) }
        guard let format = DocumentFormat(rawValue: name) else {
            throw Fault(
                .usage, "--format \(name) is not known; it is one of jsonl, txt, tsv and csv")
        }
        self.format = format
        fields = DocumentFields(id: idField, text: textFields)
        standardInput = paths.contains("-") ? try StandardInput() : nil
        var files: [InputFile] = []
        for path in try PathPatterns.expand(paths, standardInput: standardInput) {
            files.append(try InputFile(reading: path))
        }
        self.files = files
    }

    func holds(_ file: InputFile) -> Bool { files.contains { $0.path == file.path } }

    /// - Parameter body: gets the documents of a few records, and the name of their file.
    func forEachBatch(
        _ body: (DocumentBatch, String) throws(Fault) -> Void
    ) throws(Fault) {
        var records = 0
        for file in files {
            let name = file.path == standardInput?.path ? "standard input" : file.path
            var directory: String?
            defer { if let directory { removeTree(directory) } }
            let plain = try expanded(file.path, &directory)
            try read(plain, name, &records, body)
        }
    }

    private func expanded(
        _ path: String, _ directory: inout String?
    ) throws(Fault) -> String {
        do throws(FileError) {
            guard try Decompressor.compression(of: path) != nil else { return path }
        } catch { throw Fault(.input, "\(error)") }
        let made = try makeTemporaryDirectory()
        directory = made
        do throws(FileError) {
            try Decompressor.expand(path, to: made + "/documents")
        } catch { throw Fault(.data, "\(error)") }
        return made + "/documents"
    }

    private func read(
        _ path: String, _ name: String, _ records: inout Int,
        _ body: (DocumentBatch, String) throws(Fault) -> Void
    ) throws(Fault) {
        let source: LocalTextSource
        let beginning: Result<FileBeginning, DocumentError>
        do throws(FileError) {
            source = try LocalTextSource(paths: [path])
            beginning = try CSVHeader.beginning(of: path, format)
        } catch { throw Fault(.input, "\(error)") }
        let size = source.fileSizes[0]
        guard size > 0 else { return }
        let (start, reader) = try layout(beginning, name)
        let scanner = RecordScanner(format, chunkBytes: Self.batchBytes)
        let ranges: [RecordRange]
        do throws(FileError) {
            ranges = try scanner.scan(
                path, size: size, from: start.start, line: start.line, firstRecord: records)
        } catch { throw Fault(.input, "\(error)") }
        for range in ranges {
            let batch: DocumentBatch
            do throws(FileError) {
                batch =
                    range.records == 1 && range.bytes.count > DocumentReader.recordBytesMax
                    ? DocumentReader.oversized(range)
                    : try source.withBytes(file: 0, range: range.bytes) { bytes in
                        reader.read(bytes, range)
                    }
            } catch { throw Fault(.input, "\(error)") }
            try body(batch, name)
            records = range.firstRecord + range.records
        }
    }

    private func layout(
        _ beginning: Result<FileBeginning, DocumentError>, _ name: String
    ) throws(Fault) -> (FileBeginning, DocumentReader) {
        do throws(DocumentError) {
            let start = try beginning.get()
            let layout =
                format == .csv
                ? try DocumentLayout(fields, header: start.columns)
                : try DocumentLayout(format, fields)
            return (start, DocumentReader(layout))
        } catch { throw Fault(format == .csv ? .data : .usage, "\(name): \(error)") }
    }
}
