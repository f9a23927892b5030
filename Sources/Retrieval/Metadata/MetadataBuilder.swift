// Collects the fields of passages, one passage after the other, and finds the type of each field.

/// Memory: 8 bytes a passage and field, for strings 8 and each different one once.
public struct MetadataBuilder: Sendable {
    public private(set) var fields: [String] = []
    public private(set) var passages = 0
    private(set) var columns: [ColumnBuilder] = []

    /// - Throws: `.limit`, `.malformed` for two fields of one name.
    public init(fields: [String]) throws(MetadataError) {
        guard fields.count <= MetadataLayout.fieldsMax else {
            throw .limit(what: "fields", found: fields.count, limit: MetadataLayout.fieldsMax)
        }
        for name in fields where !(1...MetadataLayout.nameBytesMax).contains(name.utf8.count) {
            throw .limit(
                what: "bytes of the name of a field", found: name.utf8.count,
                limit: MetadataLayout.nameBytesMax)
        }
        guard Set(fields).count == fields.count else {
            throw .malformed("two fields have one name")
        }
        self.fields = fields
        columns = fields.map { ColumnBuilder($0) }
    }

    /// The next passage's values, in the order of the fields.
    ///
    /// - Throws: `.types`, `.integerAsNumber`, `.notFinite`, `.limit`.
    public mutating func append(_ values: [FieldValue]) throws(MetadataError) {
        precondition(values.count == fields.count, "\(values.count) of \(fields.count) values")
        for (index, value) in values.enumerated() { try columns[index].append(value) }
        passages += 1
    }
}

/// Values of one field.
struct ColumnBuilder: Sendable {
    let name: String
    private(set) var type = FieldType.none
    private(set) var passages = 0
    /// A bit for each passage.
    private(set) var presence: [UInt64] = []
    private(set) var present = 0
    /// Of integers their bits, of numbers theirs, of booleans 0 or 1; one a passage.
    private(set) var scalars: [UInt64] = []
    /// Of strings their numbers, and where those of each passage end.
    private(set) var codes: [UInt32] = []
    private(set) var ends: [UInt32] = []
    private(set) var strings = InternedStrings()

    init(_ name: String) { self.name = name }

    mutating func append(_ value: FieldValue) throws(MetadataError) {
        try widen(to: value.type)
        var scalar: UInt64 = 0
        switch value {
        case .missing: break
        case .boolean(let boolean): scalar = boolean ? 1 : 0
        case .integer(let integer):
            scalar =
                type == .number
                ? try number(integer).bitPattern : UInt64(bitPattern: integer)
        case .number(let number):
            guard number.isFinite else { throw .notFinite(field: name) }
            // -0 and 0 are one number.
            scalar = (number + 0).bitPattern
        case .string(let string): try append([string])
        case .strings(let strings): try append(strings)
        }
        if passages % 64 == 0 { presence.append(0) }
        if value.type != .none {
            presence[passages / 64] |= 1 << UInt64(passages % 64)
            present += 1
        }
        passages += 1
        switch type {
        case .none: break
        case .string, .strings: ends.append(UInt32(codes.count))
        case .integer, .number, .boolean: scalars.append(scalar)
        }
    }

    private mutating func append(_ list: [String]) throws(MetadataError) {
        let limit = Int(UInt32.max) - 1
        guard codes.count <= limit - list.count else {
            throw .limit(
                what: "strings of the field \(MetadataError.shown(name))",
                found: codes.count + list.count, limit: limit)
        }
        for string in list {
            var string = string
            let code = string.withUTF8 { strings.intern(UnsafeRawBufferPointer($0)) }
            codes.append(UInt32(code))
        }
    }

    /// Makes the column one that can have values of `other`.
    private mutating func widen(to other: FieldType) throws(MetadataError) {
        if other == .none || other == type { return }
        guard let wide = type.union(other) else { throw .types(field: name, type, other) }
        switch (type, wide) {
        case (.none, .string), (.none, .strings):
            ends = [UInt32](repeating: 0, count: passages)
        case (.none, _): scalars = [UInt64](repeating: 0, count: passages)
        case (.integer, .number):
            for index in scalars.indices {
                scalars[index] = try number(Int64(bitPattern: scalars[index])).bitPattern
            }
        default: break
        }
        type = wide
    }

    private func number(_ integer: Int64) throws(MetadataError) -> Double {
        guard let number = Double(exactly: integer) else {
            throw .integerAsNumber(field: name, integer)
        }
        return number
    }
}
