// The end of a segment's writing: what can only be known then, and the file itself.

import Files
import Glibc

extension SegmentWriter {
    /// Writes the segment; the writer cannot be used after.
    ///
    /// - Parameters:
    ///   - words: bytes of an inverted file over the same passages, kept as they are.
    ///   - threads: of those that bring dense vectors into lists; nil leaves them as they came.
    ///   - durable: waits for the disk.
    /// - Throws: `.duplicate`, `.vectors`, `.file`.
    public func finish(
        words: UnsafeRawBufferPointer? = nil, listing threads: Int? = nil, durable: Bool = true
    ) throws(IndexError) -> SegmentSummary {
        let order = try sortedIDs()
        let vectors = try denseSections(threads: threads)
        do {
            try store.finish()
            let inverted = try invertedFile()
            let parts: [(String, ScratchFile)] =
                [
                    ("starts", starts), ("centroids", centroids), ("rows", rows),
                    ("factors", factors), ("ivf.starts", inverted.starts),
                    ("ivf.passages", inverted.passages), ("ids.starts", idStarts), ("ids", ids),
                    ("ids.order", order), ("store.firsts", store.firsts),
                    ("store.starts", store.starts), ("store.blocks", store.blocks),
                ] + vectors + (try metadataPart())
            var sections: [(String, UnsafeRawBufferPointer)] = []
            for (name, part) in parts {
                sections.append((name, UnsafeRawBufferPointer(try part.map())))
            }
            if let words { sections.append(("words", words)) }
            return try withExtendedLifetime(parts) { () throws(FileError) in
                try write(sections, durable: durable)
            }
        } catch {
            throw .file(error)
        }
    }

    private func metadataPart() throws(FileError) -> [(String, ScratchFile)] {
        guard let metadata, !metadata.fields.isEmpty else { return [] }
        precondition(
            metadata.passages == passages, "fields of \(metadata.passages) of \(passages) passages")
        let file = try ScratchFile(beside: path)
        try file.append(metadata.bytes)
        return [("metadata", file)]
    }

    private func write(
        _ sections: [(String, UnsafeRawBufferPointer)], durable: Bool
    ) throws(FileError) -> SegmentSummary {
        var header = SegmentHeader(
            passages: passages, tokens: tokens, dimension: encoder.dimension,
            form: encoder.form, centroids: encoder.centroids.count, dense: dense,
            fingerprint: encoder.fingerprint)
        var offset = SegmentHeader.byteCount(sections: sections.count)
        for (name, bytes) in sections {
            header.sections.append(.init(name: name, offset: offset, length: bytes.count))
            offset = SegmentHeader.aligned(offset + bytes.count)
        }
        header.byteCount = offset
        let file = try AtomicFile(path: path)
        try file.write(header.encoded)
        for (_, bytes) in sections {
            try file.write(bytes)
            let padding = SegmentHeader.aligned(file.byteCount) - file.byteCount
            try file.write([UInt8](repeating: 0, count: padding))
        }
        precondition(file.byteCount == offset, "\(file.byteCount) of \(offset) bytes")
        try file.commit(durable: durable)
        return SegmentSummary(
            path: path, byteCount: offset, passages: passages, tokens: tokens)
    }

    /// The passages in the order of their ids' bytes, `[passages]` of UInt32.
    private func sortedIDs() throws(IndexError) -> ScratchFile {
        let (text, starts, file):
            (
                UnsafeMutableRawBufferPointer, UnsafeMutableRawBufferPointer, ScratchFile
            )
        do {
            text = try ids.map()
            starts = try idStarts.map()
            file = try ScratchFile(beside: path)
        } catch {
            throw .file(error)
        }
        func id(_ passage: UInt32) -> UnsafeRawBufferPointer {
            let from = starts.load(fromByteOffset: 8 * Int(passage), as: UInt64.self)
            let to = starts.load(fromByteOffset: 8 * Int(passage) + 8, as: UInt64.self)
            return UnsafeRawBufferPointer(rebasing: text[Int(from)..<Int(to)])
        }
        let order = (0..<UInt32(passages)).sorted {
            let difference = compareBytes(id($0), id($1))
            return difference < 0 || difference == 0 && $0 < $1
        }
        for (a, b) in zip(order, order.dropFirst())
        where !idsMayRepeat && compareBytes(id(a), id(b)) == 0 {
            throw .duplicate(id: String(decoding: id(a), as: UTF8.self))
        }
        let bytes = order.withUnsafeBytes { Array($0) }
        try wrapping { () throws(FileError) in try file.append(bytes) }
        return file
    }

    /// From every centroid to the passages with a token of it, ascending, each once
    /// (Santhanam et al. 2022b, section 4.1).
    private func invertedFile() throws(FileError) -> (starts: ScratchFile, passages: ScratchFile) {
        let places = try centroids.map().bindMemory(to: UInt16.self)
        let begins = try starts.map().bindMemory(to: UInt32.self)
        let count = encoder.centroids.count
        var last = [UInt32](repeating: .max, count: count)
        var ends = [UInt32](repeating: 0, count: count)
        func visit(_ body: (Int, UInt32) -> Void) {
            for index in last.indices { last[index] = .max }
            for passage in 0..<UInt32(passages) {
                let begin = Int(begins[Int(passage)]), end = Int(begins[Int(passage) + 1])
                for token in begin..<end {
                    let place = Int(places[token])
                    if last[place] == passage { continue }
                    last[place] = passage
                    body(place, passage)
                }
            }
        }
        visit { place, _ in ends[place] += 1 }
        let file = (starts: try ScratchFile(beside: path), passages: try ScratchFile(beside: path))
        try file.starts.append(UInt32(0))
        var next: [UInt32] = []
        var total: UInt32 = 0
        for size in ends {
            next.append(total)
            total += size
            try file.starts.append(total)
        }
        try file.passages.reserve(4 * Int(total))
        let to = try file.passages.map().bindMemory(to: UInt32.self)
        visit { place, passage in
            to[Int(next[place])] = passage
            next[place] += 1
        }
        return file
    }
}

/// As memcmp, the shorter first where one begins the other.
func compareBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let shared = min(a.count, b.count)
    if shared > 0, let left = a.baseAddress, let right = b.baseAddress {
        let difference = memcmp(left, right, shared)
        if difference != 0 { return Int(difference) }
    }
    return a.count - b.count
}
