// Why words cannot be indexed or searched, each case with its facts and its sentence.

public import Files

public enum WordsError: Error, Sendable, Equatable, CustomStringConvertible {
    case file(FileError)
    case unknownLanguage(String, known: [String])
    /// The words of an index were made in a way that this program does not know.
    case unknownAnalysis(String)
    case differentAnalysis(String, String)
    case malformed(reason: String)
    case tooManyDocuments(documentsMax: Int)
    case tooManyTerms(termsMax: Int)

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .unknownLanguage(let name, let known):
            "there is no stemmer for \(name.prefix(40).debugDescription); there is one for "
                + known.joined(separator: ", ")
        case .unknownAnalysis(let text):
            "the index was made with words of a kind that this version does not know "
                + "(\(text.prefix(100).debugDescription)); make it again, or use the version that "
                + "made it"
        case .differentAnalysis(let left, let right):
            "an index of words made with \(left.debugDescription) cannot be put together with one "
                + "made with \(right.debugDescription); make one of them again"
        case .malformed(let reason):
            "the index of words is malformed: \(reason); make it again"
        case .tooManyDocuments(let documentsMax):
            "one index of words has room for \(documentsMax) passages; start another segment"
        case .tooManyTerms(let termsMax):
            "the query has more than \(termsMax) different words; shorten it"
        }
    }
}
