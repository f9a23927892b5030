// How many rows the n-grams of a corpus take, told from the words of a sample.

import Glibc
import Protocol
import WordJobs
import WordVectors

/// Different n-grams grow as a power of the number of words; how many buckets they fall into
/// follows from their number, since a bucket is as good as drawn.
struct SubwordSample {
    private let buckets: Double
    /// Words of the sample, their n-grams (different ones, and all), and the power.
    private let words: Double
    private let grams: Double
    private let entries: Double
    private let exponent: Double
    /// Of some rows of n-grams, how often each is an input while one word of the corpus is trained.
    private let rates: [Double]

    private static let ratesMax = 50_000

    /// Nil if words are trained as wholes.
    init?(_ spec: TrainWords, _ sample: CorpusSample, words limit: Int) throws {
        guard let settings = spec.subwords else { return nil }
        let vocabulary = try sample.vocabulary(like: spec.minimumCount, limit: limit)
        let half = try sample.vocabulary(like: spec.minimumCount, limit: vocabulary.count / 2)
        guard let table = try spec.subwordTable(of: vocabulary),
            let smaller = try spec.subwordTable(of: half)
        else { return nil }
        buckets = Double(settings.buckets)
        words = Double(vocabulary.count)
        grams = Self.grams(rows: table.rowCount - table.wordCount, of: buckets)
        let before = Self.grams(rows: smaller.rowCount - smaller.wordCount, of: buckets)
        exponent =
            before > 0 && grams > before && half.count < vocabulary.count
            ? min(1, log(grams / before) / log(words / Double(half.count))) : 1
        entries = Double(
            table.withUnsafeBags { offsets, _ in offsets[vocabulary.count] })
        rates = Self.rates(of: table, vocabulary, spec)
    }

    /// How many n-grams are as good as drawn into `rows` of `buckets` buckets.
    private static func grams(rows: Int, of buckets: Double) -> Double {
        -buckets * log(1 - min(Double(rows) / buckets, 1 - 1e-6))
    }

    private static func rates(
        of table: SubwordTable, _ vocabulary: Vocabulary, _ spec: TrainWords
    ) -> [Double] {
        let total = Double(max(vocabulary.total, 1))
        var rates = [Double](repeating: 0, count: table.rowCount)
        table.withUnsafeBags { offsets, rows in
            for word in 0..<vocabulary.count {
                let count = Double(vocabulary.counts[word])
                // As subsampling keeps them.
                let ratio = spec.sample > 0 ? spec.sample * total / max(count, 1) : 1
                let kept = min(1, ratio.squareRoot() + ratio) * count / total
                for entry in Int(offsets[word])..<Int(offsets[word + 1]) {
                    rates[Int(rows[entry])] += kept
                }
            }
        }
        let behind = rates[vocabulary.count...]
        let step = max(1, behind.count / ratesMax)
        return stride(from: behind.startIndex, to: behind.endIndex, by: step).map { behind[$0] }
    }

    /// Rows behind those of so many words.
    func buckets(words count: Int) -> Int {
        let all = grams * pow(Double(count) / max(words, 1), exponent)
        return Int((buckets * (1 - exp(-all / buckets))).rounded())
    }

    /// Bytes of the table from words to rows.
    func tableBytes(words count: Int) -> Double {
        let each = entries / max(words, 1)
        return Double(count) * (8 + 4 * each) + 4 * buckets
    }

    /// The share of n-grams that do not occur in so many words of the corpus.
    func unused(in words: Double) -> Double {
        guard !rates.isEmpty else { return 0 }
        return rates.reduce(0) { $0 + exp(-$1 * words) } / Double(rates.count)
    }
}

extension ModelSize {
    /// Rows of n-grams that so many words do not change.
    func unchanged(after words: Double) -> Double {
        Double(buckets) * (subwords?.unused(in: words) ?? 0)
    }
}
