// What is measured while a service runs: counters and histograms, cheap enough for every message.

import Synchronization

/// Numbers that only rise, one for each combination of values of the labels.
public final class Counter: Sendable {
    let name: String
    private let help: String
    private let labels: [String]
    private let series: Mutex<[[String]: Double]>
    /// More combinations than this are counted as `other`: a scrape has a bounded length.
    public static let seriesMax = 200

    init(_ name: String, _ help: String, labels: [String], known: [[String]]) {
        precondition(name.hasSuffix("_total"), "a counter named \(name)")
        self.name = name
        self.help = help
        self.labels = labels
        let first = labels.isEmpty ? [[]] : known
        series = Mutex(Dictionary(first.map { ($0, 0) }, uniquingKeysWith: { $1 }))
    }

    /// - Parameter values: of the labels, in their order.
    public func add(_ more: Double = 1, _ values: String...) {
        precondition(values.count == labels.count, "\(values.count) labels for \(name)")
        guard more > 0, more.isFinite else { return }
        series.withLock { series in
            let key =
                series[values] != nil || series.count < Self.seriesMax
                ? values : values.map { _ in "other" }
            series[key, default: 0] += more
        }
    }

    var family: Family {
        let sorted = series.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        return Family(
            name, help, .counter,
            sorted.map { values, value in
                Family.Sample(value, labels: zip(labels, values).map { Family.Label($0, $1) })
            })
    }
}

/// How often a time or a size fell into which range; the ranges are fixed.
public final class Histogram: Sendable {
    private struct Series {
        var counts: [Double]
        var sum = 0.0
    }

    let name: String
    private let help: String
    private let label: String?
    private let bounds: [Double]
    private let series: Mutex<[String: Series]>

    /// Seconds, from a tenth of a millisecond to a minute.
    public static let secondsShort: [Double] = [
        0.0001, 0.00025, 0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 10, 60,
    ]
    /// Seconds, from ten milliseconds to half an hour.
    public static let secondsLong: [Double] = [
        0.01, 0.05, 0.25, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800,
    ]

    init(_ name: String, _ help: String, label: String?, bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds of \(name)")
        self.name = name
        self.help = help
        self.label = label
        self.bounds = bounds
        let empty = Series(counts: Array(repeating: 0, count: bounds.count + 1))
        series = Mutex(label == nil ? ["": empty] : [:])
    }

    /// - Parameter value: of the label, if the histogram has one.
    public func observe(_ measured: Double, _ value: String = "") {
        precondition(value.isEmpty == (label == nil), "label \(value) for \(name)")
        guard measured >= 0, measured.isFinite else { return }
        let bucket = bounds.firstIndex { measured <= $0 } ?? bounds.count
        let empty = Series(counts: Array(repeating: 0, count: bounds.count + 1))
        series.withLock { series in
            let key =
                series[value] != nil || series.count < Counter.seriesMax ? value : "other"
            series[key, default: empty].counts[bucket] += 1
            series[key, default: empty].sum += measured
        }
    }

    var family: Family {
        let sorted = series.withLock { $0 }.sorted { $0.key < $1.key }
        return Family(
            name, help, .histogram,
            sorted.flatMap { value, series in
                samples(of: series, labels: label.map { [Family.Label($0, value)] } ?? [])
            })
    }

    private func samples(of series: Series, labels: [Family.Label]) -> [Family.Sample] {
        var samples: [Family.Sample] = []
        var count = 0.0
        for (bound, more) in zip(bounds + [.infinity], series.counts) {
            count += more
            let le = Family.Label("le", Family.number(bound))
            samples.append(Family.Sample(count, labels: labels + [le], suffix: "_bucket"))
        }
        samples.append(Family.Sample(series.sum, labels: labels, suffix: "_sum"))
        samples.append(Family.Sample(count, labels: labels, suffix: "_count"))
        return samples
    }
}
