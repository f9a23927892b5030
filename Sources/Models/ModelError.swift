// What can go wrong with a model: each case carries the facts, one place makes the sentence.

public import Files
public import Tokenizers

public enum ModelError: Error, Sendable, CustomStringConvertible {
    case file(FileError)
    case tokenizer(TokenizerError)
    /// A JSON file of the folder does not say what it must.
    case configuration(path: String, reason: String)
    case unknownArchitecture(path: String, name: String, known: [String])
    case unsupported(path: String, feature: String)
    case missingTensor(path: String, name: String)
    case surplusTensor(path: String, name: String)
    case tensorShape(path: String, name: String, shape: [Int], expected: [Int])
    case notFinite(path: String, name: String)
    case option(String)
    case outOfMemory(byteCount: Int, doing: String)
    case cancelled

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .tokenizer(let error): error.description
        case .configuration(let path, let reason): "\(path) cannot be used: \(reason)"
        case .unknownArchitecture(let path, let name, let known):
            "\(path) names the architecture \(name), which is not known; known are "
                + known.joined(separator: ", ")
        case .unsupported(let path, let feature):
            "\(path) asks for \(feature), which is not supported; the vectors would be wrong "
                + "without it"
        case .missingTensor(let path, let name):
            "\(path) lacks the tensor \(name); the checkpoint is not complete, or is of another "
                + "architecture than config.json says"
        case .surplusTensor(let path, let name):
            "\(path) has a tensor \(name) that this architecture does not use; the vectors would "
                + "be wrong without it"
        case .tensorShape(let path, let name, let shape, let expected):
            "tensor \(name) of \(path) has the shape \(shape) instead of \(expected)"
        case .notFinite(let path, let name):
            "tensor \(name) of \(path) has values that are not finite; the checkpoint is damaged"
        case .option(let sentence): sentence
        case .outOfMemory(let byteCount, let doing):
            "the system refused \(byteCount) bytes of memory for \(doing); use fewer threads or a "
                + "machine with more memory"
        case .cancelled: "stopped on request"
        }
    }
}

extension ModelError {
    static func noDirectory(_ path: String) -> ModelError {
        .file(.unreadable(path: path, reason: "there is no such directory with a model in it"))
    }
}
