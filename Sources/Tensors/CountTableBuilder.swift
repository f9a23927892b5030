// Lays counts out as a payload.

/// Fills the memory of a payload whose sizes are known: entries are appended in the table's order.
public struct CountTableBuilder: ~Copyable {
    private let memory: AlignedBuffer
    private var header: CountTableHeader
    private var entry = 0
    private var keyByte = 0

    /// - Parameters:
    ///   - entries: how many keys will be appended; `keyBytes`: their bytes together.
    ///   - tallies: four sums to carry along.
    /// - Throws: `.outOfMemory`.
    public init(
        order: CountTable.Order = .key, entries: Int, keyBytes: Int, tallies: [UInt64]
    ) throws(CountTableError) {
        header = CountTableHeader(
            order: order, entries: entries, keyBytes: keyBytes, total: 0, tallies: tallies)
        do {
            memory = try AlignedBuffer(byteCount: header.payloadBytes)
        } catch {
            throw .outOfMemory(byteCount: header.payloadBytes)
        }
    }

    private var counts: UnsafeMutableRawPointer { memory.baseAddress + CountTable.headerBytes }
    private var offsets: UnsafeMutableRawPointer { counts + 8 * header.entries }
    private var keys: UnsafeMutableRawPointer {
        offsets + header.offsetWidth * (header.entries + 1)
    }

    /// Appends the next entry. Its key is not empty and its count not 0.
    ///
    /// - Throws: `.unmergeable` when the sum of counts passes 64 bits.
    public mutating func append(
        key: UnsafeRawBufferPointer, count: UInt64
    ) throws(CountTableError) {
        precondition(
            entry < header.entries && keyByte + key.count <= header.keyBytes && !key.isEmpty,
            "entry \(entry) of \(header.entries), key bytes \(keyByte) + \(key.count)")
        let (total, overflow) = header.total.addingReportingOverflow(count)
        guard !overflow else { throw .unmergeable(reason: "the counts pass 64 bits") }
        header.total = total
        counts.storeBytes(of: count, toByteOffset: 8 * entry, as: UInt64.self)
        (keys + keyByte).copyMemory(from: key.baseAddress!, byteCount: key.count)
        keyByte += key.count
        entry += 1
        if header.offsetWidth == 4 {
            offsets.storeBytes(of: UInt32(keyByte), toByteOffset: 4 * entry, as: UInt32.self)
        } else {
            offsets.storeBytes(of: UInt64(keyByte), toByteOffset: 8 * entry, as: UInt64.self)
        }
    }

    /// The finished table, checked like any other.
    ///
    /// - Throws: `.malformed` when the entries were not in order.
    public consuming func finish() throws(CountTableError) -> CountTable {
        precondition(
            entry == header.entries && keyByte == header.keyBytes,
            "\(entry) of \(header.entries) entries, \(keyByte) of \(header.keyBytes) key bytes")
        for (index, word) in header.words.enumerated() {
            memory.baseAddress.storeBytes(of: word, toByteOffset: 8 * index, as: UInt64.self)
        }
        return try CountTable(
            payload: UnsafeRawBufferPointer(
                start: memory.baseAddress, count: header.payloadBytes),
            owner: memory)
    }
}
