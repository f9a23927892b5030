// What can go wrong with vectors and their indexes; one place makes the sentences.

public enum RetrievalError: Error, Sendable, Equatable, CustomStringConvertible {
    case dimension(found: Int, expected: String)
    case notFinite(token: Int)
    case tooManyTokens(found: Int, limit: Int)
    /// Training needs tokens that differ.
    case tooFewTokens(found: Int)
    case outOfMemory(doing: String)
    case badQuery(String)

    public var description: String {
        switch self {
        case .dimension(let found, let expected):
            "vectors of \(found) numbers where \(expected) are expected; "
                + "use the model that the index was built with"
        case .notFinite(let token):
            "token \(token) has a number that is not finite; the encoder's output is broken"
        case .tooManyTokens(let found, let limit):
            "\(found) tokens where \(limit) at most are allowed; split the text"
        case .tooFewTokens(let found):
            "\(found) tokens are too few to train centroids; give at least 1"
        case .badQuery(let reason): "the question to the index cannot be answered: \(reason)"
        case .outOfMemory(let doing):
            "the system refused memory while \(doing); give it less at a time or more memory"
        }
    }
}
