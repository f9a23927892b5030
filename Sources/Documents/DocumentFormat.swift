// The formats that collections of documents come in, and what a user may say about their fields.

public enum DocumentFormat: String, Sendable, CaseIterable, Codable {
    /// One JSON object a line (BEIR).
    case jsonl
    /// One document a line; its id is the number of its line among all files, from 0.
    case txt
    /// Columns divided by tabs, without quotes (MS MARCO).
    case tsv
    /// RFC 4180: quotes, newlines in quotes, and a first record that names the columns.
    case csv

    /// By the ending of a file's name, also before `.gz` and `.zst`; nil for any other.
    public init?(ofName path: String) {
        var parts = path.split(separator: "/").last?.split(separator: ".") ?? []
        if let ending = parts.last, ["gz", "zst"].contains(ending) { parts.removeLast() }
        guard parts.count > 1, let ending = parts.last?.lowercased() else { return nil }
        switch ending {
        case "jsonl", "ndjson": self = .jsonl
        case "txt", "text": self = .txt
        case "tsv": self = .tsv
        case "csv": self = .csv
        default: return nil
        }
    }

    /// Only in CSV may a newline be part of a field.
    var hasQuotes: Bool { self == .csv }

    var separator: UInt8 { UInt8(ascii: self == .csv ? "," : "\t") }
}

/// Which fields are a document's id and its text: names in JSON and CSV, numbers from 1 in TSV.
public struct DocumentFields: Sendable, Hashable {
    /// Nil is `_id`, in CSV else `id`, in TSV the first column.
    public var id: String?
    /// Joined by a space in this order. None is `title` and `text`, of which the title may be
    /// missing; in TSV the second column.
    public var text: [String]
    /// What is kept beside them; names differ.
    public var metadata: [MetadataField]

    public init(id: String? = nil, text: [String] = [], metadata: [MetadataField] = []) {
        self.id = id
        self.text = text
        self.metadata = metadata
    }
}

/// Where the fields of a file are.
public struct DocumentLayout: Sendable, Hashable {
    public let format: DocumentFormat
    /// Keys of a JSON object.
    let idKey: [UInt8]
    let textKeys: [[UInt8]]
    /// Whether each text field has to be there.
    let needsAll: Bool
    public let metadata: [MetadataField]
    /// Columns from 0: the id's, the text's, the metadata's; empty for other formats.
    public let columns: [Int]

    /// - Parameters:
    ///   - columns: for CSV what `init(_:_:header:)` has found.
    /// - Throws: a sentence about fields that the format does not have.
    public init(
        _ format: DocumentFormat, _ fields: DocumentFields, columns: [Int] = []
    ) throws(DocumentError) {
        self.format = format
        metadata = fields.metadata
        idKey = Array((fields.id ?? "_id").utf8)
        needsAll = !fields.text.isEmpty
        textKeys = (needsAll ? fields.text : ["title", "text"]).map { Array($0.utf8) }
        switch format {
        case .tsv: self.columns = try Self.numbers(fields)
        case .csv: self.columns = columns
        case .jsonl: self.columns = []
        case .txt:
            guard fields == DocumentFields() else { throw .fieldsOfText }
            self.columns = []
        }
    }

    private static func numbers(_ fields: DocumentFields) throws(DocumentError) -> [Int] {
        var columns: [Int] = []
        let texts = fields.text.isEmpty ? ["2"] : fields.text
        for name in [fields.id ?? "1"] + texts + fields.metadata.map(\.source) {
            guard let number = Int(name), (1...10_000).contains(number) else {
                throw .notANumber(column: name)
            }
            columns.append(number - 1)
        }
        return columns
    }

    /// The layout of a CSV file from the names in its first record.
    public init(_ fields: DocumentFields, header: [String]) throws(DocumentError) {
        func column(_ name: String) throws(DocumentError) -> Int {
            guard let index = header.firstIndex(of: name) else {
                throw .noColumn(name, known: header)
            }
            return index
        }
        var columns: [Int] = []
        if let name = fields.id {
            columns.append(try column(name))
        } else {
            guard let index = header.firstIndex(of: "_id") ?? header.firstIndex(of: "id") else {
                throw .noColumn("_id", known: header)
            }
            columns.append(index)
        }
        if fields.text.isEmpty {
            if let title = header.firstIndex(of: "title") { columns.append(title) }
            columns.append(try column("text"))
        } else {
            for name in fields.text { columns.append(try column(name)) }
        }
        for field in fields.metadata { columns.append(try column(field.source)) }
        try self.init(.csv, fields, columns: columns)
    }
}
