// When a worker that waits for its coordinator says so: it may do that for ever, but not silently.

import Cluster

struct Absence {
    /// Longer than that of a worker that ends instead (`--once`), which has its own last words.
    private static let patienceMilliseconds = 4_800

    private var since: Moment?
    private var isSaid = false

    /// - Returns: true once for each absence that lasts.
    mutating func isToBeSaid(isConnected: Bool, at now: Moment) -> Bool {
        guard !isConnected else {
            self = Absence()
            return false
        }
        let since = since ?? now
        self.since = since
        guard !isSaid, now - since >= Self.patienceMilliseconds else { return false }
        isSaid = true
        return true
    }
}
