// What is left of the time that a query may take on the cluster.

import Protocol

/// One for all stages of a query: each gets what those before it have left.
struct QueryAllowance: Equatable, Sendable {
    /// Milliseconds.
    let total: Int
    private var spent = 0.0

    init(milliseconds: Int) { total = milliseconds }

    /// Whole milliseconds, as a question tells them; nil where there are none.
    var left: Int? {
        let left = total - Int(min(spent, Double(total)).rounded(.up))
        return left > 0 ? left : nil
    }

    mutating func spend(milliseconds: Double) { spent += max(milliseconds, 0) }

    /// For a stage that cannot begin any more.
    func exhaustion(before stage: String) -> Fault {
        Fault(
            .temporary,
            "nothing is left for the stage \(stage) of the \(total) ms that the query may take, "
                + "of which the stages before it took \(Int(spent)); allow more time, or partial "
                + "answers", retryable: true)
    }

    /// The fault of a stage that was late, with why it had less time than the user gave.
    func explained(_ fault: Fault, of stage: String) -> Fault {
        guard fault.code == .temporary, spent > 0 else { return fault }
        return Fault(
            fault.code,
            "\(stage): \(fault.message); of the \(total) ms that the query may take the stages "
                + "before it took \(Int(spent))", retryable: fault.retryable)
    }
}
