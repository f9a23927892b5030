// What a program is made of, told on standard output for `sounder doctor`.

import Glibc

/// Names and values, as one JSON object on one line.
public struct FactSheet: Sendable, Equatable {
    public var facts: [String: String]

    public init(_ facts: [String: String]) {
        self.facts = facts
        // A debug build is some fifty times slower and looks the same.
        #if DEBUG
            self.facts["build"] = "debug"
        #else
            self.facts["build"] = "release"
        #endif
    }

    public var json: String {
        var text = ""
        for (key, value) in facts.sorted(by: { $0.key < $1.key }) {
            text.append(key: key, value: value)
        }
        return "{" + text.dropFirst() + "}"
    }

    public func show() {
        let line = Array((json + "\n").utf8)
        _ = write(STDOUT_FILENO, line, line.count)
    }
}
