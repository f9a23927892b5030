// Reads a table of fields in place: its head at opening, a column when it is first used.

import Synchronization

/// Immutable, for any number of threads.
public final class MetadataTable: Sendable {
    public let passages: Int
    public let fields: [String]
    /// Keeps `all` alive.
    private let owner: any AnyObject & Sendable
    nonisolated(unsafe) private let all: UnsafeRawBufferPointer
    private let entries: [Entry]
    private let state = Mutex(State())

    struct Entry {
        let type: FieldType
        let column: Range<Int>
        let checksum: UInt64
        let present: Int
        let strings: Int
        let values: Int
    }

    private struct State {
        /// Columns whose bytes are known to be sound.
        var checked: Set<Int> = []
        var answers: [(filter: String, set: PassageSet)] = []
    }

    /// Answers to filters that are kept, the last ones.
    private static let answersMax = 16

    /// Checks the head, and that all lies inside of `all`; no longer for large tables.
    ///
    /// - Parameters:
    ///   - all: begins at a multiple of 8 in memory.
    ///   - owner: keeps the bytes valid as long as it lives.
    /// - Throws: `.malformed`.
    public init(
        _ all: UnsafeRawBufferPointer, keeping owner: any AnyObject & Sendable
    ) throws(MetadataError) {
        let head = try MetadataHead(all)
        self.all = all
        self.owner = owner
        passages = head.passages
        fields = head.names
        entries = head.entries
    }

    /// A table of bytes that it keeps.
    ///
    /// - Throws: `.malformed`.
    public convenience init(copying bytes: [UInt8]) throws(MetadataError) {
        let owner = MetadataBytes(bytes)
        try self.init(UnsafeRawBufferPointer(owner.memory), keeping: owner)
    }

    public func type(of field: Int) -> FieldType { entries[field].type }

    /// - Throws: `.malformed` if the column is not what its checksum says, or no column.
    func column(_ field: Int) throws(MetadataError) -> MetadataColumn {
        let entry = entries[field]
        let column = MetadataColumn(
            UnsafeRawBufferPointer(rebasing: all[entry.column]), entry, passages: passages)
        if state.withLock({ $0.checked.contains(field) }) { return column }
        try column.check(fields[field])
        state.withLock { _ = $0.checked.insert(field) }
        return column
    }

    /// Passages with a value, of those that are not dead.
    ///
    /// - Throws: as `column`.
    func count(_ field: Int, without dead: Tombstones) throws(MetadataError) -> Int {
        if dead.count == 0 { return entries[field].present }
        var set = try column(field).presence
        set.subtract(dead)
        return set.count
    }

    /// What a passage has in a field.
    ///
    /// - Throws: as `column`.
    public func value(_ field: Int, of passage: Int) throws(MetadataError) -> FieldValue {
        precondition((0..<passages).contains(passage), "passage \(passage) of \(passages)")
        return try column(field).value(of: passage)
    }

    /// The passages that a filter lets through; kept for the next question with it.
    ///
    /// - Throws: `FilterProblem`.
    func passages(
        of filter: String, _ evaluate: () throws(FilterProblem) -> PassageSet
    ) throws(FilterProblem) -> PassageSet {
        let known = state.withLock { state -> PassageSet? in
            guard let place = state.answers.firstIndex(where: { $0.filter == filter }) else {
                return nil
            }
            let answer = state.answers.remove(at: place)
            state.answers.append(answer)
            return answer.set
        }
        if let known { return known }
        let set = try evaluate()
        state.withLock { state in
            if state.answers.count >= Self.answersMax { state.answers.removeFirst() }
            state.answers.append((filter, set))
        }
        return set
    }
}

/// As they have to lie in memory.
private final class MetadataBytes: Sendable {
    nonisolated(unsafe) let memory: UnsafeMutableRawBufferPointer

    init(_ bytes: [UInt8]) {
        memory = .allocate(byteCount: bytes.count, alignment: 8)
        memory.copyBytes(from: bytes)
    }

    deinit { memory.deallocate() }
}

/// The head of a table while it is opened.
private struct MetadataHead {
    let passages: Int
    var names: [String] = []
    var entries: [MetadataTable.Entry] = []
    private let all: UnsafeRawBufferPointer
    private let bytes: Int

    init(_ all: UnsafeRawBufferPointer) throws(MetadataError) {
        self.all = all
        guard all.count >= MetadataLayout.headerBytes,
            all.prefix(8).elementsEqual(MetadataLayout.magic),
            UInt(bitPattern: all.baseAddress) % 8 == 0
        else { throw .malformed("it does not begin as a table of fields") }
        func word(_ at: Int) -> UInt32 {
            UInt32(littleEndian: all.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        }
        func long(_ at: Int) -> Int {
            Int(truncatingIfNeeded: all.loadUnaligned(fromByteOffset: at, as: Int64.self))
        }
        guard word(8) == MetadataLayout.version else {
            throw .malformed("version \(word(8)), this program reads \(MetadataLayout.version)")
        }
        let count = Int(word(12))
        passages = long(16)
        bytes = long(40)
        let directory = MetadataLayout.headerBytes + MetadataLayout.fieldBytes * count
        guard count <= MetadataLayout.fieldsMax, (0...SegmentHeader.countMax).contains(passages),
            long(24) == all.count, bytes % 8 == 0,
            (directory...max(directory, all.count)).contains(bytes),
            bytes <= all.count
        else { throw .malformed("\(count) fields in \(all.count) bytes") }
        var head = Array(all[..<bytes])
        let place = MetadataLayout.checksumOffset
        head.replaceSubrange(place..<place + 8, with: repeatElement(0, count: 8))
        guard head.withUnsafeBytes({ fingerprintFNV($0) }) == UInt64(bitPattern: Int64(long(place)))
        else { throw .malformed("the checksum of its head differs") }
        for field in 0..<count {
            try add(MetadataLayout.headerBytes + MetadataLayout.fieldBytes * field)
        }
        guard Set(names).count == names.count else {
            throw .malformed("two fields have one name")
        }
    }

    private mutating func add(_ at: Int) throws(MetadataError) {
        func long(_ offset: Int) throws(MetadataError) -> Int {
            let number = all.loadUnaligned(fromByteOffset: at + offset, as: UInt64.self)
            guard number <= 1 << 48 else { throw .malformed("a number is out of range") }
            return Int(number)
        }
        let type = Int(all.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        let nameBytes = Int(all.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self))
        let (name, start, length) = (try long(8), try long(16), try long(24))
        let (present, strings, values) = (try long(40), try long(48), try long(56))
        guard MetadataLayout.types.indices.contains(type),
            (1...MetadataLayout.nameBytesMax).contains(nameBytes), name <= bytes - nameBytes,
            start % 8 == 0, length % 8 == 0, (bytes...all.count).contains(start),
            length <= all.count - start, present <= passages
        else { throw .malformed("field \(names.count) lies outside") }
        let kind = MetadataLayout.types[type]
        let layout = ColumnLayout(kind, passages: passages, strings: strings, values: values)
        let hasStrings = kind == .string || kind == .strings
        guard hasStrings ? layout.text <= length : layout.text == length,
            hasStrings || (strings == 0 && values == 0), values <= Int(UInt32.max)
        else { throw .malformed("field \(names.count) has \(length) bytes") }
        names.append(String(decoding: all[name..<name + nameBytes], as: UTF8.self))
        entries.append(
            MetadataTable.Entry(
                type: kind, column: start..<start + length,
                checksum: all.loadUnaligned(fromByteOffset: at + 32, as: UInt64.self),
                present: present, strings: strings, values: values))
    }
}
