// A corpus in memory, and a plain tokeniser to hold the fast one against.

import Files
import Tensors
import WordVectors

struct MemorySource: TextSource {
    let files: [[UInt8]]

    init(_ files: [UInt8]...) { self.files = files }

    var fileSizes: [Int] { files.map(\.count) }

    func withBytes<Value>(
        file: Int, range: Range<Int>,
        _ body: (UnsafeRawBufferPointer) throws(FileError) -> Value
    ) throws(FileError) -> Value {
        let piece = Array(files[file][range])
        let result = piece.withUnsafeBytes { raw in
            Result { () throws(FileError) in try body(raw) }
        }
        return try result.get()
    }
}

/// What the rules of `CorpusLayout` make of files, written for clarity.
struct ReferenceText: Equatable {
    var tokens: [String] = []
    var overlong = 0
    var replaced = 0

    init(_ files: [[UInt8]]) {
        for var file in files {
            if file.starts(with: [0xef, 0xbb, 0xbf]) { file.removeFirst(3) }
            let separators: Set<UInt8> = [0, 9, 10, 11, 12, 13, 32]
            for token in file.split(whereSeparator: separators.contains) {
                if token.count > 1024 {
                    overlong += 1
                } else {
                    let text = String(decoding: token, as: UTF8.self)
                    if Array(text.utf8) != Array(token) { replaced += 1 }
                    tokens.append(text)
                }
            }
        }
    }

    var counts: [String: UInt64] {
        tokens.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
}

func words(_ table: CountTable) -> [String: UInt64] {
    var counts: [String: UInt64] = [:]
    for index in 0 ..< table.entries {
        let word = table.withKey(at: index) { String(decoding: $0, as: UTF8.self) }
        counts[word] = table.count(at: index)
    }
    return counts
}

func payload(_ table: CountTable) -> [UInt8] {
    table.withPayload { Array($0) }
}

/// Counts every block of a source.
func countAll(
    _ source: some TextSource, blockBytes: Int = CorpusLayout.blockBytesDefault, threads: Int = 1
) throws -> CountTable {
    let layout = CorpusLayout(fileSizes: source.fileSizes, blockBytes: blockBytes)
    return try WordCounter.count(
        source, layout: layout, blocks: Array(0 ..< layout.blockCount), threads: threads)
}
