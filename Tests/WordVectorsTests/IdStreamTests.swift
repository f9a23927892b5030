// Encoding: the same bytes from any number of threads, and files that lie.

import Files
import Tensors
import TestSupport
import Testing
import WordVectors

private struct Encoded {
    let scratch: Scratch
    let path: String
    let summary: IdStream.Summary
    let vocabulary: Vocabulary

    init(
        _ source: MemorySource, minimum: UInt64 = 1, blockBytes: Int = 65536, threads: Int = 1,
        order: ([Int]) -> [Int] = { $0 }
    ) throws {
        scratch = try Scratch()
        path = scratch.path("ids")
        let layout = CorpusLayout(fileSizes: source.fileSizes, blockBytes: blockBytes)
        vocabulary = try Vocabulary(
            countAll(source, blockBytes: blockBytes).pruned(minimum: minimum))
        summary = try IdStream.encode(
            source, layout: layout, blocks: order(Array(0 ..< layout.blockCount)),
            vocabulary: vocabulary, to: path, threads: threads)
    }

    func text() throws -> String {
        let stream = try IdStream(path: path)
        return withExtendedLifetime(stream) {
            stream.ids.map { $0 < 0 ? "|" : vocabulary.words[Int($0)] }.joined(separator: " ")
        }
    }
}

@Suite struct IdStreamTests {
    @Test("rare words go, then sentences without words, and -1 ends each of the others")
    func content() throws {
        let encoded = try Encoded(
            MemorySource(Array("a b rare\nlone\n\nb a\r\na".utf8)), minimum: 2)
        #expect(try encoded.text() == "a b | b a | a |")
        #expect(encoded.summary.words == 5)
        #expect(encoded.summary.sentences == 3)
        #expect(encoded.summary.ids == 8)
        #expect(encoded.summary.tokens == 7)
        let stream = try IdStream(path: encoded.path)
        #expect(stream.wordCount == 5 && stream.sentenceCount == 3)
        #expect(stream.vocabularyCount == 2)
    }

    @Test("the file is the same for any number of threads, and nothing else is left")
    func determinism() throws {
        let source = MemorySource(
            noiseText(
                bytes: 4_000_000, separators: Array(" \n".utf8), letters: Array("abcdef".utf8),
                seed: 12))
        let shuffle: ([Int]) -> [Int] = {
            PartitionPlan(blockCount: $0.count, partitions: 1, seed: 5).partitions[0]
        }
        let one = try Encoded(source, minimum: 3, blockBytes: 10_000, order: shuffle)
        for threads in [2, 3, 7] {
            let many = try Encoded(
                source, minimum: 3, blockBytes: 10_000, threads: threads, order: shuffle)
            #expect(try bytes(of: many.path) == bytes(of: one.path))
            #expect(many.summary == one.summary)
            #expect(many.scratch.names == ["ids"])
        }
    }

    @Test("blocks in order give the words of the text in order, whatever the block size")
    func order() throws {
        let source = MemorySource(
            noiseText(
                bytes: 20_000, separators: Array(" \n\0".utf8),
                letters: [0x61, 0x62, 0xc3, 0xa9, 0xff], seed: 13))
        let expected = ReferenceText(source.files).tokens
        for blockBytes in [1, 50, 4096, 65536] {
            let text = try Encoded(source, blockBytes: blockBytes, threads: 2).text()
            #expect(text.split(separator: " ").filter { $0 != "|" }.map(String.init) == expected)
        }
    }

