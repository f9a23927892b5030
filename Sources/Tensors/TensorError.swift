// What can go wrong with numbers: each case carries the facts, one place makes the sentence.

public enum TensorError: Error, Sendable, Equatable, CustomStringConvertible {
    case outOfMemory(byteCount: Int)
    case notFinite(row: Int, what: String)
    case malformed(what: String, reason: String)

    public var description: String {
        switch self {
        case .outOfMemory(let byteCount):
            "the system refused \(byteCount) bytes of memory; use fewer dimensions, a higher "
                + "--min-count, or a machine with more memory"
        case .notFinite(let row, let what):
            "\(what) has a value that is not finite in row \(row); lower the learning rate "
                + "(--alpha)"
        case .malformed(let what, let reason):
            "\(what) is malformed: \(reason)"
        }
    }
}
