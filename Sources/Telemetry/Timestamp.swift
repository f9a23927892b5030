// A moment as people and machines both read it: ISO 8601, UTC, milliseconds.

/// `2026-02-28T09:05:07.012Z`, by the Gregorian calendar; years 0 to 9999.
public struct Timestamp: Sendable, CustomStringConvertible {
    public let milliseconds: Int64

    /// - Parameter milliseconds: since 1970; moments outside the years are moved to their edge.
    public init(_ milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
    }

    public var description: String {
        let days = milliseconds.floored(by: 86_400_000)
        let rest = milliseconds - days * 86_400_000
        let (year, month, day) = Self.date(days)
        let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60)
        let (second, milli) = (rest / 1_000 % 60, rest % 1_000)
        return "\(year.padded(4))-\(month.padded(2))-\(day.padded(2))T"
            + "\(hour.padded(2)):\(minute.padded(2)):\(second.padded(2)).\(milli.padded(3))Z"
    }

    /// Days since 1970 to a date. Years begin in March here, so that the leap day is their last.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted.floored(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let leaps = dayOfEra / 1_460 - dayOfEra / 36_524 + dayOfEra / 146_096
        let yearOfEra = (dayOfEra - leaps) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * march + 2) / 5 + 1
        let month = march < 10 ? march + 3 : march - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Int64 {
    fileprivate func floored(by divisor: Int64) -> Int64 {
        self / divisor - (self % divisor < 0 ? 1 : 0)
    }

    fileprivate func padded(_ width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}
