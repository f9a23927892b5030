// Speed of BM25 on texts, a line each: building the inverted file, and the best 100 of each query.

import Files
import Retrieval

private final class Bytes {
    var all: [UInt8] = []
}

func words(documents: String, queries: String) throws {
    let texts = try lines(of: documents)
    let questions = try lines(of: queries).map { String(decoding: $0, as: UTF8.self) }
    let bytes = Bytes()
    let building = try seconds {
        var builder = try InvertedFile.Builder(.english)
        for text in texts { try text.withUnsafeBytes { _ = try builder.add($0) } }
        try builder.finish { bytes.all += $0 }
    }
    let file = try InvertedFile(copying: bytes.all)
    let analyzer = try WordAnalyzer(.english)
    var found = 0
    let time = try least(5) {
        for question in questions {
            let query = try BM25Query(question, analyzer)
            found += file.search(query, statistics: query.statistics(of: file), top: 100).count
        }
    }
    let megabytes = Double(texts.reduce(0) { $0 + $1.count }) / 1e6
    print("index: \(megabytes / building) MB/s")
    print("queries: \(Double(questions.count) / time) /s, \(found) found")
}

private func lines(of path: String) throws -> [[UInt8]] {
    let file = try MappedFile(path: path)
    return withExtendedLifetime(file) {
        file.bytes.split(separator: 0x0a).map { Array($0) }
    }
}
