// What can go wrong with a file: each case carries the facts, one place makes the sentence.

public enum FileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file cannot be opened or read.
    case unreadable(path: String, reason: String)
    /// The file cannot be created or written; nothing half-written was left behind.
    case unwritable(path: String, reason: String)
    /// The content breaks its format. `offset` counts bytes from the start of the file.
    case malformed(path: String, offset: Int, reason: String)
    /// The file's size or modification time is no longer what it was when the work began.
    case inputChanged(path: String)
    /// The content would pass a limit that the caller set.
    case tooLarge(path: String, bytesMax: Int)
    case outOfMemory(doing: String)
    /// The caller asked to stop.
    case cancelled

    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "cannot read \(path): \(reason)"
        case .unwritable(let path, let reason):
            "cannot write \(path): \(reason); choose another output or free the way to this one"
        case .malformed(let path, let offset, let reason):
            "\(path) is malformed at byte \(offset): \(reason)"
        case .inputChanged(let path):
            "\(path) changed while it was being read; start again once nobody writes to it"
        case .tooLarge(let path, let bytesMax):
            "\(path) holds more than the allowed \(bytesMax) bytes; raise the limit or split it"
        case .outOfMemory(let doing):
            "the system refused memory while \(doing); give it less at a time or more memory"
        case .cancelled:
            "stopped on request"
        }
    }
}
