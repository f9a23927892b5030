// The head of an answer: its status and its fields.

struct WebHead: Sendable {
    private(set) var status = 0
    /// Whether all of it is here.
    private(set) var isWhole = false
    private(set) var byteCount = 0
    /// By names in small letters.
    private var fields: [String: String] = [:]

    private static let bytesMax = 1 << 16

    /// Of several fields of one name the first.
    subscript(_ name: String) -> String? { fields[name.lowercased()] }

    var isTooLarge: Bool { byteCount > Self.bytesMax }

    /// Where the answer sends us, if it does.
    var redirect: String? { [301, 302, 303, 307, 308].contains(status) ? self["Location"] : nil }

    /// Takes a line. Interim answers (1xx) make room for the one that follows.
    mutating func take(_ line: UnsafeRawBufferPointer) {
        byteCount += line.count
        // What comes after a body tells nothing that we want to know.
        guard !isWhole, !isTooLarge else { return }
        let text = String(decoding: line, as: UTF8.self).trimmed
        if text.hasPrefix("HTTP/") {
            let words = text.split(separator: " ")
            status = words.count > 1 ? Int(words[1]) ?? 0 : 0
            fields = [:]
        } else if let colon = text.firstIndex(of: ":") {
            let name = text[..<colon].lowercased()
            let value = String(text[text.index(after: colon)...]).trimmed
            fields[name] = fields[name] ?? value
        } else if text.isEmpty {
            isWhole = status >= 200
        }
    }
}
