// What workers hand in: read as it was written, and refused when it is anything else.

import Documents
import Testing

@Suite struct EncodedDocumentsTests {
    private var sample: EncodedDocuments {
        EncodedDocuments(
            documents: [
                .init(id: "a", record: 0, line: 1, rows: 1, tokens: 9, isTruncated: false),
                .init(id: "ü\n", record: 2, line: 3, rows: 3, tokens: 700, isTruncated: true),
            ],
            skipped: [DocumentProblem(record: 1, line: 2, id: "", reason: "it is empty")],
            repaired: 1, dimension: 3, rowBytes: 12, maxLength: 256)
    }

    private func payload(_ sample: EncodedDocuments) -> [UInt8] {
        sample.head + [UInt8](repeating: 7, count: sample.rows * sample.rowBytes)
    }

    private func read(_ bytes: [UInt8]) throws -> (EncodedDocuments, Range<Int>) {
        try bytes.withUnsafeBytes { try EncodedDocuments.read($0) }
    }

    @Test("documents and skipped ones are read back, and the vectors are found")
    func roundTrip() throws {
        let bytes = payload(sample)
        let (documents, vectors) = try read(bytes)
        #expect(documents.documents == sample.documents && documents.skipped == sample.skipped)
        #expect(documents.repaired == 1 && documents.maxLength == 256 && documents.rowBytes == 12)
        #expect(vectors.count == 48 && vectors.lowerBound % 64 == 0)
        let none = EncodedDocuments(
            documents: [], skipped: [], repaired: 0, dimension: 1, rowBytes: 1, maxLength: 1)
        #expect(try read(payload(none)).0.documents.isEmpty)
    }

    @Test("more repaired documents than can be added up are refused")
    func repairs() throws {
        var much = sample
        much.repaired = 1 << 32
        #expect(try read(payload(much)).0.repaired == 1 << 32)
        much.repaired = .max
        #expect(throws: DocumentError.self) { try read(payload(much)) }
    }

    @Test("what is cut short, longer or changed is refused or still in bounds")
    func mutations() throws {
        let bytes = payload(sample)
        for count in 0..<bytes.count {
            #expect(throws: DocumentError.self) { try read(Array(bytes[..<count])) }
        }
        #expect(throws: DocumentError.self) { try read(bytes + [0]) }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var mutated = bytes
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let index = Int.random(in: 0..<mutated.count, using: &generator)
                mutated[index] = UInt8.random(in: 0...255, using: &generator)
            }
            guard let (documents, vectors) = try? read(mutated) else { continue }
            #expect(vectors.count == documents.rows * documents.rowBytes)
        }
    }
}
