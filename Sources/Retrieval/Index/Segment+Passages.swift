// What a segment tells of a passage beside its tokens.

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
