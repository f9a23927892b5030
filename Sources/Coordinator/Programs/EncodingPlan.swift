// How the documents of a job are cut into chunks.

import Documents
import Files
import Protocol

struct EncodingPlan {
    private(set) var chunks: [EncodeChunk] = []
    /// Lines that may hold a document, and bytes of text, of all files.
    private(set) var records = 0
    let bytes: Int

    /// Small enough that workers end together, large enough that a unit costs its journal entry and
    /// its file: one or two seconds of work for a small model on a core.
    private static let chunkBytes = 16 << 10...128 << 10
    private static let chunksWanted = 64

    /// - Parameters:
    ///   - files: plain text, each with the file that was named.
    ///   - corpus: the beginning of the ids under which the files are served.
    ///   - metadata: fields that are read beside id and text.
    /// - Throws: a `Fault` naming the file that cannot be read as documents.
    init(
        _ spec: EncodeDocuments, _ files: [(text: InputFile, named: InputFile)],
        model: ModelSource, corpus: String, metadata: [String]? = nil
    ) throws(Fault) {
        let fields = try Self.fields(spec, metadata ?? [])
        bytes = files.reduce(0) { $0 + $1.text.size }
        guard let format = DocumentFormat(rawValue: spec.format) else {
            throw Fault(.usage, "the format \(spec.format) is not known")
        }
        var settings = spec
        // Units carry what they need of the files and the model themselves.
        settings.files = []
        settings.standardInput = nil
        settings.model.entries = []
        let scanner = RecordScanner(format, chunkBytes: Self.chunkBytes(of: bytes))
        for (index, file) in files.enumerated() {
            let beginning = try Self.beginning(of: file, spec.name(of: file.named), format)
            let layout = try Self.layout(fields, format, beginning, spec.name(of: file.named))
            let ranges: [RecordRange]
            do throws(FileError) {
                ranges = try scanner.scan(
                    file.text.path, size: file.text.size, from: beginning.start,
                    line: beginning.line, firstRecord: records)
            } catch { throw Fault(.input, "\(error)") }
            for range in ranges {
                chunks.append(
                    EncodeChunk(
                        file: file.text, payload: "\(corpus)/\(index)",
                        name: spec.name(of: file.named),
                        bytes: range.bytes, firstRecord: range.firstRecord,
                        firstLine: range.firstLine, records: 0..<range.records,
                        columns: format == .csv ? layout.columns : [], model: model,
                        settings: settings))
                records = range.firstRecord + range.records
            }
        }
        if chunks.isEmpty {
            throw Fault(
                .data, "there are no documents: \(spec.name(of: files[0].named)) has none")
        }
        if chunks.count > Limits.unitsPerRoundMax {
            throw Fault(
                .data,
                "\(chunks.count) chunks of documents exceed the limit of "
                    + "\(Limits.unitsPerRoundMax); encode the files in several jobs")
        }
    }

    static func chunkBytes(of total: Int) -> Int {
        let wanted = min(
            max(total / chunksWanted, chunkBytes.lowerBound), chunkBytes.upperBound)
        return max(wanted, total / Limits.encodingUnitsMax)
    }

    private static func beginning(
        of file: (text: InputFile, named: InputFile), _ name: String, _ format: DocumentFormat
    ) throws(Fault) -> FileBeginning {
        let found: Result<FileBeginning, DocumentError>
        do throws(FileError) {
            found = try CSVHeader.beginning(of: file.text.path, format)
        } catch { throw Fault(.input, "\(error)") }
        do throws(DocumentError) { return try found.get() } catch {
            throw Fault(.data, "\(name):1: \(error)")
        }
    }

    private static func fields(
        _ spec: EncodeDocuments, _ metadata: [String]
    ) throws(Fault) -> DocumentFields {
        do throws(DocumentError) {
            return DocumentFields(
                id: spec.idField, text: spec.textFields, metadata: try MetadataField.list(metadata))
        } catch { throw Fault(.usage, "\(error)") }
    }

    private static func layout(
        _ fields: DocumentFields, _ format: DocumentFormat, _ beginning: FileBeginning,
        _ path: String
    ) throws(Fault) -> DocumentLayout {
        do throws(DocumentError) {
            return format == .csv
                ? try DocumentLayout(fields, header: beginning.columns)
                : try DocumentLayout(format, fields)
        } catch {
            throw Fault(format == .csv ? .data : .usage, "\(path): \(error)")
        }
    }
}
