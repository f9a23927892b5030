// Files of word vectors, of word ids, and of questions about them.

import Digests
import Files
import FoundationEssentials
import Tensors
import WordJobs
import WordVectors

enum VectorTargets {
    static func vectors(_ bytes: UnsafeRawBufferPointer, _ format: VectorFormat) -> Bool {
        let read = MemoryFile(bytes).withPath { try? VectorFile.read($0, format: format) }
        guard let table = read else { return false }
        check(table)
        return true
    }

    /// Any format by its content, among them .npy with the vocabulary behind a byte 0xff at the
    /// end: the data may have such bytes, the vocabulary never does.
    static func anyVectors(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let cut = bytes.lastIndex(of: 0xff) ?? bytes.endIndex
        let path = MemoryDirectory.write(bytes[..<cut], to: "v.npy")
        _ = MemoryDirectory.write(bytes[cut...].dropFirst(), to: "v.vocab")
        guard let table = try? VectorFile.read(path, rowsMax: 1 << 16) else { return false }
        check(table)
        return true
    }

    /// A fastText model, and the vectors of words that it has and lacks.
    static func fastText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        MemoryFile(bytes).withPath { path in
            guard let model = try? SubwordVectors(path: path),
                let table = try? model.wordVectors(rowsMax: 1 << 16)
            else { return false }
            check(table)
            for word in ["", "unseen", "\u{0}\u{e9}\u{1f600}"] {
                promise(
                    model.vector(of: word).count == model.dimensions, "a vector of another length")
                promise(
                    model.rows(of: word).allSatisfy { $0 >= 0 && $0 < model.inputRows },
                    "a row beyond the \(model.inputRows) of the input")
            }
            if model.inputRows > 0 { _ = model.inputRow(model.inputRows - 1) }
            if model.outputRows > 0 { _ = model.outputRow(model.outputRows - 1) }
            return true
        }
    }

    private static func check(_ table: WordVectorTable) {
        let rows = table.vectors.rows
        promise(table.count == rows, "\(table.count) words, \(rows) rows")
        for index in 0..<table.count { table.words.withBytes(index) { touch($0) } }
        if table.count > 0 {
            // A word that is not UTF-8 is another one as a String.
            let isText = table.words.withBytes(0) { String(validating: $0, as: UTF8.self) != nil }
            promise(
                !isText || table.index(of: table.words[0]) == 0, "the first word is not found")
            touch(UnsafeRawBufferPointer(start: table.vectors.row(0), count: 4))
        }
    }

    /// A checkpoint of words. Its digest is corrected, which no mutation could.
    static func checkpoint(_ bytes: UnsafeRawBufferPointer) -> Bool {
        MemoryFile(corrected(Array(bytes))).withPath { path in
            guard let checkpoint = try? WordCheckpoint(path: path) else { return false }
            let vocabulary = checkpoint.vocabulary
            for word in 0..<vocabulary.count {
                let found = vocabulary.words.withBytes(word) { vocabulary.id(ofBytes: $0) }
                promise(found.map { Int($0) } == word, "word \(word) is not found")
            }
            return true
        }
    }

    private struct Signed: Decodable {
        let model: WordModelKind
    }

    private static func corrected(_ checkpoint: [UInt8]) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let file = MemoryFile(checkpoint).withPath({ try? SafeTensorsFile(path: $0) }),
            let text = file.metadata["sounder"],
            let mark = try? JSONDecoder().decode(Signed.self, from: Data(text.utf8)),
            let model = try? encoder.encode(mark.model),
            // As it stands in JSON within JSON.
            let place = checkpoint.firstRange(of: Array(#"sha256\":\""#.utf8))?.upperBound,
            place + 64 <= checkpoint.count
        else { return checkpoint }
        var sum = SHA256Stream()
        sum.add(Array(model))
        for entry in file.entries {
            if let data = file.data(entry.name) { sum.add(data) }
        }
        var bytes = checkpoint
        bytes.replaceSubrange(place..<place + 64, with: Array(sum.digest.utf8))
        return bytes
    }

    static func idStream(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let opened = MemoryFile(bytes).withPath { try? IdStream(path: $0) }
        guard let stream = opened else { return false }
        withExtendedLifetime(stream) {
            promise(
                stream.ids.allSatisfy { $0 >= -1 && $0 < stream.vocabularyCount },
                "ids beyond the vocabulary of \(stream.vocabularyCount)")
        }
        return true
    }

    /// Analogies and similarities take any text; they only must come to an end.
    static func questions(_ bytes: UnsafeRawBufferPointer) -> Bool {
        MemoryFile(bytes).withPath { path in
            let analogies = try? AnalogyQuestions(path: path)
            let similarity = try? Similarity(path: path)
            return analogies != nil || similarity != nil
        }
    }
}
