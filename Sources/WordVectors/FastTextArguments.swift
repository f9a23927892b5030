// What a fastText .bin file says about its training.

import Files

/// The arguments of a fastText model, as its `.bin` file keeps them.
public struct FastTextArguments: Sendable, Equatable {
    /// What is predicted from what; the raw values are fastText's.
    public enum Model: Int32, Sendable, CaseIterable {
        case cbow = 1
        case skipGram = 2
        case supervised = 3
    }

    /// How the prediction is scored; the raw values are fastText's.
    public enum Loss: Int32, Sendable, CaseIterable {
        case hierarchicalSoftmax = 1
        case negativeSampling = 2
        case softmax = 3
        case oneVersusAll = 4
    }

    /// The lengths that vectors of a file may have.
    public static let dimensionLimits = 1...65_536

    /// Values of a vector.
    public var dimensions: Int
    public var window: Int
    public var epochs: Int
    public var minimumCount: Int
    public var negative: Int
    public var loss: Loss
    public var model: Model
    /// Nil when words have no n-grams.
    public var subwords: Subwords?
    /// The threshold of subsampling, `-t`.
    public var sample: Double
    /// Longest n-gram of words; 1 but in supervised models.
    public var wordNgrams = 1
    /// Words between two changes of the learning rate.
    public var learningRateUpdateRate = 100

    public init(
        model: Model = .skipGram, loss: Loss = .negativeSampling, dimensions: Int,
        window: Int = 5, epochs: Int = 5, minimumCount: Int = 5, negative: Int = 5,
        sample: Double = 1e-4, subwords: Subwords?
    ) {
        self.model = model
        self.loss = loss
        self.dimensions = dimensions
        self.window = window
        self.epochs = epochs
        self.minimumCount = minimumCount
        self.negative = negative
        self.sample = sample
        self.subwords = subwords
    }
}

extension FastTextArguments {
    static let magic: Int32 = 793_712_314
    /// The version that is written, and the newest that is read.
    static let version: Int32 = 12
    /// The oldest version with a number; before it, files began with the arguments.
    static let firstVersion: Int32 = 11

    /// The twelve numbers of the file, in its order; `sample` follows them.
    var fields: [Int32] {
        [
            dimensions, window, epochs, minimumCount, negative, wordNgrams, Int(loss.rawValue),
            Int(model.rawValue), subwords?.buckets ?? 0, subwords?.minimumLength ?? 0,
            subwords?.maximumLength ?? 0, learningRateUpdateRate,
        ].map { Int32(clamping: $0) }
    }

    /// Reads the arguments.
    ///
    /// - Parameter version: nil for a file of the time before versions.
    /// - Returns: the arguments and the number of rows behind those of the words.
    static func read(
        _ cursor: inout FileCursor, version: Int32?
    ) throws(FileError) -> (arguments: Self, bucketRows: Int) {
        let offset = cursor.position
        var fields: [Int] = []
        for _ in 0..<12 { fields.append(Int(try cursor.number(Int32.self, "the arguments"))) }
        let sample = Double(bitPattern: try cursor.number(UInt64.self, "the arguments"))
        guard dimensionLimits.contains(fields[0]) else {
            throw cursor.malformed(
                offset,
                "vectors of \(fields[0]) dimensions, where "
                    + "\(dimensionLimits.lowerBound) to \(dimensionLimits.upperBound) are possible")
        }
        guard let loss = Loss(rawValue: Int32(fields[6])),
            let model = Model(rawValue: Int32(fields[7])), sample.isFinite, fields[8] >= 0
        else {
            throw cursor.malformed(
                offset,
                "loss \(fields[6]), model \(fields[7]), t \(sample), \(fields[8]) buckets: "
                    + "no arguments of fastText")
        }
        // Supervised models of version 11 had n-grams in name only.
        let hasNone = version == firstVersion && model == .supervised
        let subwords =
            hasNone
            ? nil
            : try Self.subwords(
                minimum: fields[9], maximum: fields[10], buckets: fields[8], cursor, offset)
        var arguments = Self(
            model: model, loss: loss, dimensions: fields[0], window: fields[1],
            epochs: fields[2], minimumCount: fields[3], negative: fields[4], sample: sample,
            subwords: subwords)
        arguments.wordNgrams = fields[5]
        arguments.learningRateUpdateRate = fields[11]
        return (arguments, fields[8])
    }

    private static func subwords(
        minimum: Int, maximum: Int, buckets: Int, _ cursor: FileCursor, _ offset: Int
    ) throws(FileError) -> Subwords? {
        let minimum = max(minimum, Subwords.lengthLimits.lowerBound)
        guard maximum >= minimum else { return nil }
        do throws(SubwordError) {
            return try Subwords(minimumLength: minimum, maximumLength: maximum, buckets: buckets)
        } catch {
            throw cursor.malformed(
                offset,
                "n-grams of \(minimum) to \(maximum) characters in \(buckets) buckets; "
                    + "\(Subwords.lengthLimits.upperBound) characters and "
                    + "\(Subwords.bucketLimits.upperBound) buckets are the most")
        }
    }
}
