// Pairs of words in the sample of a corpus: how many the whole has, and how fast they are counted.

import Files
import Glibc
import Tensors
import WordVectors

/// Different pairs grow as a power of the text, like different words.
struct PairSample {
    let text: EncodedSample
    /// Of the sample, in one part.
    let file: CooccurrenceFile
    /// Words of the sample that count in the whole, a second.
    let wordsPerSecond: Double
    /// Pairs that the coordinator checks and merges, a second.
    let pairsMergedPerSecond: Double
    let exponent: Double
    private let scale: Double

    init(
        _ look: Estimation.Look, _ settings: CooccurrenceSettings, minimumCount: Int, limit: Int
    ) throws {
        let text = try EncodedSample(look, minimumCount: minimumCount, limit: limit)
        self.text = text
        defer { withExtendedLifetime(text.stream) {} }
        scale = look.sample.scale
        let counter = CooccurrenceCounter(settings: settings, vocabulary: text.vocabulary.count)
        let path = "\(look.input.directory)/pairs"
        let ids = text.stream.ids
        let half = try counter.count(
            UnsafeBufferPointer(rebasing: ids[..<(ids.count / 2)]), to: path,
            threads: look.threads)
        var pairs = 0
        wordsPerSecond = try speed(over: Double(text.stream.wordCount)) {
            pairs = try counter.count(ids, to: path, threads: look.threads).pairs
        }
        let file = try CooccurrenceFile(path: path)
        self.file = file
        pairsMergedPerSecond = try speed(over: Double(pairs)) {
            try file.table.validate()
            try CooccurrenceMerge.write([file.table], to: path + ".merged")
        }
        exponent =
            half.pairs > 0 && pairs > half.pairs
            ? min(1, log(Double(pairs) / Double(half.pairs)) / M_LN2) : 1
    }

    /// Different pairs in a share of the corpus.
    func pairs(ofShare share: Double = 1) -> Double {
        (Double(file.table.pairs) * pow(scale * share, exponent)).rounded()
    }

    /// On the wire and on disk.
    var bytesPerPair: Double {
        Double(file.file.bytes.count) / Double(max(file.table.pairs, 1))
    }
}

/// What counting pairs takes, for models that are made of them. All in bytes.
struct PairCounting {
    /// Of the whole corpus, merged.
    let pairs: Double
    let pairBytes: Double
    /// What the workers hand in.
    let sentBytes: Double
    /// Tables of pairs in the memory of one worker.
    let tableBytes: Double
    let seconds: Double

    /// - Parameter threads: of a worker.
    init(
        _ sample: PairSample, keptWords: Double, pieces: Int, threads: Int, memoryBytes: Int
    ) {
        pairs = sample.pairs()
        pairBytes = pairs * sample.bytesPerPair
        let piece = sample.pairs(ofShare: 1 / Double(pieces))
        sentBytes = piece * Double(pieces) * sample.bytesPerPair
        let counted = sample.pairs(ofShare: 1 / Double(pieces * threads))
        tableBytes = min(
            Self.tableBytes(of: counted) * Double(threads), Double(memoryBytes))
        seconds =
            keptWords / sample.wordsPerSecond
            + piece * Double(pieces) / sample.pairsMergedPerSecond
    }

    /// What `CooccurrenceRuns` takes to count pairs: a hash table that is seven tenths full at most
    /// and grows by four, and room to sort what is in it.
    private static func tableBytes(of pairs: Double) -> Double {
        let entry = 16.0
        var slots = Double(1 << 15)
        while 0.7 * slots < pairs { slots *= 4 }
        return entry * (slots + pairs)
    }
}
