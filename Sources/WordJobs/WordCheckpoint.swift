// What a training of word vectors leaves for a later one to go on from, in one file.

import Digests
package import Files
import FoundationEssentials
package import Protocol
package import Tensors
package import WordVectors

/// Words with their counts and both matrices: a safetensors file, mapped, all of it checked. Its
/// layout is in docs/formats.md, "Checkpoints of words".
package final class WordCheckpoint: Sendable {
    package let path: String
    package let kind: WordModelKind
    /// Its words by rank, with the counts of all texts that they were trained on.
    package let ranked: CountTable
    package let vocabulary: Vocabulary
    /// Nil if words were trained as wholes.
    private let subwords: SubwordTable?
    private let file: SafeTensorsFile

    static let key = "sounder"
    static let format = "sounder-words-1"
    private static let offset = 8
    /// Buckets that any file may have: four times as many as a training has by default.
    private static let bucketsOfAnyFile = 1 << 23

    /// What stands in the file beside the tensors.
    struct Mark: Codable {
        let format: String
        let model: WordModelKind
        /// Of the model and the tensors, in the order of the file.
        let sha256: String
    }

    /// - Throws: `.unreadable`; `.malformed` for another file, and for one that is not as it was
    ///   written; `.outOfMemory`.
    package init(path: String) throws(FileError) {
        self.path = path
        file = try SafeTensorsFile(path: path)
        guard let text = file.metadata[Self.key],
            let mark = try? JSONDecoder().decode(Mark.self, from: Data(text.utf8)),
            mark.format == Self.format, mark.model.isSound
        else {
            throw .malformed(
                path: path, offset: Self.offset,
                reason: "it is no checkpoint of words; training writes one with --checkpoint")
        }
        kind = mark.model
        guard Self.digest(of: file, kind) == mark.sha256 else {
            throw .malformed(
                path: path, offset: Self.offset,
                reason: "it does not have the SHA-256 that it was written with; take another copy")
        }
        try Self.checkBuckets(kind, file, path: path)
        do {
            ranked = try Self.ranked(file)
            vocabulary = try Vocabulary(ranked)
            var spec = TrainWords(files: [])
            spec.subwords = kind.subwords
            subwords = try spec.subwordTable(of: vocabulary)
        } catch CountTableError.outOfMemory, SubwordError.outOfMemory {
            throw .outOfMemory(doing: "reading the words of \(path)")
        } catch {
            throw .malformed(path: path, offset: Self.offset, reason: "\(error)")
        }
        try checkMatrix("input", rows: subwords?.rowCount ?? vocabulary.count)
        try checkMatrix("output", rows: vocabulary.count)
    }

    /// A table has an entry for every bucket, and only the size of the file says that they are
    /// more than a number.
    private static func checkBuckets(
        _ kind: WordModelKind, _ file: SafeTensorsFile, path: String
    ) throws(FileError) {
        let buckets = kind.subwords?.buckets ?? 0
        let most = max(bucketsOfAnyFile, file.data("input")?.count ?? 0)
        guard buckets <= most else {
            throw .malformed(
                path: path, offset: offset,
                reason: "it has \(buckets) buckets of n-grams, and with vectors of its size "
                    + "\(most) are allowed; train with fewer --buckets")
        }
    }

    private static func digest(of file: SafeTensorsFile, _ kind: WordModelKind) -> String? {
        guard var sum = SHA256Stream(of: kind) else { return nil }
        for entry in file.entries {
            if let data = file.data(entry.name) { sum.add(data) }
        }
        return sum.digest
    }

    /// The words as a vocabulary comes out of counting.
    private static func ranked(
        _ file: SafeTensorsFile
    ) throws(CountTableError) -> CountTable {
        let newline = UInt8(ascii: "\n")
        guard let text = file.data("vocabulary"), file.entry("vocabulary")?.type == .u8,
            let counts = file.data("counts"), let entry = file.entry("counts"),
            entry.type == .i64, entry.shape.count == 1, entry.shape[0] > 0,
            entry.shape[0] <= Int(Int32.max), !text.isEmpty,
            text.reduce(1, { $1 == newline ? $0 + 1 : $0 }) == entry.shape[0]
        else { throw .malformed(reason: "words and counts are not as many") }
        let words = text.split(separator: newline, omittingEmptySubsequences: false)
        var builder = try CountTableBuilder(
            order: .rank, entries: words.count, keyBytes: text.count - (words.count - 1),
            tallies: [UInt64](repeating: 0, count: CountTable.tallyCount))
        for (index, word) in words.enumerated() {
            let count = counts.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self)
            guard count > 0, !word.isEmpty else {
                throw .malformed(reason: "word \(index) occurs \(count) times")
            }
            try builder.append(
                key: UnsafeRawBufferPointer(rebasing: word), count: UInt64(count))
        }
        return try builder.finish()
    }

    private func checkMatrix(_ name: String, rows: Int) throws(FileError) {
        guard let entry = file.entry(name), let data = file.data(name), entry.type == .f32,
            entry.shape == [rows, kind.dimension]
        else {
            throw .malformed(
                path: path, offset: Self.offset,
                reason: "no tensor '\(name)' of F32 [\(rows), \(kind.dimension)]")
        }
        let isFinite = (0..<rows * kind.dimension).allSatisfy {
            data.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self).isFinite
        }
        guard isFinite else {
            throw .malformed(
                path: path, offset: Self.offset, reason: "'\(name)' has a value that is not finite")
        }
    }

    /// Why a training with these settings cannot go on from here, as a sentence; nil if it can.
    package func complaint(_ spec: TrainWords) -> String? {
        let wanted = WordModelKind(spec)
        guard wanted != kind else { return nil }
        return "\(path) holds \(kind), from which \(wanted) cannot go on; ask for the model of "
            + "the checkpoint, or leave out --continue-from"
    }
}

extension WordCheckpoint {
    /// Puts the rows of this checkpoint's words, and of the n-grams that they are made of, where
    /// the same words and n-grams are in `parameters`. Other rows stay as they are.
    ///
    /// - Parameters:
    ///   - grown: the words of `parameters`, among them those of this checkpoint.
    ///   - subwords: its n-grams, if this checkpoint has any.
    package func place(
        in parameters: WordParameters, of grown: Vocabulary, _ subwords: SubwordTable?
    ) {
        guard let input = file.data("input"), let output = file.data("output") else { return }
        for word in 0..<grown.count {
            let old = grown.words.withBytes(word) { vocabulary.id(ofBytes: $0) }
            guard let old else { continue }
            copy(Int(old), of: input, to: parameters.input, word)
            copy(Int(old), of: output, to: parameters.output, word)
        }
        guard let subwords, let known = self.subwords else { return }
        for row in grown.count..<subwords.rowCount {
            guard let bucket = subwords.bucket(ofRow: row), let old = known.row(ofBucket: bucket)
            else { continue }
            copy(old, of: input, to: parameters.input, row)
        }
    }

    private func copy(
        _ source: Int, of data: UnsafeRawBufferPointer, to matrix: Matrix, _ row: Int
    ) {
        let bytes = 4 * kind.dimension
        UnsafeMutableRawPointer(matrix.row(row)).copyMemory(
            from: data.baseAddress! + source * bytes, byteCount: bytes)
    }
}
