// How log lines look: sentences for people, or one JSON object a line for machines.

import Glibc
public import Protocol

public enum LogFormat: String, Sendable, CaseIterable {
    case text, json

    /// The format that was named: by a flag, else by `SOUNDER_LOG_FORMAT`, else text.
    ///
    /// - Throws: a `Fault` with code `usage` if the environment names none.
    public static func find(flag: LogFormat?) throws(Fault) -> LogFormat {
        if let flag { return flag }
        guard let named = getenv("SOUNDER_LOG_FORMAT").map({ String(cString: $0) }),
            !named.isEmpty
        else { return .text }
        guard let format = LogFormat(rawValue: named) else {
            throw Fault(
                .usage, "SOUNDER_LOG_FORMAT is \(named.debugDescription), which is no format; "
                    + "set it to text or json")
        }
        return format
    }
}
