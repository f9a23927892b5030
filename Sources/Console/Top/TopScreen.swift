// Draws a look at a cluster as lines of text.

/// Lines with their style, cut to a width; the same view makes the same lines.
struct TopScreen {
    enum Style: Sendable { case plain, heading, faint, alarm }

    struct Line: Sendable, Equatable {
        var text: String
        var style = Style.plain
    }

    /// Nil for no limit.
    let columns: Int?
    let rows: Int?
    private static let endedShown = 5

    /// What a narrow terminal can do without goes first.
    private var isNarrow: Bool { columns.map { $0 < 100 } ?? false }

    func lines(_ view: TopView) -> [Line] {
        let jobs = jobLines(view)
        var lines = summary(view) + [Line(text: "")] + jobs + [Line(text: "")]
        let room = rows.map { max(1, $0 - lines.count - 2) } ?? .max
        lines += workerLines(view, atMost: room)
        return lines.map(cut)
    }

    private func cut(_ line: Line) -> Line {
        guard let columns, line.text.count > columns else { return line }
        return Line(text: String(line.text.prefix(max(1, columns - 1))) + "…", style: line.style)
    }

    private func summary(_ view: TopView) -> [Line] {
        let states = ["busy", "idle", "draining"].compactMap { state -> String? in
            let count = view.workers.count { $0.state == state }
            return count > 0 ? "\(count) \(state)" : nil
        }
        let listed = view.workers.count
        let part = view.workersTotal > listed ? " of the first \(listed)" : ""
        let workers = view.workersTotal.of("worker")
            + (states.isEmpty ? "" : " (\(states.joined(separator: ", "))\(part))")
        let running = view.jobs.count { $0.state == "running" }
        let queued = view.jobs.count { $0.state == "queued" }
        let waiting = queued > 0 ? ", \(queued) queued" : ""
        var parts = [workers, "\(running.of("job")) running\(waiting)"]
        if let rate = view.wordsPerSecond { parts.append("\(rate.short) words/s") }
        let clock = view.time.dropFirst(11).prefix(8)
        return [
            Line(
                text: "sounder \(view.softwareVersion)  \(view.address)  epoch \(view.epoch)  "
                    + "\(clock) UTC", style: .heading),
            Line(text: parts.joined(separator: "   ")),
        ]
    }

    private func jobLines(_ view: TopView) -> [Line] {
        let active = view.jobs.filter { $0.state == "running" || $0.state == "queued" }
        let ended = view.jobs.filter { $0.state != "running" && $0.state != "queued" }
        let shown = active + ended.prefix(Self.endedShown)
        guard !shown.isEmpty else { return [Line(text: "no jobs yet", style: .faint)] }
        let rows = shown.map { cells(of: $0) }
        let texts = Self.table(
            ["JOB", "STAGE", "ROUND", "PROGRESS", "", "RATE", "ETA", "RETRIED"], rows,
            rightAligned: [2, 4, 5, 6, 7])
        var lines = [Line(text: texts[0], style: .heading)]
        for (job, text) in zip(shown, texts.dropFirst()) {
            lines.append(Line(text: text, style: style(of: job.state)))
            if let fault = job.fault {
                lines.append(Line(text: "  " + fault, style: style(of: job.state)))
            }
        }
        return lines
    }

    private func cells(of job: TopView.Job) -> [String] {
        let isRunning = job.state == "running"
        return [
            job.job, isRunning ? job.stage : job.state,
            isRunning && job.rounds > 0 ? "\(job.round + 1)/\(job.rounds)" : "",
            bar(job.fraction, width: isNarrow ? 8 : 20), percent(job.fraction, places: 1),
            job.rate.map { "\($0.short) \(job.rateUnit)" } ?? "", job.secondsLeft?.clock ?? "",
            job.retries > 0 ? "\(job.retries)" : "",
        ]
    }

    private func percent(_ fraction: Double?, places: Int) -> String {
        guard let fraction else { return "" }
        return (fraction * 100).fixed(places) + " %"
    }

    private func style(of state: String) -> Style {
        switch state {
        case "failed": .alarm
        case "running", "queued": .plain
        default: .faint
        }
    }

    private func workerLines(_ view: TopView, atMost room: Int) -> [Line] {
        guard !view.workers.isEmpty else {
            return [Line(text: "no workers; start sounder-worker", style: .alarm)]
        }
        let shown = view.workers.prefix(room)
        let rows = shown.map { cells(of: $0) }
        let texts = Self.table(
            [
                "WORKER", "STATE", "UNIT", "PROGRESS", "", "UNITS", isNarrow ? "" : "THREADS",
                isNarrow ? "" : "ISA", "MEMORY", "HEARD",
            ], rows, rightAligned: [4, 5, 6, 8, 9])
        var lines = [Line(text: texts[0], style: .heading)]
        for (worker, text) in zip(shown, texts.dropFirst()) {
            let isLate = worker.heardMillisecondsAgo > 3_000
            let style: Style = isLate ? .alarm : worker.state == "busy" ? .plain : .faint
            lines.append(Line(text: text, style: style))
        }
        let more = view.workersTotal - shown.count
        if more > 0 { lines.append(Line(text: "and \(more) more", style: .faint)) }
        return lines
    }

    private func cells(of worker: TopView.Worker) -> [String] {
        let heard = Double(worker.heardMillisecondsAgo) / 1_000
        let memory = worker.residentBytes.map { Double($0).bytes } ?? ""
        return [
            worker.worker, worker.state, worker.unit ?? "",
            bar(worker.fraction, width: isNarrow ? 5 : 10), percent(worker.fraction, places: 0),
            "\(worker.unitsDone)",
            isNarrow ? "" : "\(worker.threads)", isNarrow ? "" : worker.instructionSet, memory,
            heard.fixed(1) + " s",
        ]
    }

    private func bar(_ fraction: Double?, width: Int) -> String {
        guard let fraction else { return "" }
        let full = Int((min(max(fraction, 0), 1) * Double(width)).rounded(.down))
        return String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
    }

    /// Columns as wide as their widest cell; one that is empty throughout is left out.
    static func table(
        _ headings: [String], _ rows: [[String]], rightAligned: Set<Int>
    ) -> [String] {
        let all = [headings] + rows
        let widths = headings.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() where widths[column] > 0 {
                if column > 0 { line += "  " }
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                line += rightAligned.contains(column) ? padding + cell : cell + padding
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}

extension Double {
    /// Three digits and a letter: `7.34 M`.
    var short: String {
        let letters = ["", " k", " M", " G", " T", " P"]
        var (value, letter) = (self, 0)
        while value >= 999.5, letter < letters.count - 1 {
            value /= 1_000
            letter += 1
        }
        return value.fixed(letter == 0 ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
            + letters[letter]
    }
}
