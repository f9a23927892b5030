// Figures of a job that count something: a coordinator may tell any number.

import Protocol

extension JobStatus {
    /// A figure as a whole number; 0 where none is told, or something else.
    func count(_ name: String) -> Int {
        measures[name].flatMap { Int(exactly: $0) } ?? 0
    }
}
