// One column of a table of fields, as it lies in memory.

/// Valid as long as its table. What `check` let pass is in bounds everywhere.
struct MetadataColumn {
    let type: FieldType
    let passages: Int
    let strings: Int
    private let bytes: UnsafeRawBufferPointer
    private let layout: ColumnLayout
    private let entry: MetadataTable.Entry

    init(_ bytes: UnsafeRawBufferPointer, _ entry: MetadataTable.Entry, passages: Int) {
        self.bytes = bytes
        self.entry = entry
        self.passages = passages
        type = entry.type
        strings = entry.strings
        layout = ColumnLayout(
            type, passages: passages, strings: entry.strings, values: entry.values)
    }

    private func array<Number>(
        _ offset: Int, _ count: Int, as type: Number.Type
    ) -> UnsafeBufferPointer<Number> {
        let range = offset..<offset + count * MemoryLayout<Number>.size
        return UnsafeRawBufferPointer(rebasing: bytes[range]).bindMemory(to: Number.self)
    }

    private var words: Int { MetadataLayout.words(passages) }
    private var present: UnsafeBufferPointer<UInt64> {
        array(layout.presence, words, as: UInt64.self)
    }
    private var dictionary: UnsafeBufferPointer<UInt64> {
        array(layout.dictionary, strings + 1, as: UInt64.self)
    }

    var presence: PassageSet {
        let present = present
        return PassageSet(passages: passages) { present[$0] }
    }
    var integers: UnsafeBufferPointer<Int64> { array(layout.values, passages, as: Int64.self) }
    var numbers: UnsafeBufferPointer<Double> { array(layout.values, passages, as: Double.self) }
    var booleans: UnsafeBufferPointer<UInt64> { array(layout.values, words, as: UInt64.self) }
    /// Of type strings, where those of each passage begin: `[passages + 1]`.
    var starts: UnsafeBufferPointer<UInt32> { array(layout.starts, passages + 1, as: UInt32.self) }

    /// Numbers of strings: one a passage of type string, `starts` tells of type strings.
    enum Codes {
        case bytes(UnsafeBufferPointer<UInt8>)
        case halves(UnsafeBufferPointer<UInt16>)
        case words(UnsafeBufferPointer<UInt32>)
    }

    var codes: Codes {
        let count = type == .strings ? entry.values : passages
        return switch MetadataLayout.width(strings: strings) {
        case 1: .bytes(array(layout.values, count, as: UInt8.self))
        case 2: .halves(array(layout.values, count, as: UInt16.self))
        default: .words(array(layout.values, count, as: UInt32.self))
        }
    }

    private func code(_ place: Int) -> Int {
        switch codes {
        case .bytes(let codes): Int(codes[place])
        case .halves(let codes): Int(codes[place])
        case .words(let codes): Int(codes[place])
        }
    }

    /// The strings are in the order of their bytes.
    func text(_ code: Int) -> UnsafeRawBufferPointer {
        let (begin, end) = (Int(dictionary[code]), Int(dictionary[code + 1]))
        return UnsafeRawBufferPointer(rebasing: bytes[layout.text + begin..<layout.text + end])
    }

    private func string(_ code: Int) -> String { String(decoding: text(code), as: UTF8.self) }

    /// The first string that is not before `wanted`.
    func firstCode(from wanted: UnsafeRawBufferPointer) -> Int {
        var (low, high) = (0, strings)
        while low < high {
            let middle = (low + high) / 2
            if compareBytes(text(middle), wanted) < 0 { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func value(of passage: Int) -> FieldValue {
        guard present[passage >> 6] >> UInt64(passage & 63) & 1 == 1 else { return .missing }
        switch type {
        case .none: return .missing
        case .integer: return .integer(integers[passage])
        case .number: return .number(numbers[passage])
        case .boolean:
            return .boolean(booleans[passage >> 6] >> UInt64(passage & 63) & 1 == 1)
        case .string: return .string(string(code(passage)))
        case .strings:
            let places = Int(starts[passage])..<Int(starts[passage + 1])
            return .strings(places.map { string(code($0)) })
        }
    }
}

// MARK: - Trust

extension MetadataColumn {
    /// - Throws: `.malformed` naming the field, if the bytes are not those that were written or
    ///   lead out of the column.
    func check(_ field: String) throws(MetadataError) {
        func fail(_ reason: String) -> MetadataError {
            .malformed("the column of \(MetadataError.shown(field)): \(reason)")
        }
        guard MetadataLayout.checksum(bytes) == entry.checksum else {
            throw fail("its checksum differs")
        }
        guard presence.count == entry.present else {
            throw fail("\(presence.count) passages of \(entry.present) have a value")
        }
        if type == .number, !numbers.allSatisfy(\.isFinite) {
            throw fail("a number is not finite")
        }
        guard type == .string || type == .strings else { return }
        guard isRising(dictionary),
            MetadataLayout.aligned(Int(dictionary[strings])) == bytes.count - layout.text
        else { throw fail("its strings lie outside") }
        for code in 0..<max(strings, 1) - 1 where compareBytes(text(code), text(code + 1)) >= 0 {
            throw fail("its strings are not in order")
        }
        if type == .strings {
            guard isRising(starts), Int(starts[passages]) == entry.values else {
                throw fail("the strings of a passage lie outside")
            }
        }
        guard let most = mostCode else { return }
        guard most < strings || present.allSatisfy({ $0 == 0 }) && most == 0 else {
            throw fail("string \(most) of \(strings)")
        }
    }

    private func isRising<Number: FixedWidthInteger>(
        _ numbers: UnsafeBufferPointer<Number>
    ) -> Bool {
        // The last is compared with what there is before any is used.
        guard numbers[0] == 0, numbers[numbers.count - 1] <= bytes.count else { return false }
        return (1..<numbers.count).allSatisfy { numbers[$0 - 1] <= numbers[$0] }
    }

    private var mostCode: Int? {
        switch codes {
        case .bytes(let codes): codes.max().map { Int($0) }
        case .halves(let codes): codes.max().map { Int($0) }
        case .words(let codes): codes.max().map { Int($0) }
        }
    }
}
