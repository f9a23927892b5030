// What is wrong with a filter, with the place shown.

/// A filter that cannot be read, or does not fit the fields of an index.
public struct FilterProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// A sentence without an end.
    public let reason: String
    /// Around the place, and below it a caret.
    public let excerpt: String
    /// Of the first character that is wrong, from 1; nil where no place is to blame.
    public let column: Int?

    /// - Parameter place: in the UTF-8 of `text`.
    init(_ reason: String, in text: String, at place: Int) {
        let before = String(decoding: text.utf8.prefix(place), as: UTF8.self).unicodeScalars
        let all = Array(text.unicodeScalars)
        column = before.count + 1
        self.reason = reason
        let begin = max(0, before.count - Self.shownBefore)
        let end = min(all.count, begin + Self.shown)
        let shown = all[begin..<end].map { scalar in
            scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) ? " " : scalar
        }
        let left = begin > 0 ? "…" : ""
        let line = left + String(String.UnicodeScalarView(shown)) + (end < all.count ? "…" : "")
        let blanks = String(repeating: " ", count: left.count + before.count - begin)
        excerpt = "  \(line)\n  \(blanks)^"
    }

    init(_ reason: String) {
        self.reason = reason
        excerpt = ""
        column = nil
    }

    private static let shown = 70
    private static let shownBefore = 50

    /// On one line.
    public var sentence: String {
        guard let column else { return "the filter cannot be used: \(reason)" }
        return "the filter is wrong at column \(column): \(reason)"
    }

    public var description: String { column == nil ? sentence : "\(sentence)\n\(excerpt)" }
}
