// What metrics come to when they are read: families of samples, in the text format of Prometheus.

/// All samples of one name.
public struct Family: Sendable, Equatable {
    public enum Kind: String, Sendable { case counter, gauge, histogram }

    public struct Sample: Sendable, Equatable {
        /// Follows the family's name: `_bucket`, `_sum` and `_count` of histograms.
        public var suffix: String
        public var labels: [Label]
        public var value: Double

        public init(_ value: Double, labels: [Label] = [], suffix: String = "") {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    public struct Label: Sendable, Equatable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public var name: String
    public var help: String
    public var kind: Kind
    public var samples: [Sample]

    public init(_ name: String, _ help: String, _ kind: Kind, _ samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// Lines of the exposition format 0.0.4.
    public var text: String {
        var text = "# HELP \(name) \(Self.escape(help, quotes: false))\n"
        text += "# TYPE \(name) \(kind.rawValue)\n"
        for sample in samples {
            text += name + sample.suffix
            if !sample.labels.isEmpty {
                let pairs = sample.labels.map { label in
                    "\(label.name)=\"\(Self.escape(label.value, quotes: true))\""
                }
                text += "{" + pairs.joined(separator: ",") + "}"
            }
            text += " " + Self.number(sample.value) + "\n"
        }
        return text
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// As Go reads numbers.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if value == value.rounded(), value.magnitude < 1e15 { return "\(Int64(value))" }
        return "\(value)"
    }
}
