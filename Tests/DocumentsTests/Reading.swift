// Documents of bytes in memory, as the tests read them.

@testable import Documents

func layout(
    _ format: DocumentFormat, _ fields: DocumentFields = DocumentFields(), columns: [Int] = [0, 1]
) throws -> DocumentLayout {
    try DocumentLayout(format, fields, columns: format == .csv ? columns : [])
}

func read(
    _ bytes: [UInt8], _ layout: DocumentLayout, selected: Range<Int>? = nil
) -> DocumentBatch {
    let range = RecordRange(bytes: 0..<bytes.count, firstRecord: 0, firstLine: 1, records: 0)
    return bytes.withUnsafeBytes {
        DocumentReader(layout).read($0, range, selected: selected)
    }
}

func read(_ text: String, _ layout: DocumentLayout) -> DocumentBatch {
    read(Array(text.utf8), layout)
}

extension DocumentBatch {
    var ids: [String] { entries.indices.map { id($0) } }
    var texts: [String] { entries.indices.map { text($0) } }
    var reasons: [String] { problems.map { "\($0.line): \($0.reason)" } }
}