    @Test("a failure on one thread ends the others and leaves no file")
    func failure() throws {
        let source = MemorySource(
            noiseText(
                bytes: 2_000_000, separators: [10], letters: Array("ab".utf8), seed: 14))
        let layout = CorpusLayout(fileSizes: source.fileSizes, blockBytes: 1000)
        let vocabulary = try Vocabulary(countAll(source).pruned(minimum: 1))
        let scratch = try Scratch()
        for threads in [1, 4] {
            #expect(throws: FileError.inputChanged(path: "broken")) {
                try IdStream.encode(
                    BrokenSource(inner: source), layout: layout,
                    blocks: Array(0 ..< layout.blockCount), vocabulary: vocabulary,
                    to: scratch.path("ids"), threads: threads)
            }
            #expect(scratch.names.isEmpty)
        }
        #expect {
            try IdStream.encode(
                source, layout: layout, blocks: [0], vocabulary: vocabulary,
                to: scratch.path("no/ids"))
        } throws: { error in
            if case .unwritable = error as? FileError { true } else { false }
        }
    }

    @Test("an empty stream is a stream")
    func empty() throws {
        let source = MemorySource(Array("a".utf8))
        let encoded = try Encoded(source, order: { _ in [] })
        #expect(try IdStream(path: encoded.path).ids.isEmpty)
    }

    @Test("36: every truncation and every changed byte is refused or harmless")
    func hostile() throws {
        let encoded = try Encoded(MemorySource(Array("a b\nc a\n".utf8)))
        let good = try bytes(of: encoded.path)
        for count in 0 ..< good.count {
            let bad = try encoded.scratch.write(Array(good[..<count]), to: "bad")
            #expect(throws: FileError.self) { try IdStream(path: bad) }
        }
        for index in good.indices {
            for value: UInt8 in [0, 1, 3, 0x7f, 0x80, 0xfe] where good[index] != value {
                var changed = good
                changed[index] = value
                let bad = try encoded.scratch.write(changed, to: "bad")
                guard let stream = try? IdStream(path: bad) else { continue }
                withExtendedLifetime(stream) {
                    #expect(stream.ids.allSatisfy { $0 >= -1 && $0 < stream.vocabularyCount })
                }
            }
        }
    }
}

/// Fails in the middle.
private struct BrokenSource: TextSource {
    let inner: MemorySource
    var fileSizes: [Int] { inner.fileSizes }

    func withBytes<Value>(
        file: Int, range: Range<Int>,
        _ body: (UnsafeRawBufferPointer) throws(FileError) -> Value
    ) throws(FileError) -> Value {
        guard range.upperBound < inner.fileSizes[0] / 2 else {
            throw .inputChanged(path: "broken")
        }
        return try inner.withBytes(file: file, range: range, body)
    }
}

@Suite struct PartitionPlanTests {
    @Test("every block is in one partition, and lengths differ by one at most")
    func partition() {
        for (blocks, parts) in [(0, 1), (1, 3), (10, 3), (1000, 7), (5, 5)] {
            let plan = PartitionPlan(blockCount: blocks, partitions: parts, seed: 42)
            #expect(plan.partitions.count == parts)
            #expect(plan.partitions.flatMap(\.self).sorted() == Array(0 ..< blocks))
            let lengths = plan.partitions.map(\.count)
            #expect((lengths.max() ?? 0) - (lengths.min() ?? 0) <= 1)
        }
    }

    @Test("the plan for a seed never changes")
    func stability() {
        let plan = PartitionPlan(blockCount: 12, partitions: 2, seed: 1)
        #expect(plan == PartitionPlan(blockCount: 12, partitions: 2, seed: 1))
        #expect(plan != PartitionPlan(blockCount: 12, partitions: 2, seed: 2))
        #expect(plan.partitions == [[7, 0, 4, 1, 2, 11], [5, 10, 3, 9, 8, 6]])
    }

    @Test("many small files are dealt by bytes")
    func bytes() {
        var noise = Numbers(3)
        let sizes = (0 ..< 5000).map { _ in Int.random(in: 0 ... 200_000, using: &noise) }
        let layout = CorpusLayout(fileSizes: sizes)
        let plan = PartitionPlan(layout: layout, partitions: 4, seed: 7)
        #expect(plan.partitions.flatMap(\.self).sorted() == Array(0 ..< layout.blockCount))
        for part in plan.partitions {
            let bytes = part.reduce(0) { $0 + layout.nominal($1).range.count }
            #expect(abs(bytes - layout.byteCount / 4) <= CorpusLayout.blockBytesDefault)
        }
    }
}
