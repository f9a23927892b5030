// A line chart as inline SVG: the one kind of plot that reports have.

/// Lines over one horizontal axis. Colours come from the page, so that it can be read in light and
/// in dark; title and description say the same as the lines to whoever cannot see them.
struct LineChart {
    struct Series {
        let name: String
        /// By rising x; values that no axis can show are left out.
        let points: [(x: Double, y: Double)]

        init(_ name: String, _ points: [(x: Double, y: Double)]) {
            self.name = name
            self.points = points.filter { $0.x.magnitude < 1e15 && $0.y.magnitude < 1e15 }
        }
    }

    let title: String
    /// What is on the axes.
    let xName: String
    let yName: String
    let series: [Series]

    private static let size = (width: 640.0, height: 240.0)
    private static let margin = (left: 68.0, right: 16.0, top: 12.0, bottom: 44.0)
    /// Up to so many points have a mark that tells its value under the pointer.
    private static let marksMax = 120

    /// Nil without a point.
    var svg: String? {
        let all = series.flatMap(\.points)
        guard !all.isEmpty else { return nil }
        let x = Axis(
            all.map(\.x), from: Self.margin.left, to: Self.size.width - Self.margin.right,
            isFilled: true)
        let y = Axis(
            all.map(\.y), from: Self.size.height - Self.margin.bottom, to: Self.margin.top)
        var parts = [
            "<svg viewBox=\"0 0 \(Int(Self.size.width)) \(Int(Self.size.height))\" role=\"img\">",
            "<title>\(title.escapedForHTML)</title>",
            "<desc>\(description.escapedForHTML)</desc>",
        ]
        parts += frame(x, y)
        for (index, line) in series.enumerated() where !line.points.isEmpty {
            parts += draw(line, "s\(index % 4)", x, y)
        }
        parts.append("</svg>")
        return parts.joined(separator: "\n")
    }

    /// The names of the lines where there are several.
    var legend: String {
        guard series.count > 1 else { return "" }
        return series.enumerated().map { index, line in
            "<span class=\"key s\(index % 4)\"></span>\(line.name.escapedForHTML)"
        }.joined(separator: " ")
    }

    private var description: String {
        series.compactMap { line in
            guard let first = line.points.first, let last = line.points.last,
                let least = line.points.map(\.y).min(), let greatest = line.points.map(\.y).max()
            else { return nil }
            return "\(line.name): \(line.points.count) points, from \(first.y.compact) at "
                + "\(first.x.compact) to \(last.y.compact) at \(last.x.compact) \(xName), "
                + "between \(least.compact) and \(greatest.compact) \(yName)."
        }.joined(separator: " ")
    }

    private func frame(_ x: Axis, _ y: Axis) -> [String] {
        let bottom = Self.size.height - Self.margin.bottom
        let right = Self.size.width - Self.margin.right
        var parts = y.ticks.map { value in
            let at = y.place(value).inSVG
            return "<line class=\"grid\" x1=\"\(Self.margin.left.inSVG)\" x2=\"\(right.inSVG)\" "
                + "y1=\"\(at)\" y2=\"\(at)\"/>"
                + "<text class=\"end\" x=\"\((Self.margin.left - 8).inSVG)\" "
                + "y=\"\((y.place(value) + 4).inSVG)\">\(value.compact)</text>"
        }
        parts += x.ticks.map { value in
            "<text class=\"middle\" x=\"\(x.place(value).inSVG)\" "
                + "y=\"\((bottom + 18).inSVG)\">\(value.compact)</text>"
        }
        let middle = ((Self.margin.left + right) / 2).inSVG
        parts.append(
            "<text class=\"middle\" x=\"\(middle)\" y=\"\((bottom + 38).inSVG)\">"
                + "\(xName.escapedForHTML)</text>")
        return parts
    }

    private func draw(_ line: Series, _ style: String, _ x: Axis, _ y: Axis) -> [String] {
        let places = line.points.map { "\(x.place($0.x).inSVG),\(y.place($0.y).inSVG)" }
        var parts = ["<polyline class=\"\(style)\" points=\"\(places.joined(separator: " "))\"/>"]
        guard line.points.count <= Self.marksMax else { return parts }
        parts += line.points.map { point in
            "<circle class=\"\(style)\" cx=\"\(x.place(point.x).inSVG)\" "
                + "cy=\"\(y.place(point.y).inSVG)\" r=\"3\"><title>"
                + "\(line.name.escapedForHTML): \(point.y.compact) at \(point.x.compact)"
                + "</title></circle>"
        }
        return parts
    }
}

/// The values of one direction of a chart, and where they are drawn.
private struct Axis {
    let ticks: [Double]
    private let low: Double
    private let high: Double
    private let from: Double
    private let to: Double

    /// What begins near zero begins at zero.
    ///
    /// - Parameter isFilled: whether it ends with the last value, and not at a round number.
    init(_ values: [Double], from: Double, to: Double, isFilled: Bool = false) {
        self.from = from
        self.to = to
        var low = values.min() ?? 0
        var high = values.max() ?? 1
        if low > 0, low < 0.5 * high { low = 0 }
        if !(high - low > 1e-9 * max(high.magnitude, low.magnitude)) {
            let room = max(high.magnitude, 1e-6) * 0.1
            (low, high) = (low - room, high + room)
        }
        let step = Self.step((high - low) / 4)
        let first = (low / step).rounded(.down)
        let count = min(12, max(1, Int(((high - first * step) / step - 1e-9).rounded(.up))))
        self.low = first * step
        self.high = isFilled ? high : (first + Double(count)) * step
        let last = self.high
        ticks = (0...count).map { (first + Double($0)) * step }.filter { $0 <= last }
    }

    /// 1, 2 or 5 times a power of ten, not below `size`.
    private static func step(_ size: Double) -> Double {
        var power = 1.0
        while power * 10 <= size { power *= 10 }
        while power > size { power /= 10 }
        return power * ([1, 2, 5, 10].first { $0 * power >= size } ?? 10)
    }

    func place(_ value: Double) -> Double { from + (value - low) / (high - low) * (to - from) }
}

extension Double {
    fileprivate var inSVG: String { fixed(1) }
}
