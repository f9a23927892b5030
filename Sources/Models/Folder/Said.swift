// A key of a JSON file that may be left out or be null, where these are not the same.

/// As a property of a `Decodable` type: an optional one would not tell the two apart.
enum Said<Value: Decodable & Sendable>: Decodable, Sendable {
    case nothing
    case null
    case value(Value)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self = container.decodeNil() ? .null : .value(try container.decode(Value.self))
    }

    /// nil where it is null.
    func value(ifAbsent absent: Value?) -> Value? {
        switch self {
        case .nothing: absent
        case .null: nil
        case .value(let value): value
        }
    }
}

extension KeyedDecodingContainer {
    /// What the compiler calls for a property of this type, rather than the one for any type,
    /// which fails where there is no key.
    func decode<Value>(_ type: Said<Value>.Type, forKey key: Key) throws -> Said<Value> {
        guard contains(key) else { return .nothing }
        return try decodeNil(forKey: key) ? .null : .value(decode(Value.self, forKey: key))
    }
}
