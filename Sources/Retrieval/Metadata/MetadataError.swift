// What can go wrong with the fields of passages; one place makes the sentences.

public enum MetadataError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Passages have values of types that no field has together.
    case types(field: String, FieldType, FieldType)
    case integerAsNumber(field: String, Int64)
    case notFinite(field: String)
    case limit(what: String, found: Int, limit: Int)
    /// Bytes that no table of fields has.
    case malformed(String)

    public var description: String {
        switch self {
        case .types(let field, let one, let other):
            "the field \(Self.shown(field)) has \(one.noun) in some documents and \(other.noun) in "
                + "others; make them alike, or name its type, as in --metadata-field "
                + "\(field):string"
        case .integerAsNumber(let field, let integer):
            "the field \(Self.shown(field)) has numbers, and the integer \(integer) is not one of "
                + "64 bits; keep it as a string"
        case .notFinite(let field): "the field \(Self.shown(field)) has a number that is not finite"
        case .limit(let what, let found, let limit):
            "\(found) \(what) exceed the limit of \(limit)"
        case .malformed(let reason): "the fields of passages are malformed: \(reason)"
        }
    }

    static func shown(_ name: String) -> String { String(name.prefix(100)).debugDescription }
}
