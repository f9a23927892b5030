// What can go wrong between us and a hub or its cache; each case has one sentence.

public enum HubError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What the caller calls a model is no name of one.
    case badName(String, reason: String)
    /// An environment variable or a token that cannot be used. The value is not told: it may be
    /// a secret.
    case badSetting(String, reason: String)
    case noDirectory(String)
    /// The cache does not hold a whole snapshot of the model.
    case notInCache(name: String, cache: String)
    case offline(name: String)
    case notFound(String)
    /// 401 or 403.
    case notAllowed(String, status: Int, hasToken: Bool)
    /// 429; `seconds` is what the hub asks us to wait, if it says.
    case busy(host: String, seconds: Int?)
    /// 5xx.
    case failing(host: String, status: Int)
    /// No connection could be made.
    case unreachable(host: String, reason: String)
    /// A connection broke, or was silent or too slow for too long.
    case interrupted(host: String, reason: String)
    /// An answer that is not what the protocol of a hub says.
    case malformed(String, reason: String)
    /// Bytes that are not those the hub announced.
    case differs(file: String, expected: String, found: String)
    /// A model that an encoder cannot use.
    case unsuitable(name: String, reason: String)
    case noRoom(directory: String, bytesNeeded: Int, bytesFree: Int)
    case unwritable(path: String, reason: String)
    case unreadable(path: String, reason: String)
    /// Another process holds the lock of a file for longer than we wait.
    case locked(file: String, seconds: Int)
    /// The task was cancelled.
    case cancelled

    public var description: String {
        switch self {
        case .badName(let name, let reason):
            "\(name) is not the name of a model: \(reason); names are ORG/NAME, NAME or "
                + "ORG/NAME@REVISION"
        case .badSetting(let name, let reason): "\(name) \(reason)"
        case .noDirectory(let path):
            "there is no directory \(path); give a model's directory, or its name on a hub"
        case .notInCache(let name, let cache):
            "\(name) is neither a directory nor a whole model in the cache \(cache); "
                + "run: sounder model pull \(name)"
        case .offline(let name):
            "\(name) is not in the cache, and HF_HUB_OFFLINE forbids to fetch it; unset it, or "
                + "copy the model's directory here and name that"
        case .notFound, .notAllowed, .busy, .failing, .unreachable, .interrupted, .malformed:
            hubSentence
        case .differs(let file, let expected, let found):
            "\(file) arrived with the hash \(found) instead of \(expected); it was thrown away. "
                + "Try again, and distrust the hub or what stands before it if this repeats"
        case .unsuitable(let name, let reason): "\(name) cannot be used: \(reason)"
        case .noRoom, .unwritable, .unreadable, .locked: diskSentence
        case .cancelled: "stopped on request; what arrived is kept"
        }
    }

    /// What happened, without the advice: for whoever tries again by himself.
    public var cause: String {
        switch self {
        case .busy(let host, _): "\(host) takes no more requests from here for now (429)"
        case .failing(let host, let status): "\(host) fails (\(status))"
        case .unreachable(let host, let reason): "\(host) cannot be reached: \(reason)"
        case .interrupted(let host, let reason): "\(host) stopped answering: \(reason)"
        default: description
        }
    }

    private var hubSentence: String {
        switch self {
        case .notFound(let what):
            "the hub knows no \(what); check the spelling, and HF_TOKEN if it is private"
        case .notAllowed(let what, let status, let hasToken):
            "the hub refuses \(what) (\(status)); "
                + (hasToken
                    ? "ask there for access, or check that the token of HF_TOKEN may read it"
                    : "it may not exist, or needs a token in HF_TOKEN")
        case .busy(_, let seconds):
            cause + "; try again " + (seconds.map { "in \($0) seconds" } ?? "later")
        case .failing: cause + "; try again later, what arrived is kept"
        case .unreachable: cause + "; check the network and HF_ENDPOINT"
        case .interrupted: cause + "; try again, what arrived is kept"
        case .malformed(let what, let reason):
            "\(what) is not what a hub answers: \(reason); check HF_ENDPOINT"
        default: ""
        }
    }

    private var diskSentence: String {
        switch self {
        case .noRoom(let directory, let needed, let free):
            "the model needs \(needed) more bytes and \(directory) has \(free) free; make room, or "
                + "choose another place with --cache"
        case .unwritable(let path, let reason):
            "cannot write \(path): \(reason); make room or choose another place with --cache, what "
                + "arrived is kept"
        case .unreadable(let path, let reason):
            "cannot read \(path): \(reason)"
        case .locked(let file, let seconds):
            "another process has been fetching \(file) for \(seconds) seconds; try again when it "
                + "is done"
        default: ""
        }
    }
}
