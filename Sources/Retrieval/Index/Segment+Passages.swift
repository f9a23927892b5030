// What a segment tells of a passage beside its tokens.

import Compression
import Files
import Tensors

extension Segment {
    /// - Throws: `.malformed`.
    public func id(of passage: Int) throws(IndexError) -> String {
        String(decoding: try idBytes(of: passage), as: UTF8.self)
    }

    private func idBytes(of passage: Int) throws(IndexError) -> UnsafeRawBufferPointer {
        let text = bytes("ids")
        let (begin, end) = (idStarts[passage], idStarts[passage + 1])
        guard begin <= end, end <= UInt64(text.count) else {
            throw malformed("ids.starts", "the id of passage \(passage) lies outside the file")
        }
        return UnsafeRawBufferPointer(rebasing: text[Int(begin)..<Int(end)])
    }

    /// The number of the passage with an id, by halving; nil when there is none.
    ///
    /// - Throws: `.malformed`.
    public func passage(id: String) throws(IndexError) -> Int? {
        let wanted = Array(id.utf8)
        var (low, high) = (0, passages)
        while low < high {
            let middle = (low + high) / 2
            let passage = Int(idOrder[middle])
            guard passage < passages else {
                throw malformed("ids.order", "passage \(passage) of \(passages)")
            }
            let found = try idBytes(of: passage)
            let difference = wanted.withUnsafeBytes { compareBytes(found, $0) }
            if difference == 0 { return passage }
            if difference < 0 { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// Text and metadata of a passage, nil where none is stored.
    ///
    /// - Throws: `.malformed`.
    public func text(
        of passage: Int
    ) throws(IndexError) -> (text: String?, metadata: String?) {
        let (block, first) = try block(of: passage)
        return try entry(passage - first, of: block)
    }

    /// The expanded block with a passage, and the first passage of it.
    private func block(of passage: Int) throws(IndexError) -> (bytes: [UInt8], first: Int) {
        let firsts = bytes("store.firsts").bindMemory(to: UInt32.self)
        let starts = bytes("store.starts").bindMemory(to: UInt64.self)
        let frames = bytes("store.blocks")
        // The last block that begins no later than the passage.
        var (low, high) = (0, firsts.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if Int(firsts[middle]) <= passage { low = middle } else { high = middle }
        }
        guard low + 1 < firsts.count, Int(firsts[low]) <= passage else {
            throw malformed("store.firsts", "no block has passage \(passage)")
        }
        let (begin, end) = (starts[low], starts[low + 1])
        guard begin <= end, end <= UInt64(frames.count), end - begin >= 4 else {
            throw malformed("store.starts", "block \(low) lies outside the file")
        }
        let size = Int(frames.loadUnaligned(fromByteOffset: Int(begin), as: UInt32.self))
        let frame = UnsafeRawBufferPointer(rebasing: frames[Int(begin) + 4..<Int(end)])
        // zstd shrinks nothing to less than a 2^16th or so of it
        let most = min(
            PassageStoreWriter.blockBytes + Passage.textBytesMax + 8, (frame.count + 64) << 16)
        guard size <= most, let expanded = ZstdBlock.expand(frame, count: size) else {
            throw malformed("store.blocks", "block \(low) does not expand to \(size) bytes")
        }
        return (expanded, Int(firsts[low]))
    }

    private func entry(
        _ index: Int, of block: [UInt8]
    ) throws(IndexError) -> (text: String?, metadata: String?) {
        var place = 0
        for step in 0...index {
            guard place + 8 <= block.count else { break }
            let lengths = block.withUnsafeBytes { raw in
                (0..<2).map { raw.loadUnaligned(fromByteOffset: place + 4 * $0, as: UInt32.self) }
            }
            let sizes = lengths.map { $0 == PassageStoreWriter.none ? 0 : Int($0) }
            let begin = place + 8
            place = begin + sizes[0] + sizes[1]
            guard place <= block.count else { break }
            if step < index { continue }
            func part(_ range: Range<Int>, _ length: UInt32) -> String? {
                length == PassageStoreWriter.none
                    ? nil : String(decoding: block[range], as: UTF8.self)
            }
            return (
                part(begin..<begin + sizes[0], lengths[0]),
                part(begin + sizes[0]..<place, lengths[1])
            )
        }
        throw malformed("store.blocks", "a block ends inside an entry")
    }

    /// The stored dense vector of a passage, nil when the index has none.
    ///
    /// - Throws: `.malformed`.
    public func denseVector(of passage: Int) throws(IndexError) -> [Float]? {
        guard let dense else { return nil }
        let row = try denseRow(of: passage)
        return (0..<dense.dimension).map { index in
            switch dense.type {
            case .f32: row.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
            case .f16:
                Float(
                    Float16(
                        bitPattern: row.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
            case .bf16:
                Float(
                    bitPattern: UInt32(
                        row.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)) << 16)
            case .int8: Float(row.loadUnaligned(fromByteOffset: index, as: Int8.self)) / 127
            case .binary: row[index / 8] >> UInt8(7 - index % 8) & 1 == 1 ? 1 : 0
            }
        }
    }

    /// The encoded tokens of a passage.
    ///
    /// - Throws: `.malformed`.
    func encodedTokens(of passage: Int) throws(IndexError) -> EncodedTokens {
        let range = try tokens(of: passage)
        let row = encoder.form.rowBytes(encoder.dimension), factor = encoder.form.factorBytes
        var encoded = EncodedTokens(form: encoder.form)
        encoded.centroids = Array(centroids[range])
        encoded.rows = Array(bytes("rows")[range.lowerBound * row..<range.upperBound * row])
        encoded.factors = Array(
            bytes("factors")[range.lowerBound * factor..<range.upperBound * factor])
        return encoded
    }
}
