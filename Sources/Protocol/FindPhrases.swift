// The job that finds phrases: words that follow each other more often than they would by chance.

/// Words and pairs are counted in a round for each pass; the reduction scores the pairs. A pass
/// counts the text in which the passes before it have joined what they found.
public struct FindPhrases: Hashable, Sendable, Codable {
    public var files: [InputFile]
    /// A pair that scores more is a phrase.
    public var threshold = 100.0
    /// Taken off the count of a pair before it is scored.
    public var minimumCount = 5
    public var passes = 1
    /// What stands between the words of a phrase that is joined.
    public var delimiter = "_"

    public init(files: [InputFile]) { self.files = files }

    /// The first setting that is out of range, as a sentence; nil if all are sound.
    public var complaint: String? {
        if let complaint = files.corpusComplaint { return complaint }
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("--min-count", minimumCount, 1...Int(Int32.max)),
            ("--passes", passes, 1...Limits.phrasePassesMax),
        ]
        for (flag, value, allowed) in ranges where !allowed.contains(value) {
            return "\(flag) \(value) is out of range; it must lie in "
                + "\(allowed.lowerBound)...\(allowed.upperBound)"
        }
        if !(threshold >= 0 && threshold.isFinite) {
            return "--threshold \(threshold) is out of range; it must be 0 or more"
        }
        return PairCounting.complaint(about: delimiter)
    }

    static func knows(_ setting: String) -> Bool { CodingKeys(stringValue: setting) != nil }
}

/// That pairs of words are counted beside the words, and which phrases are joined before.
public struct PairCounting: Hashable, Sendable, Codable {
    public let delimiter: String
    /// The phrases of earlier passes: tables of counts whose keys are pairs.
    public let phrases: [PayloadReference]

    public init(delimiter: String, phrases: [PayloadReference]) {
        self.delimiter = delimiter
        self.phrases = phrases
    }

    /// Why it would not make one word of two, as a sentence; nil if it does.
    public static func complaint(about delimiter: String) -> String? {
        let bytes = delimiter.utf8
        if bytes.isEmpty || bytes.count > Limits.delimiterBytesMax {
            return "--delimiter has \(bytes.count) bytes; it must have "
                + "1...\(Limits.delimiterBytesMax)"
        }
        if bytes.contains(where: { $0 <= 0x20 || $0 == 0x7f }) {
            return "--delimiter \(delimiter.debugDescription) has white space or control "
                + "characters, which part words; name another"
        }
        return nil
    }
}
