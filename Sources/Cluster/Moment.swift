// Time as the core sees it: a number handed in by the shell, never read from a clock.

/// A point on the shell's monotonic clock. Only differences mean anything.
public struct Moment: Hashable, Comparable, Sendable {
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func < (left: Moment, right: Moment) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// `milliseconds` later.
    public static func + (moment: Moment, milliseconds: Int) -> Moment {
        Moment(milliseconds: moment.milliseconds + Int64(milliseconds))
    }

    /// Milliseconds from `right` to `left`.
    public static func - (left: Moment, right: Moment) -> Int {
        Int(left.milliseconds - right.milliseconds)
    }
}
