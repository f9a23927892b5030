// The progress of a job: a bar on a terminal, a line every ten seconds elsewhere.

import Protocol
import Transport

/// Turns successive states of a job into lines. Rates come from the client's own clock.
struct ProgressLine {
    let isQuiet: Bool
    private var stage = ""
    private var stageBegan: Int64 = 0
    private var stageDone = 0.0
    /// Documents and tokens that were done when the stage was first seen.
    private var encodedBefore = (documents: 0.0, tokens: 0.0)
    private var lineAt: Int64 = 0
    private var isDrawn = false

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    mutating func show(_ status: JobStatus) {
        guard !isQuiet, !status.state.isFinal else { return }
        let now = monotonicMilliseconds()
        let name = status.stage.isEmpty ? status.state.rawValue : status.stage
        if name != stage {
            stage = name
            stageBegan = now
            stageDone = status.progress.done
            encodedBefore = status.encoded
            lineAt = Terminal.isInteractive ? 0 : now + 10_000
        }
        guard now >= lineAt else { return }
        if Terminal.isInteractive {
            lineAt = now + 100
            isDrawn = true
            Terminal.redraw(line(status, now))
        } else {
            lineAt = now + 10_000
            Terminal.say(line(status, now))
        }
    }

    /// Leaves the terminal on a fresh line.
    mutating func finish() {
        if isDrawn { Terminal.redraw("") }
        isDrawn = false
    }

    private func line(_ status: JobStatus, _ now: Int64) -> String {
        let share = status.progress.total > 0 ? status.progress.done / status.progress.total : 0
        let seconds = Double(now - stageBegan) / 1_000
        let rate = seconds > 0.2 ? (status.progress.done - stageDone) / seconds : 0
        let left = rate > 0 ? (status.progress.total - status.progress.done) / rate : .nan
        var parts = [stage.padded(to: 10), bar(share), "\((share * 100).fixed(1)) %"]
        if status.rounds > 1 { parts.append("round \(status.round + 1)/\(status.rounds)") }
        if rate > 0 {
            parts += rates(status, seconds) ?? ["\(rate.grouped) \(status.unitOfWork)/s"]
            parts.append("ETA \(left.clock)")
        }
        if let skipped = status.measures["embedding.skipped"], skipped > 0 {
            parts.append("\(skipped.grouped) skipped")
        }
        if status.retries > 0 { parts.append("\(status.retries) retried") }
        return parts.joined(separator: "  ")
    }

    /// Of a job that encodes, once its first units are done; nil for others.
    private func rates(_ status: JobStatus, _ seconds: Double) -> [String]? {
        let encoded = status.encoded
        guard status.kind == "encode", encoded.documents > encodedBefore.documents else {
            return nil
        }
        return [
            "\(((encoded.documents - encodedBefore.documents) / seconds).grouped) documents/s",
            "\(((encoded.tokens - encodedBefore.tokens) / seconds).grouped) tokens/s",
        ]
    }

    private func bar(_ share: Double) -> String {
        let width = 24
        let full = Int((min(max(share, 0), 1) * Double(width)).rounded())
        return "[" + String(repeating: "█", count: full)
            + String(repeating: "·", count: width - full) + "]"
    }
}

extension JobStatus {
    fileprivate var encoded: (documents: Double, tokens: Double) {
        (measures["embedding.documents"] ?? 0, measures["embedding.tokens"] ?? 0)
    }
}

extension String {
    func padded(to width: Int) -> String {
        count >= width ? self : self + String(repeating: " ", count: width - count)
    }
}
