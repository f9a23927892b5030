// Collections of documents, and what workers hand in of them.

import Documents

extension DocumentBatch {
    fileprivate func written(_ index: Int) -> String {
        "\(id(index))\0\(text(index))\0\(entries[index].metadata)"
    }
}

enum DocumentTargets {
    /// The first byte tells the format and the size of chunks, which changes no document.
    static func documents(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.first else { return false }
        let format = DocumentFormat.allCases[Int(first) % DocumentFormat.allCases.count]
        let text = [UInt8](bytes.dropFirst())
        let file = MemoryFile(text)
        let begun = file.withPath { try? CSVHeader.beginning(of: $0, format) }
        guard case .success(let beginning) = begun, beginning.start <= text.count,
            let layout = try? layout(format, beginning.columns)
        else { return false }
        let whole = RecordRange(
            bytes: beginning.start..<text.count, firstRecord: 0, firstLine: beginning.line,
            records: 0)
        let all = read(text, layout, whole)
        for entry in all.entries {
            promise(
                String(validating: all.bytes[entry.text], as: UTF8.self) != nil,
                "a text is not UTF-8")
        }
        let scanner = RecordScanner(format, chunkBytes: Int(first) / 4 + 1)
        let chunks = file.withPath {
            try? scanner.scan(
                $0, size: text.count, from: beginning.start, line: beginning.line)
        }
        var ids: [String] = []
        var problems: [DocumentProblem] = []
        var end = beginning.start
        for chunk in chunks ?? [] {
            promise(chunk.bytes.lowerBound == end, "a chunk begins elsewhere than the last ends")
            end = chunk.bytes.upperBound
            let batch = read(text, layout, chunk)
            ids += batch.entries.indices.map { batch.written($0) }
            problems += batch.problems
        }
        promise(end == text.count, "\(text.count - end) bytes are in no chunk")
        let expected = all.entries.indices.map { all.written($0) }
        promise(ids == expected && problems == all.problems, "documents differ in chunks")
        promise(
            file.withPath { hasIDs(of: all, in: $0, layout, chunks ?? []) },
            "an id is another where no text is read")
        return all.problems.isEmpty && !all.entries.isEmpty
    }

    /// Whether the ids that are read alone are those of documents and problems, in their order.
    private static func hasIDs(
        of batch: DocumentBatch, in path: String, _ layout: DocumentLayout, _ chunks: [RecordRange]
    ) -> Bool {
        guard let file = try? DocumentIDs(path, layout) else { return false }
        var found: [Int: String] = [:]
        for chunk in chunks {
            try? file.read(chunk) { found[$0.record] = String(decoding: $0.id, as: UTF8.self) }
        }
        let known =
            batch.entries.indices.map { (batch.entries[$0].record, batch.id($0)) }
            + batch.problems.filter { !$0.id.isEmpty }.map { ($0.record, $0.id) }
        return found.count <= batch.entries.count + batch.problems.count
            && known.allSatisfy { found[$0.0] == $0.1 }
    }

    private static func layout(
        _ format: DocumentFormat, _ columns: [String]
    ) throws -> DocumentLayout {
        format == .csv
            ? try DocumentLayout(DocumentFields(), header: columns)
            : try DocumentLayout(
                format,
                DocumentFields(metadata: format == .jsonl ? try MetadataField.list(fields) : []))
    }

    private static let fields = ["f", "g=strings:strings", "n:number", "i:int", "b:bool"]

    private static func read(
        _ text: [UInt8], _ layout: DocumentLayout, _ range: RecordRange
    ) -> DocumentBatch {
        text[range.bytes].withUnsafeBytes { DocumentReader(layout).read($0, range) }
    }

    /// The rows of the documents are there.
    static func encoded(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let (documents, vectors) = try? EncodedDocuments.read(bytes) else { return false }
        promise(
            vectors.count == documents.rows * documents.rowBytes
                && vectors.upperBound == bytes.count, "rows are missing")
        return true
    }
}
