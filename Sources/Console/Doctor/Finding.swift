// What the doctor finds: one sentence each, and what to do about it.

import Glibc

struct Finding: Encodable, Sendable, Equatable {
    enum Verdict: String, Encodable, Sendable { case ok, warning, error }

    let check: String
    let verdict: Verdict
    let sentence: String
    /// What to do; nil where nothing is to be done.
    let remedy: String?

    static func ok(_ check: String, _ sentence: String) -> Finding {
        Finding(check: check, verdict: .ok, sentence: sentence, remedy: nil)
    }

    static func warning(_ check: String, _ sentence: String, remedy: String) -> Finding {
        Finding(check: check, verdict: .warning, sentence: sentence, remedy: remedy)
    }

    static func error(_ check: String, _ sentence: String, remedy: String) -> Finding {
        Finding(check: check, verdict: .error, sentence: sentence, remedy: remedy)
    }
}

/// All findings of one visit.
struct Diagnosis: Encodable, Sendable {
    let errors: Int
    let warnings: Int
    let findings: [Finding]

    init(_ findings: [Finding]) {
        self.findings = findings
        errors = findings.count { $0.verdict == .error }
        warnings = findings.count { $0.verdict == .warning }
    }

    /// For people; the remedies stand under what they remedy.
    func lines(isColoured: Bool) -> [String] {
        let width = findings.map(\.check.count).max() ?? 0
        var lines: [String] = []
        for finding in findings {
            let verdict = finding.verdict.rawValue.padded(to: 7)
            let mark = isColoured ? finding.verdict.colour + verdict + "\u{1B}[0m" : verdict
            lines.append("\(mark)  \(finding.check.padded(to: width))  \(finding.sentence)")
            if let remedy = finding.remedy {
                lines.append(String(repeating: " ", count: 9 + width + 2) + "→ " + remedy)
            }
        }
        return lines + ["", conclusion]
    }

    private var conclusion: String {
        switch (errors, warnings) {
        case (0, 0): "all is well"
        case (0, _): "\(warnings.of("warning")), no errors"
        default: "\(errors.of("error")), \(warnings.of("warning"))"
        }
    }
}

extension Finding.Verdict {
    fileprivate var colour: String {
        switch self {
        case .ok: "\u{1B}[32m"
        case .warning: "\u{1B}[33m"
        case .error: "\u{1B}[31m"
        }
    }
}

extension Int {
    /// `1 worker`, `2 workers`.
    func of(_ thing: String) -> String { "\(self) \(thing)\(self == 1 ? "" : "s")" }
}
