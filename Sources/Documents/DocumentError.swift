// Why a collection cannot be read at all, and what is wrong with single documents.

public enum DocumentError: Error, Sendable, Equatable, CustomStringConvertible {
    case fieldsOfText
    case notANumber(column: String)
    case noColumn(String, known: [String])
    case noHeader
    case badChunk(String)
    case badMetadataField(String)
    case repeatedMetadataField(String)

    public var description: String {
        switch self {
        case .fieldsOfText:
            "a .txt file has no fields: each line is a document, and its number the id; leave out "
                + "--id-field, --text-field and --metadata-field"
        case .notANumber(let column):
            "\(column.prefix(100).debugDescription) is no column of a .tsv file; name columns by "
                + "their number, from 1"
        case .noColumn(let name, let known):
            "there is no column \(name.prefix(100).debugDescription) in the first record; it names "
                + "\(known.prefix(20).map { String($0.prefix(40)) }.joined(separator: ", "))"
        case .noHeader:
            "the first record does not end within \(CSVHeader.bytesMax) bytes; a .csv file begins "
                + "with the names of its columns"
        case .badMetadataField(let text):
            "\(text.prefix(100).debugDescription) names no field; write NAME, NAME:TYPE or "
                + "NAME=FIELD:TYPE, with names of 1 to \(MetadataField.nameBytesMax) bytes and a "
                + "type of " + MetadataField.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        case .repeatedMetadataField(let name):
            "two fields are called \(name.prefix(100).debugDescription); call one otherwise, as in "
                + "OTHER=\(name.prefix(100))"
        case .badChunk(let what):
            "encoded documents are malformed: \(what)"
        }
    }
}

/// A document that cannot be used.
public struct DocumentProblem: Sendable, Equatable {
    /// Number of its record among all files, from 0.
    public let record: Int
    /// Line of its file in which it begins, from 1.
    public let line: Int
    /// Empty where it is not known.
    public let id: String
    public let reason: String

    public init(record: Int, line: Int, id: String, reason: String) {
        self.record = record
        self.line = line
        self.id = id
        self.reason = reason
    }
}

/// Why one record is not a document.
struct Malformed: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
