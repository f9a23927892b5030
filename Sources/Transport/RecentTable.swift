// A dictionary that forgets what nobody asked for in a long time.

/// Keeps the entries that were used within the last `lifetime`, some of them up to twice as long,
/// and at most `2 * countMax`: beyond that those go that were not used for the longest time.
public struct RecentTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let countMax: Int
    private let lifetime: Int64
    /// Entries used since `since`, and those used in the period before and not since.
    private var recent: [Key: Value] = [:]
    private var former: [Key: Value] = [:]
    private var since: Int64

    /// - Parameter lifetimeMilliseconds: of one monotonic clock, that of `now` everywhere below.
    public init(countMax: Int, lifetimeMilliseconds: Int64, now: Int64) {
        precondition(countMax > 0, "a table of \(countMax) entries")
        self.countMax = countMax
        lifetime = lifetimeMilliseconds
        since = now
    }

    public var count: Int { recent.count + former.count }

    /// Looking does not count as use.
    public func peek(_ key: Key) -> Value? { recent[key] ?? former[key] }

    /// The value of `key`, which is in use.
    public mutating func use(_ key: Key, now: Int64) -> Value? {
        turn(now: now)
        if let value = recent[key] { return value }
        guard let value = former.removeValue(forKey: key) else { return nil }
        set(key, value, now: now)
        return value
    }

    public mutating func set(_ key: Key, _ value: Value, now: Int64) {
        if recent[key] == nil, recent.count >= countMax { beginPeriod(now: now) }
        turn(now: now)
        former[key] = nil
        recent[key] = value
    }

    @discardableResult
    public mutating func remove(_ key: Key) -> Value? {
        recent.removeValue(forKey: key) ?? former.removeValue(forKey: key)
    }

    private mutating func turn(now: Int64) {
        if now - since >= 2 * lifetime { recent = [:] }
        if now - since >= lifetime { beginPeriod(now: now) }
    }

    private mutating func beginPeriod(now: Int64) {
        former = recent
        recent = [:]
        since = now
    }
}
