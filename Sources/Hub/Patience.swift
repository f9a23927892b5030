// How long we wait for a hub, and how often we ask again.

/// Every wait of a pull ends by one of these.
public struct Patience: Sendable {
    /// Attempts in a row that bring nothing, each but the first after a pause.
    public var attemptsMax = 5
    /// Seconds before the second attempt; each further pause is twice as long.
    public var firstPause = 1.0
    /// The longest pause, also if the hub asks for more.
    public var pauseMax = 60.0
    /// Seconds until a connection stands.
    public var connecting = 10.0
    /// Seconds without a byte.
    public var silence = 30.0
    /// What a transfer must bring on average once it has lasted as long as silence may.
    public var bytesPerSecondMin = 1_000.0
    /// Seconds that another process may hold a file's lock.
    public var lock = 60

    public init() {}

    /// Seconds before the next attempt after `failures` in a row; nil where it is time to give up.
    func pause(after setback: Setback, failures: Int) -> Double? {
        guard setback.isTransient, failures < attemptsMax else { return nil }
        if let asked = setback.pause { return asked <= pauseMax ? asked : nil }
        var pause = firstPause
        for _ in 1..<max(failures, 1) { pause *= 2 }
        return min(pause, pauseMax)
    }
}

/// Why one attempt came to nothing.
struct Setback: Error {
    let error: HubError
    /// Seconds that the hub asks us to wait.
    var pause: Double?
    /// Whether enough arrived before, so that this is no failure in a row.
    var hasProgress = false

    init(_ error: HubError, pause: Double? = nil) {
        self.error = error
        self.pause = pause
    }

    /// Whether another attempt may end better.
    var isTransient: Bool {
        switch error {
        case .busy, .failing, .unreachable, .interrupted: true
        default: false
        }
    }
}
