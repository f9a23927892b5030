// What can go wrong with an index on disk; one place makes the sentences.

public import Files

public enum IndexError: Error, Sendable, Equatable, CustomStringConvertible {
    case file(FileError)
    case vectors(RetrievalError)
    case metadata(MetadataError)
    case filter(FilterProblem)
    /// Two parts of an index, or an index and a request, do not belong together.
    case mismatch(path: String, what: String, found: String, expected: String)
    case duplicate(id: String)
    case unknown(id: String)
    /// Something of a passage is larger than an index takes.
    case limit(id: String, what: String, found: Int, limit: Int)
    /// Another process writes to the index.
    case locked(path: String)
    /// The file's bytes are not those that the manifest tells of.
    case damaged(path: String, found: String, expected: String)

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .vectors(let error): error.description
        case .metadata(let error): error.description
        case .filter(let problem): problem.description
        case .mismatch(let path, let what, let found, let expected):
            "\(path) has \(what) \(found) where \(expected) is expected; "
                + "use what it was built with, or build it anew"
        case .duplicate(let id):
            "two documents have the id \"\(id.prefix(100))\"; give each an id of its own"
        case .unknown(let id):
            "no passage has the id \"\(id)\""
        case .limit(let id, let what, let found, let limit):
            "passage \"\(id)\" has \(what) \(found), the limit is \(limit); split it"
        case .locked(let path):
            "another process is writing to the index \(path); try again when it has ended"
        case .damaged(let path, let found, let expected):
            "\(path) is damaged: \(found) where the manifest says \(expected); "
                + "restore the file or build the index anew"
        }
    }
}

/// Runs `body` and wraps the errors of files.
func wrapping<Result>(
    _ body: () throws(FileError) -> Result
) throws(IndexError) -> Result {
    do { return try body() } catch { throw .file(error) }
}
