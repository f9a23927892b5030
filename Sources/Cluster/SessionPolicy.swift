// The figures by which a worker's session decides; the coordinator's WELCOME brings the others.

public struct SessionPolicy: Hashable, Sendable {
    /// Wait after the first unanswered HELLO; doubles with every further one.
    public var helloBackoffMilliseconds = 200
    public var helloBackoffMaxMilliseconds = 5_000
    /// Time without a first WELCOME after which the worker exits; nil waits for ever.
    public var firstContactMilliseconds: Int?
    /// The same for a coordinator that was there before.
    public var giveUpMilliseconds: Int?
    /// The same for a worker that was asked to drain, where `giveUpMilliseconds` is nil.
    public var drainGiveUpMilliseconds = 30_000

    public init() {}
}
