// What one process tells another when something cannot be done.

/// An error that crosses the wire: a stable code, a sentence for people, and whether to try again.
public struct Fault: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    /// Stable across versions; scripts may match on it. `exitCode` is its sysexits number.
    public enum Code: String, Sendable, Codable, CaseIterable {
        case usage, data, input, unavailable, internalError, output, temporary, configuration
        case versionMismatch, staleLease, jobKeyReused, unknownJob, forbidden, cancelled
        case payloadMissing
    }

    public let code: Code
    public let message: String
    /// True where another attempt, perhaps on another worker, may succeed.
    public let retryable: Bool

    public init(_ code: Code, _ message: String, retryable: Bool = false) {
        self.code = code
        self.message = message
        self.retryable = retryable
    }

    /// What a coordinator says to somebody it does not know, perhaps since its last restart.
    public static let unacquainted = Fault(.unavailable, "say HELLO first", retryable: true)

    /// Whether HELLO is to be said again. Much else may be unavailable for a while, and whoever
    /// greeted anew and asked again because of that would never hear of it.
    public var isUnacquainted: Bool { self == .unacquainted }

    public var description: String { message }

    /// With a message of at most `bytesMax` bytes.
    public func shortened(to bytesMax: Int) -> Fault {
        guard message.utf8.count > bytesMax else { return self }
        let ellipsis = "…"
        var text = ""
        for character in message {
            let bytes = text.utf8.count + character.utf8.count
            guard bytes <= bytesMax - ellipsis.utf8.count else { break }
            text.append(character)
        }
        return Fault(code, text + ellipsis, retryable: retryable)
    }

    /// The exit code of a command that ends with this fault (sysexits.h; 130 for an interrupt).
    public var exitCode: Int32 {
        switch code {
        case .usage, .jobKeyReused: 64
        case .data: 65
        case .input, .unknownJob: 66
        case .unavailable, .payloadMissing: 69
        case .internalError: 70
        case .output: 73
        case .temporary, .staleLease: 75
        case .forbidden: 77
        case .configuration, .versionMismatch: 78
        case .cancelled: 130
        }
    }
}
