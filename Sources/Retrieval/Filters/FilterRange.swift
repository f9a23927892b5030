// Comparisons with numbers as closed ranges of the type that a column has.

/// Exact also where a number of the filter is none of the column's: 2.5 and integers, or integers
/// beyond 2^53 and numbers of 64 bits.
enum FilterRange {
    typealias Comparison = Condition.Comparison

    /// The integers for which the comparison (not `!=`) holds; nil for none.
    static func integers(_ comparison: Comparison, _ value: FilterValue) -> ClosedRange<Int64>? {
        switch value {
        case .integer(let integer):
            switch comparison {
            case .equal, .notEqual: return integer...integer
            case .less: return integer == .min ? nil : .min...(integer - 1)
            case .lessOrEqual: return .min...integer
            case .greater: return integer == .max ? nil : (integer + 1)...(.max)
            case .greaterOrEqual: return integer...(.max)
            }
        case .number(let number):
            if let integer = Int64(exactly: number) {
                return integers(comparison, .integer(integer))
            }
            // Between two integers, or beyond all of them.
            let below = Int64(exactly: number.rounded(.down)) ?? (number < 0 ? .min : .max)
            switch comparison {
            case .equal, .notEqual: return nil
            case .less, .lessOrEqual:
                return number < Double(Int64.min) ? nil : .min...below
            case .greater, .greaterOrEqual:
                if number < Double(Int64.min) { return .min...(.max) }
                return below == .max ? nil : (below + 1)...(.max)
            }
        case .boolean, .string: return nil
        }
    }

    /// The numbers for which the comparison (not `!=`) holds; nil for none.
    static func numbers(_ comparison: Comparison, _ value: FilterValue) -> ClosedRange<Double>? {
        let number: Double
        switch value {
        case .number(let known): number = known
        case .integer(let integer):
            guard let exact = Double(exactly: integer) else {
                return numbers(comparison, near: integer)
            }
            number = exact
        case .boolean, .string: return nil
        }
        switch comparison {
        case .equal, .notEqual: return number...number
        case .less: return -.infinity...number.nextDown
        case .lessOrEqual: return -.infinity...number
        case .greater: return number.nextUp...(.infinity)
        case .greaterOrEqual: return number...(.infinity)
        }
    }

    /// No number is `integer`, so that it stands between two of them.
    private static func numbers(
        _ comparison: Comparison, near integer: Int64
    ) -> ClosedRange<Double>? {
        let rounded = Double(integer)
        // Beyond 2^63 lies none but the rounded one.
        let isAbove = Int64(exactly: rounded).map { $0 > integer } ?? (rounded > 0)
        switch comparison {
        case .equal, .notEqual: return nil
        case .less, .lessOrEqual: return -.infinity...(isAbove ? rounded.nextDown : rounded)
        case .greater, .greaterOrEqual: return (isAbove ? rounded : rounded.nextUp)...(.infinity)
        }
    }
}
