// All metrics of a process, by name.

import Synchronization

/// Metrics are added when a service starts and read at every scrape, on the thread of the scrape.
public final class Registry: Sendable {
    private struct Entry {
        let name: String
        let read: @Sendable () -> [Family]
    }

    private let entries = Mutex<[Entry]>([])

    public init() {}

    /// - Parameters:
    ///   - name: ends in `_total`.
    ///   - known: values of the labels that are there from the beginning, as zeros.
    public func counter(
        _ name: String, _ help: String, labels: [String] = [], known: [[String]] = []
    ) -> Counter {
        let counter = Counter(name, help, labels: labels, known: known)
        add(name) { [counter.family] }
        return counter
    }

    /// - Parameter bounds: upper ends of the ranges, rising; one without end is added.
    public func histogram(
        _ name: String, _ help: String, label: String? = nil, bounds: [Double]
    ) -> Histogram {
        let histogram = Histogram(name, help, label: label, bounds: bounds)
        add(name) { [histogram.family] }
        return histogram
    }

    /// A number that is kept elsewhere.
    public func reading(
        _ kind: Family.Kind, _ name: String, _ help: String,
        _ read: @escaping @Sendable () -> Double
    ) {
        add(name) { [Family(name, help, kind, [Family.Sample(read())])] }
    }

    /// Numbers that are kept elsewhere, by the values of one label.
    public func readings(
        _ kind: Family.Kind, _ name: String, _ help: String, label: String,
        _ read: @escaping @Sendable () -> [(String, Double)]
    ) {
        add(name) {
            let samples = read().map { value, number in
                Family.Sample(number, labels: [Family.Label(label, value)])
            }
            return [Family(name, help, kind, samples)]
        }
    }

    /// Whole families that are made when they are asked for.
    public func add(_ name: String, _ read: @escaping @Sendable () -> [Family]) {
        entries.withLock { entries in
            precondition(!entries.contains { $0.name == name }, "two metrics named \(name)")
            entries.append(Entry(name: name, read: read))
        }
    }

    /// What a scrape gets.
    public var text: String {
        entries.withLock { $0 }.flatMap { $0.read() }.map(\.text).joined()
    }
}
