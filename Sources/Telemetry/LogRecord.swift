// One line of a log: what it says, and how it is written so that it stays one line.

/// What the programs log. A line has at most about `bytesMax` bytes, whoever chose its words.
public struct LogRecord: Sendable, Equatable {
    public var atMilliseconds: Int64
    public var level: String
    public var program: String
    public var message: String
    public var metadata: [String: String]

    /// Of the message, and of each value of the metadata.
    public static let bytesMax = 4_096
    public static let metadataMax = 32

    /// - Parameter atMilliseconds: since 1970.
    public init(
        atMilliseconds: Int64, level: String, program: String, message: String,
        metadata: [String: String] = [:]
    ) {
        self.atMilliseconds = atMilliseconds
        self.level = level
        self.program = program
        self.message = message
        self.metadata = metadata
    }

    /// Without the newline at its end.
    public func line(_ format: LogFormat) -> String {
        switch format {
        case .text: text
        case .json: json
        }
    }

    private var fields: [(key: String, value: String)] {
        metadata.sorted { $0.key < $1.key }.prefix(Self.metadataMax).map { ($0.key, $0.value) }
    }

    private var text: String {
        var line = "\(Timestamp(atMilliseconds)) \(level) \(program): "
        line.append(escaping: message, quotes: false)
        for (key, value) in fields {
            line += " "
            line.append(escaping: key, quotes: false)
            line += "="
            line.append(escaping: value, quotes: false)
        }
        return line
    }

    private var json: String {
        var line = "{\"time\":\"\(Timestamp(atMilliseconds))\""
        for (key, value) in [("level", level), ("program", program), ("message", message)] {
            line.append(key: key, value: value)
        }
        guard !metadata.isEmpty else { return line + "}" }
        var inner = ""
        for (key, value) in fields { inner.append(key: key, value: value) }
        return line + ",\"metadata\":{" + inner.dropFirst() + "}}"
    }
}

extension String {
    mutating func append(key: String, value: String) {
        self += ",\""
        append(escaping: key, quotes: true)
        self += "\":\""
        append(escaping: value, quotes: true)
        self += "\""
    }

    /// Control characters never reach a log: a name with a newline in it would forge a line.
    ///
    /// - Parameter quotes: whether the text stands in quotes, as in JSON.
    mutating func append(escaping text: String, quotes: Bool) {
        var bytes = 0
        for scalar in text.unicodeScalars {
            bytes += UTF8.width(scalar)
            guard bytes <= LogRecord.bytesMax else {
                unicodeScalars.append("…")
                return
            }
            switch scalar {
            case "\"" where quotes: self += "\\\""
            case "\\" where quotes: self += "\\\\"
            case "\n": self += "\\n"
            case "\r": self += "\\r"
            case "\t": self += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                self += Self.unicodeEscape(scalar)
            default: unicodeScalars.append(scalar)
            }
        }
    }

    /// `\u001b`.
    private static func unicodeEscape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
