// The progress of a pull: a bar on a terminal, a line every ten seconds elsewhere.

import Hub
import Synchronization
import Transport

/// Called by whatever thread receives.
final class PullDisplay: Sendable {
    private struct State {
        var lineAt: Int64
        var isDrawn = false
        /// Where the bytes stood when the pull began, and when.
        var began: Int64
    }

    private let isQuiet: Bool
    private let state: Mutex<State>

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        let now = monotonicMilliseconds()
        state = Mutex(State(lineAt: Terminal.isInteractive ? 0 : now + 10_000, began: now))
    }

    @Sendable func show(_ event: PullEvent) {
        switch event {
        case .progress(let progress): show(progress)
        case .retrying(let error, let seconds):
            finish()
            guard !isQuiet else { return }
            Terminal.say("sounder: \(error.cause); trying again in \(seconds.fixed(1)) s")
        }
    }

    /// Leaves the terminal on a fresh line.
    func finish() {
        state.withLock { state in
            if state.isDrawn { Terminal.redraw("") }
            state.isDrawn = false
        }
    }

    private func show(_ progress: PullProgress) {
        guard !isQuiet else { return }
        state.withLock { state in
            let now = monotonicMilliseconds()
            guard now >= state.lineAt else { return }
            let line = line(progress, seconds: Double(now - state.began) / 1_000)
            if Terminal.isInteractive {
                state.lineAt = now + 100
                state.isDrawn = true
                Terminal.redraw(line)
            } else {
                state.lineAt = now + 10_000
                Terminal.say(line)
            }
        }
    }

    private func line(_ progress: PullProgress, seconds: Double) -> String {
        let share = Double(progress.bytesDone) / Double(max(progress.bytesTotal, 1))
        var parts = [
            "fetching  ", ProgressLine.bar(share), "\((share * 100).fixed(1)) %",
            "file \(progress.filesDone + 1)/\(progress.filesTotal)",
        ]
        let rate = Double(progress.bytesFetched) / max(seconds, 0.001)
        if seconds > 0.2, rate > 0 {
            let left = Double(progress.bytesTotal - progress.bytesDone) / rate
            parts += ["\(rate.grouped) bytes/s", "ETA \(left.clock)"]
        }
        return parts.joined(separator: "  ")
    }
}
