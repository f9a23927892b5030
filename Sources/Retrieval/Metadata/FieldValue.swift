// What passages may have in a field beside their text, and of which types fields are.

/// A field has one type in all of an index.
public enum FieldType: String, Sendable, Codable, CaseIterable {
    /// No passage has a value.
    case none
    case string, strings, integer, number, boolean

    /// The type of a field that has values of both; nil if there is none.
    func union(_ other: FieldType) -> FieldType? {
        switch (self, other) {
        case (_, self), (_, .none): self
        case (.none, _): other
        case (.integer, .number), (.number, .integer): .number
        case (.string, .strings), (.strings, .string): .strings
        default: nil
        }
    }

    /// As a sentence has it.
    var noun: String {
        switch self {
        case .none: "no values"
        case .string, .strings: "strings"
        case .integer: "integers"
        case .number: "numbers"
        case .boolean: "true or false"
        }
    }
}

/// Numbers are finite. No strings at all are a value that is missing.
public enum FieldValue: Sendable, Hashable {
    case missing
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case strings([String])

    var type: FieldType {
        switch self {
        case .missing: .none
        case .boolean: .boolean
        case .integer: .integer
        case .number: .number
        case .string: .string
        case .strings(let strings): strings.isEmpty ? .none : .strings
        }
    }
}

/// As JSON has them.
extension FieldValue: Codable {
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .missing
        } else if let boolean = try? value.decode(Bool.self) {
            self = .boolean(boolean)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else {
            self = .strings(try value.decode([String].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .missing: try value.encodeNil()
        case .boolean(let boolean): try value.encode(boolean)
        case .integer(let integer): try value.encode(integer)
        case .number(let number): try value.encode(number)
        case .string(let string): try value.encode(string)
        case .strings(let strings): try value.encode(strings)
        }
    }
}

/// A field of an index.
public struct FieldEntry: Sendable, Hashable, Codable {
    public var name: String
    public var type: FieldType
    /// Living passages that have a value.
    public var passages: Int

    public init(name: String, type: FieldType, passages: Int) {
        self.name = name
        self.type = type
        self.passages = passages
    }
}
