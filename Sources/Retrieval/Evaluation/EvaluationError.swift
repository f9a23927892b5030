// Why a ranking cannot be measured: each case carries the facts, one place makes the sentence.

public import Files

public enum EvaluationError: Error, Sendable, Equatable, CustomStringConvertible {
    case file(FileError)
    /// `line` counts from 1.
    case malformed(path: String, line: Int, reason: String)
    case lineTooLong(path: String, line: Int, bytesMax: Int)
    case tooManyLines(path: String, linesMax: Int)
    case duplicate(path: String, line: Int, query: String, document: String)
    case unknownMeasure(String)
    /// An id that a run cannot hold, because white space ends it.
    case unwritableID(String)
    case scoreIsNotANumber(query: String, document: String)

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .malformed(let path, let line, let reason):
            "\(path), line \(line): \(reason)"
        case .lineTooLong(let path, let line, let bytesMax):
            "\(path), line \(line): a line has at most \(bytesMax) bytes; this is no run and no "
                + "list of judgments"
        case .tooManyLines(let path, let linesMax):
            "\(path) has more than \(linesMax) lines; split it by queries"
        case .duplicate(let path, let line, let query, let document):
            "\(path), line \(line): document \(Self.quoted(document)) comes a second time for "
                + "query \(Self.quoted(query)); leave one of the lines"
        case .unknownMeasure(let name):
            "\(Self.quoted(name)) is no measure; known are nDCG, AP (MAP) and RR (MRR) "
                + "with or without @k, and P@k, R@k and Success@k, as in nDCG@10 or RR(rel=2)@10"
        case .unwritableID(let id):
            "a run cannot hold the id \(Self.quoted(id)), because ids in it end at white space; "
                + "give the documents and queries ids of visible characters"
        case .scoreIsNotANumber(let query, let document):
            "the score of document \(Self.quoted(document)) for query \(Self.quoted(query)) is "
                + "not a number"
        }
    }

    private static func quoted(_ text: String) -> String { text.prefix(100).debugDescription }
}
