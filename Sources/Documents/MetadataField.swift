// Fields of documents that are kept beside id and text: what they are called, and where they stand.

/// A field as people name it: `year`, `year:integer`, or `year=3:integer` where it is called
/// otherwise in the documents.
public struct MetadataField: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        case string, strings, integer, number, boolean
    }

    /// By which filters call it.
    public let name: String
    /// A key of JSON, or a path of keys with dots between them; the name of a column of CSV, its
    /// number from 1 in TSV.
    public let source: String
    /// Nil keeps values as JSON has them, and strings of CSV and TSV.
    public let kind: Kind?

    /// Bytes of a name, and of a string.
    public static let nameBytesMax = 200
    public static let valueBytesMax = 4_096
    /// Strings of one document.
    public static let valuesMax = 1_000

    public init(name: String, source: String? = nil, kind: Kind? = nil) {
        self.name = name
        self.source = source ?? name
        self.kind = kind
    }

    /// `NAME[=FIELD][:TYPE]`. What follows a colon and is no type is part of the field's name.
    ///
    /// - Throws: `.badMetadataField`.
    public init(_ text: String) throws(DocumentError) {
        var rest = text[...]
        var kind: Kind?
        if let colon = rest.lastIndex(of: ":"),
            let known = Self.kind(named: rest[rest.index(after: colon)...])
        {
            kind = known
            rest = rest[..<colon]
        }
        var name = rest
        if let equals = rest.firstIndex(of: "=") {
            name = rest[..<equals]
            rest = rest[rest.index(after: equals)...]
        }
        for part in [name, rest] {
            guard (1...Self.nameBytesMax).contains(part.utf8.count),
                !part.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f })
            else { throw .badMetadataField(text) }
        }
        self.init(name: String(name), source: String(rest), kind: kind)
    }

    /// Fields of an index, or of one filter.
    ///
    /// - Throws: `.badMetadataField`, also for a name that is there twice.
    public static func list(_ texts: [String]) throws(DocumentError) -> [MetadataField] {
        var fields: [MetadataField] = []
        for text in texts {
            let field = try MetadataField(text)
            guard !fields.contains(where: { $0.name == field.name }) else {
                throw .repeatedMetadataField(field.name)
            }
            fields.append(field)
        }
        return fields
    }

    private static func kind(named text: Substring) -> Kind? {
        switch text {
        case "int": .integer
        case "bool": .boolean
        default: Kind(rawValue: String(text))
        }
    }

    /// As `init(_:)` reads it.
    public var text: String {
        name + (source == name ? "" : "=\(source)") + (kind.map { ":\($0.rawValue)" } ?? "")
    }
}

/// What a document has in a field.
public enum DocumentValue: Sendable, Hashable {
    case missing
    case boolean(Bool)
    case integer(Int64)
    /// Finite.
    case number(Double)
    case string(String)
    case strings([String])
}
