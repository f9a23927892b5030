// Chunks: whole records, all of them, and the same documents however they are cut.

import Documents
import TestSupport
import Testing

@Suite struct ScannerTests {
    private func chunks(
        _ bytes: [UInt8], _ format: DocumentFormat, chunkBytes: Int
    ) throws -> [RecordRange] {
        let scratch = try Scratch()
        let path = try scratch.write(bytes, to: "documents")
        return try RecordScanner(format, chunkBytes: chunkBytes).scan(path, size: bytes.count)
    }

    private func read(
        _ bytes: [UInt8], _ layout: DocumentLayout, _ range: RecordRange,
        selected: Range<Int>? = nil
    ) -> DocumentBatch {
        bytes[range.bytes].withUnsafeBytes {
            DocumentReader(layout).read($0, range, selected: selected)
        }
    }

    /// Record, line and id of what has an id, without reading texts.
    private func ids(
        _ bytes: [UInt8], _ layout: DocumentLayout, _ chunks: [RecordRange]
    ) throws -> Set<String> {
        let scratch = try Scratch()
        let ids = try DocumentIDs(try scratch.write(bytes, to: "documents"), layout)
        var found: Set<String> = []
        for chunk in chunks {
            try ids.read(chunk) { entry in
                found.insert(
                    "\(entry.record) \(entry.line) \(String(decoding: entry.id, as: UTF8.self))")
            }
        }
        return found
    }

    @Test(
        "any cutting gives the same documents, records and lines",
        arguments: DocumentFormat.allCases)
    func cuts(_ format: DocumentFormat) throws {
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "\n", "\r\n", "\"", "\"\"", ",", "\t", "a", "word ", "ü",
            "{\"_id\":1,\"text\":\"x\"}\n",
            "1,\"two\nlines\"\n", "7\tseven\n", "\0", "\\",
        ]
        let layout = try layout(format)
        for _ in 0..<300 {
            let text = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }.joined()
            let bytes = Array(text.utf8)
            let whole = RecordRange(
                bytes: 0..<bytes.count, firstRecord: 0, firstLine: 1, records: 0)
            let expected = read(bytes, layout, whole)
            for chunkBytes in [1, 7, 40, 1_000] {
                let chunks = try chunks(bytes, format, chunkBytes: chunkBytes)
                #expect(chunks.first?.bytes.lowerBound ?? 0 == 0)
                #expect(chunks.last?.bytes.upperBound ?? 0 == bytes.count)
                #expect(
                    zip(chunks, chunks.dropFirst()).allSatisfy {
                        $0.bytes.upperBound == $1.bytes.lowerBound
                            && $0.firstRecord + $0.records == $1.firstRecord
                    })
                #expect(chunks.allSatisfy { $0.records == 1 || $0.bytes.count <= chunkBytes })
                let batches = chunks.map { read(bytes, layout, $0) }
                #expect(batches.flatMap(\.ids) == expected.ids, "\(text.debugDescription)")
                #expect(batches.flatMap(\.texts) == expected.texts, "\(text.debugDescription)")
                #expect(batches.flatMap(\.problems) == expected.problems)
                #expect(
                    batches.flatMap(\.entries).map(\.line) == expected.entries.map(\.line))
                // Files are slow, and the cuts of one size are enough.
                if chunkBytes != 7 { continue }
                let ids = try ids(bytes, layout, chunks)
                #expect(ids.isSuperset(of: expected.entries.indices.map { expected.name($0) }))
                #expect(ids.isSuperset(of: expected.problems.compactMap(\.name)))
                #expect(ids.count <= expected.entries.count + expected.problems.count)
            }
        }
    }

    @Test("halves of a chunk hold its records, each once")
    func halves() throws {
        let bytes = Array("a\n\nb\nc\nd".utf8)
        let range = RecordRange(bytes: 0..<8, firstRecord: 10, firstLine: 5, records: 5)
        let first = read(bytes, try layout(.txt), range, selected: 0..<2)
        let second = read(bytes, try layout(.txt), range, selected: 2..<5)
        #expect(first.ids == ["10"] && second.ids == ["12", "13", "14"])
        #expect(second.entries.map(\.line) == [7, 8, 9])
    }

    @Test("records that cross the scanner's buffer stay whole")
    func buffers() throws {
        var bytes: [UInt8] = []
        for length in [1 << 20, 3, (1 << 20) - 1, 0, 2_500_000, 10] {
            bytes += [UInt8](repeating: 0x78, count: length) + [0x0a]
        }
        let chunks = try chunks(bytes, .txt, chunkBytes: 1_000)
        #expect(chunks.map(\.records) == [1, 1, 1, 1, 1, 1])
        #expect(chunks.map(\.firstLine) == [1, 2, 3, 4, 5, 6])
        let quoted =
            Array("1,\"".utf8) + [UInt8](repeating: 0x0a, count: 1 << 20)
            + Array("\"\n2,x".utf8)
        let csv = try self.chunks(quoted, .csv, chunkBytes: 100)
        #expect(csv.map(\.firstLine) == [1, (1 << 20) + 2] && csv.map(\.firstRecord) == [0, 1])
    }

    @Test("a record beyond the limit is alone in its chunk, and is never read")
    func oversized() {
        let range = RecordRange(
            bytes: 100..<(70 << 20), firstRecord: 4, firstLine: 9, records: 1)
        let batch = DocumentReader.oversized(range)
        #expect(batch.reasons.count == 1 && batch.reasons[0].hasPrefix("9: a record of "))
        #expect(batch.problems[0].record == 4)
    }

    @Test("a file that has become shorter is noticed")
    func shorter() throws {
        let scratch = try Scratch()
        let path = try scratch.write("a\n", to: "documents")
        #expect(throws: (any Error).self) {
            try RecordScanner(.txt, chunkBytes: 10).scan(path, size: 3)
        }
    }
}

extension DocumentBatch {
    fileprivate func name(_ index: Int) -> String {
        "\(entries[index].record) \(entries[index].line) \(id(index))"
    }
}

extension DocumentProblem {
    /// Nil where the record has no id.
    fileprivate var name: String? { id.isEmpty ? nil : "\(record) \(line) \(id)" }
}
