// The figures a job collects: seconds per stage, sums of what its units measure, and its program's.

import Protocol

extension JobRecord {
    /// Ends the time of the stage so far, and starts that of `next` if it is another.
    mutating func enter(_ next: String, at now: Moment) {
        guard next != stage else { return }
        measures = measures(at: now)
        stage = next
        stageStartedAt = now
        stageWork = 0
    }

    /// With the seconds of the stage that is running.
    func measures(at now: Moment) -> [String: Double] {
        guard phase != .queued else { return measures }
        var figures = measures
        figures["seconds.\(stage)", default: 0] += Double(now - stageStartedAt) / 1_000
        return figures
    }

    /// Sums over the units of the stage. Names come from workers, so their number is bounded.
    mutating func add(_ figures: [String: Double], max: Int) {
        for (name, value) in figures.sorted(by: { $0.key < $1.key }) {
            let sum = (measures["\(stage).\(name)"] ?? 0) + value
            put(sum, as: "\(stage).\(name)", max: max)
        }
    }

    mutating func set(_ figures: [String: Double], max: Int) {
        for (name, value) in figures.sorted(by: { $0.key < $1.key }) {
            put(value, as: name, max: max)
        }
    }

    private mutating func put(_ value: Double, as name: String, max: Int) {
        guard value.isFinite, name.utf8.count <= Limits.identifierBytesMax,
            measures[name] != nil || measures.count < max
        else { return }
        measures[name] = value
    }
}
