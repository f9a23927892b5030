// What can be wrong with a tokenizer.json, in words.

/// Why a tokenizer cannot be used.
public enum TokenizerError: Error, Equatable, CustomStringConvertible {
    /// The file cannot be read.
    case unreadable(name: String, reason: String)
    /// The file is not what its format demands; `offset` is in bytes.
    case malformed(name: String, offset: Int, reason: String)
    /// The file asks for something that is not implemented.
    case unsupported(name: String, feature: String)

    public var description: String {
        switch self {
        case .unreadable(let name, let reason):
            "\(name) cannot be read: \(reason)"
        case .malformed(let name, let offset, let reason):
            "\(name) is no valid tokenizer, at byte \(offset): \(reason)"
        case .unsupported(let name, let feature):
            "\(name) needs \(feature), which is not supported; "
                + "use a model whose tokenizer does without it"
        }
    }
}
