// What a word is cut into: the lengths of its n-grams and the buckets they fall into.

/// fastText's n-grams of characters (Bojanowski et al. 2017, section 3.2): a word is wrapped as
/// `<word>`, and every run of `minimumLength` to `maximumLength` of its characters (code points of
/// UTF-8) falls into one of `buckets` by its hash. The defaults are fastText's.
public struct Subwords: Sendable, Equatable {
    /// The lengths that n-grams may have, in characters.
    public static let lengthLimits = 1...64
    /// How many buckets there may be; a `SubwordTable` takes 12 bytes for each.
    public static let bucketLimits = 1...100_000_000

    /// Characters of the shortest n-gram.
    public var minimumLength: Int
    /// Characters of the longest n-gram.
    public var maximumLength: Int
    public var buckets: Int

    /// - Throws: `SubwordError.setting` naming the setting, its value and its limits.
    public init(
        minimumLength: Int = 3, maximumLength: Int = 6, buckets: Int = 2_000_000
    ) throws(SubwordError) {
        self.minimumLength = minimumLength
        self.maximumLength = maximumLength
        self.buckets = buckets
        try validate()
    }

    /// Checks every setting; for settings changed or decoded after `init`.
    public func validate() throws(SubwordError) {
        try Self.check("minimum-ngram", minimumLength, within: Self.lengthLimits)
        try Self.check(
            "maximum-ngram", maximumLength,
            within: minimumLength...Self.lengthLimits.upperBound)
        try Self.check("buckets", buckets, within: Self.bucketLimits)
    }

    private static func check(
        _ name: String, _ value: Int, within limits: ClosedRange<Int>
    ) throws(SubwordError) {
        guard limits.contains(value) else {
            throw .setting(
                name: name, value: value, limits: "\(limits.lowerBound) to \(limits.upperBound)")
        }
    }
}

/// What can go wrong with n-grams.
public enum SubwordError: Error, Sendable, Equatable, CustomStringConvertible {
    case setting(name: String, value: Int, limits: String)
    /// Words and used buckets together; rows are numbered with 32 bits.
    case tooManyRows(Int)
    case outOfMemory(byteCount: Int)

    public var description: String {
        switch self {
        case .setting(let name, let value, let limits):
            "--\(name) is \(value); give a value of \(limits)"
        case .tooManyRows(let rows):
            "words and their n-grams take \(rows) rows, where \(Int32.max) are the most; raise "
                + "--min-count or lower --buckets"
        case .outOfMemory(let byteCount):
            "the system refused \(byteCount) bytes of memory for the n-grams of the words; raise "
                + "--min-count or lower --maximum-ngram"
        }
    }
}
