// What can go wrong with tables of pairs: each case carries the facts, one place the sentence.

public import Files

public enum CooccurrenceError: Error, Sendable, Equatable, CustomStringConvertible {
    case malformed(what: String, offset: Int, reason: String)
    /// Tables of other vocabularies, cuts or kinds, or sums beyond 64 bits.
    case unmergeable(reason: String)
    case file(FileError)

    public var description: String {
        switch self {
        case .malformed(let what, let offset, let reason):
            "\(what) is malformed at byte \(offset): \(reason)"
        case .unmergeable(let reason): "counts of pairs cannot be merged: \(reason)"
        case .file(let error): "\(error)"
        }
    }
}
