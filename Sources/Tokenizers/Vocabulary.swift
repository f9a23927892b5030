// The tokens of a model by their text and by their id.

/// Tokens with their ids.
struct Vocabulary: ~Copyable {
    /// As many as any published model has, four times over.
    static let tokensMax = 4_000_000

    private(set) var table: SpanTable
    /// Entries of `table` by id, for the way back.
    private var byID = Growing<UInt64>(capacity: 16)
    var idMax: Int32 = -1

    init(capacity: Int = 16) { table = SpanTable(capacity: capacity) }

    /// An object of token to id, or nothing more than `tokensMax` of them.
    static func read(_ reader: inout JSONReader) throws(TokenizerError) -> Vocabulary {
        // A rough guess saves most of the rehashing: a line of a file has some 20 bytes.
        let guess = (reader.bytes.count - reader.position) / 40
        var vocabulary = Vocabulary(capacity: min(guess, 1 << 18))
        var object = try reader.beginObject()
        while let token = try reader.nextMember(&object) {
            try vocabulary.insert(token, try reader.id(), reader)
        }
        vocabulary.index()
        return vocabulary
    }

    mutating func insert(
        _ token: Bytes, _ id: Int32, _ reader: borrowing JSONReader
    ) throws(TokenizerError) {
        guard table.count < Self.tokensMax else {
            throw reader.failure("more than \(Self.tokensMax) tokens")
        }
        table.insert(token, id)
        idMax = max(idMax, id)
    }

    /// To be called when all tokens are there.
    mutating func index() {
        byID = Growing(capacity: table.count)
        var isSorted = true
        for entry in 0..<table.count {
            let key = UInt64(UInt32(bitPattern: table.number(entry))) << 32 | UInt64(entry)
            if entry > 0, byID[entry - 1] > key { isSorted = false }
            byID.append(key)
        }
        guard !isSorted else { return }
        var keys = UnsafeMutableBufferPointer(start: byID.start, count: byID.count)
        keys.sort()
    }

    @inline(__always)
    func id(_ token: Bytes) -> Int32 { table.find(token) }

    func id(_ token: String) -> Int32 {
        var token = token
        return token.withUTF8 { utf8 in
            guard let start = utf8.baseAddress else { return -1 }
            return table.find(Bytes(start: start, count: utf8.count))
        }
    }

    func token(_ id: Int32) -> String? {
        guard id >= 0 else { return nil }
        let wanted = UInt64(UInt32(bitPattern: id)) << 32
        var (low, high) = (0, byID.count)
        while low < high {
            let middle = (low + high) / 2
            if byID[middle] < wanted { low = middle + 1 } else { high = middle }
        }
        guard low < byID.count, byID[low] >> 32 == wanted >> 32 else { return nil }
        return table.key(Int(byID[low] & 0xffff_ffff)).string
    }
}
