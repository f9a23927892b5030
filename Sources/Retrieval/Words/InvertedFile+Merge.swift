// Several inverted files as one, without the passages that are gone.

public import Files

extension InvertedFile {
    /// Writes the passages of all files as one file: those of the first, then those of the second,
    /// and so on, numbered without gaps. Holds the new dictionary, 8 bytes for each passage and the
    /// postings of one term.
    ///
    /// - Parameters:
    ///   - keeping: whether a passage of a file, by its place in `files`, stays.
    ///   - sink: takes the bytes, in pieces.
    /// - Throws: `.differentAnalysis`, `.malformed`, `.tooManyDocuments`, `.file`.
    public static func merge(
        _ files: [InvertedFile], keeping: (Int, UInt32) -> Bool = { _, _ in true },
        _ sink: @escaping (UnsafeRawBufferPointer) throws(FileError) -> Void
    ) throws(WordsError) {
        guard let analysis = files.first?.analysis else {
            var writer = InvertedFileWriter(WordAnalysis(), lengths: [], sink: sink)
            return try writer.finish()
        }
        for file in files where file.analysis != analysis {
            throw .differentAnalysis(analysis.description, file.analysis.description)
        }
        let numbering = try Numbering(files, keeping)
        var writer = InvertedFileWriter(analysis, lengths: numbering.lengths, sink: sink)
        var parts = files.indices.map { MergePart(files[$0], numbering.numbers[$0]) }
        for index in parts.indices { try parts[index].advance() }
        var postings: [Posting] = []
        while let term = parts.compactMap(\.term).min(by: { $0.lexicographicallyPrecedes($1) }) {
            postings.removeAll(keepingCapacity: true)
            for index in parts.indices where parts[index].term == term {
                try parts[index].appendPostings(to: &postings)
                try parts[index].advance()
            }
            if !postings.isEmpty { try writer.add(term, postings[...]) }
        }
        try writer.finish()
    }
}

/// The numbers that passages have after a merge.
private struct Numbering {
    static let gone = UInt32.max
    var numbers: [[UInt32]] = []
    var lengths: [UInt32] = []

    init(_ files: [InvertedFile], _ keeping: (Int, UInt32) -> Bool) throws(WordsError) {
        for (part, file) in files.enumerated() {
            var own = [UInt32](repeating: Self.gone, count: file.passageCount)
            for passage in own.indices where keeping(part, UInt32(passage)) {
                guard lengths.count < InvertedFile.passagesMax else {
                    throw .tooManyDocuments(documentsMax: InvertedFile.passagesMax)
                }
                own[passage] = UInt32(lengths.count)
                lengths.append(UInt32(file.length(of: passage)))
            }
            numbers.append(own)
        }
    }
}

/// One of the files, and the term it stands at.
private struct MergePart {
    private let file: InvertedFile
    private let numbers: [UInt32]
    private var iterator: TermIterator
    private var number = -1
    private(set) var term: [UInt8]?

    init(_ file: InvertedFile, _ numbers: [UInt32]) {
        self.file = file
        self.numbers = numbers
        iterator = file.makeTermIterator()
    }

    /// Goes on to the next term; `term` is nil after the last.
    mutating func advance() throws(WordsError) {
        number += 1
        guard number < file.termCount else {
            term = nil
            return
        }
        let isRead = iterator.next(inBlock: number % InvertedFileLayout.blockTerms != 0)
        let isAfter = term.map { $0.lexicographicallyPrecedes(iterator.term) } ?? true
        guard isRead, isAfter else {
            throw .malformed(reason: "term \(number) is out of order")
        }
        term = iterator.term
    }

    func appendPostings(to postings: inout [Posting]) throws(WordsError) {
        for posting in try file.checkedPostings(of: number) {
            let passage = numbers[Int(posting.passage)]
            guard passage != Numbering.gone else { continue }
            postings.append(Posting(passage: passage, frequency: posting.frequency))
        }
    }
}
