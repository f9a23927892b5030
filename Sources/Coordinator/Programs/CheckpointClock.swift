// When a checkpoint is due: often enough that little is lost, seldom enough that it costs little.

/// Checkpoints take a twentieth of the time, but no more than 30 s of training are ever lost: a
/// model that takes longer than 1.5 s to write costs more.
struct CheckpointClock {
    private static let share = 20.0
    private static let intervalMilliseconds = 500.0...30_000.0
    private var savedAt: Int64
    private var costMilliseconds = 0.0

    init(now: Int64) { savedAt = now }

    func isDue(now: Int64) -> Bool {
        let wanted = Self.share * costMilliseconds
        let allowed = Self.intervalMilliseconds
        let interval = min(max(wanted, allowed.lowerBound), allowed.upperBound)
        return Double(now - savedAt) >= interval
    }

    mutating func saved(from began: Int64, to ended: Int64) {
        costMilliseconds = Double(ended - began)
        savedAt = ended
    }
}
