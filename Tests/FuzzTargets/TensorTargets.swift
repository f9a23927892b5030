// Files and payloads of numbers.

import Files
import Tensors

enum TensorTargets {
    /// The header alone, and the array that it announces.
    static func npy(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if let header = try? NpyHeader.decode(bytes, path: "memory").header {
            // Quoting is not among the things that we write.
            let isPlain = header.descriptor.utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "'") && $0 != UInt8(ascii: "\\")
            }
            if isPlain, header.shape.count < 32 { checkWritten(header) }
        }
        let opened = MemoryFile(bytes).withPath { try? NpyFile(path: $0) }
        guard let file = opened else { return false }
        withExtendedLifetime(file) { touch(file.data) }
        return true
    }

    private static func checkWritten(_ header: NpyHeader) {
        let again = header.encoded.withUnsafeBytes {
            try? NpyHeader.decode($0, path: "memory").header
        }
        promise(again == header, "\(header) is read back as \(String(describing: again))")
    }

    static func safetensors(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let opened = MemoryFile(bytes).withPath { try? SafeTensorsFile(path: $0) }
        guard let file = opened else { return false }
        defer { withExtendedLifetime(file) {} }
        for entry in file.entries {
            let data = file.data(entry.name)
            promise(data?.count == entry.byteCount, "\(entry) has \(data?.count ?? -1) bytes")
            data.map(touch)
        }
        return true
    }

    static func countTable(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let table = try? CountTable(copying: bytes) else { return false }
        var sum: UInt64 = 0
        for index in 0..<table.entries {
            sum += table.count(at: index)
            table.withKey(at: index) { touch($0) }
        }
        promise(sum == table.total, "counts of \(sum), a total of \(table.total)")
        if let merged = try? CountTable.merge([table, table]) {
            promise(merged.entries == table.entries, "merged with itself it has more keys")
            promise(merged.total == 2 * table.total, "merged with itself it is not twice itself")
        }
        return true
    }

    static func rowDelta(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let view = try? RowDelta.View(bytes) else { return false }
        for slot in 0..<view.presentRows {
            promise(view.row(slot) < view.totalRows, "row \(view.row(slot)) of \(view.totalRows)")
            touch(view.bytes(slot))
        }
        // The matrix that it claims to be of may be far larger than the payload.
        if view.totalRows <= 1 << 12, view.dim <= 1 << 8,
            let matrix = try? Matrix(rows: view.totalRows, columns: view.dim)
        {
            try? view.apply(to: matrix, threads: 1)
        }
        return true
    }

    static func pairs(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let table = try? CooccurrenceTable(bytes) else { return false }
        var isSound = true
        for part in 0..<table.parts {
            var cursor = table.cursor(part)
            var last = -1
            do {
                while let pair = try cursor.next() {
                    let key = Int(pair.row) << 32 | Int(pair.column)
                    promise(key > last && pair.sum > 0, "a pair is out of order")
                    promise(Int(max(pair.row, pair.column)) < table.vocabulary, "a pair is no word")
                    last = key
                }
            } catch { isSound = false }
        }
        promise((try? table.validate()) != nil || !isSound, "a sound table does not validate")
        return isSound
    }
}

/// Reads every byte, so that a sanitizer sees where they lie.
@inline(never)
func touch(_ bytes: UnsafeRawBufferPointer) {
    var sum: UInt8 = 0
    for byte in bytes { sum &+= byte }
    withExtendedLifetime(sum) {}
}
