// What can go wrong with counts: each case carries the facts, one place makes the sentence.

public enum CountTableError: Error, Sendable, Equatable, CustomStringConvertible {
    case malformed(reason: String)
    /// No key reaches the minimum count.
    case nothingLeft(minimum: UInt64, largest: UInt64, entries: Int)
    /// Sums of counts pass 64 bits, or tables are in different orders.
    case unmergeable(reason: String)
    case outOfMemory(byteCount: Int)

    public var description: String {
        switch self {
        case .malformed(let reason):
            "a table of counts is malformed: \(reason)"
        case .nothingLeft(let minimum, let largest, let entries):
            entries == 0
                ? "the corpus has no words at all; give it text"
                : "none of the \(entries) different words occurs \(minimum) times, the most "
                    + "frequent one occurs \(largest) times; lower --min-count or give it more text"
        case .unmergeable(let reason):
            "tables of counts cannot be merged: \(reason)"
        case .outOfMemory(let byteCount):
            "the system refused \(byteCount) bytes for a table of counts; raise --min-count or use "
                + "a machine with more memory"
        }
    }
}
