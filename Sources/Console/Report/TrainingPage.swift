// The report of a training job as one HTML file that needs nothing else.

import Protocol

/// Everything that the page shows; `html` is a function of it.
struct TrainingPage {
    typealias Row = (name: String, value: String)

    var title: String
    var figures: [Row] = []
    var settings: [Row] = []
    var history = TrainingHistory()
    /// Of each measure: its name, what was reached, and out of what.
    var quality: [[String]] = []

    var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" \
        content="default-src 'none'; style-src 'unsafe-inline'">
        <title>\(title.escapedForHTML)</title>
        <style>\(Self.style)</style>
        </head>
        <body>
        <main>
        <h1>\(title.escapedForHTML)</h1>
        \(sections.joined(separator: "\n"))
        </main>
        </body>
        </html>

        """
    }

    private var sections: [String] {
        var sections = [
            Self.section("Result", Self.list(figures)),
            Self.section("Settings", Self.list(settings)),
        ]
        let charts = charts.compactMap(Self.figure)
        if !charts.isEmpty {
            let grid = "<div class=\"charts\">\(charts.joined(separator: "\n"))</div>"
            sections.append(Self.section("Course of the training", grid + roundTable))
        }
        if !history.probes.isEmpty || !history.unknownProbes.isEmpty {
            sections.append(Self.section("Neighbours over time", probeTables))
        }
        if !quality.isEmpty {
            let table = Self.table(["Measure", "Reached", "Of"], quality)
            sections.append(Self.section("Quality", table))
        }
        return sections
    }

    private static func section(_ name: String, _ content: String) -> String {
        "<section>\n<h2>\(name.escapedForHTML)</h2>\n\(content)\n</section>"
    }

    private static func list(_ rows: [Row]) -> String {
        let items = rows.map {
            "<div><dt>\($0.name.escapedForHTML)</dt><dd>\($0.value.isolatedForHTML)</dd></div>"
        }
        return "<dl>\n\(items.joined(separator: "\n"))\n</dl>"
    }

    private static func figure(_ chart: LineChart) -> String? {
        chart.svg.map { svg in
            "<figure>\n<figcaption><strong>\(chart.title.escapedForHTML)</strong> "
                + "\(chart.yName.escapedForHTML) \(chart.legend)</figcaption>\n\(svg)\n</figure>"
        }
    }

    /// - Parameter rows: text, escaped here.
    private static func table(_ head: [String], _ rows: [[String]]) -> String {
        let cells = head.map { "<th scope=\"col\">\($0.escapedForHTML)</th>" }.joined()
        let body = rows.map { row in
            "<tr>" + row.map { "<td>\($0.isolatedForHTML)</td>" }.joined() + "</tr>"
        }
        return "<div class=\"wide\"><table>\n<thead><tr>\(cells)</tr></thead>\n<tbody>\n"
            + "\(body.joined(separator: "\n"))\n</tbody>\n</table></div>"
    }
}

// MARK: - The course of the training

extension TrainingPage {
    /// Words that were trained when each point ended.
    private var wordsDone: [Double] {
        var done = 0.0
        return history.points.map { point in
            done += point.words
            return done
        }
    }

    private var charts: [LineChart] {
        func line(
            _ name: String, _ value: (TrainingHistory.Point) -> Double?
        ) -> LineChart.Series {
            LineChart.Series(
                name,
                zip(wordsDone, history.points).compactMap { words, point in
                    value(point).map { (words, $0) }
                })
        }
        func chart(_ title: String, _ unit: String, _ series: LineChart.Series...) -> LineChart {
            LineChart(title: title, xName: "words trained", yName: unit, series: series)
        }
        return [
            chart("Loss", "nats a pair", line("Loss") { $0.loss }),
            chart("Throughput", "words a second", line("Throughput") { $0.wordsPerSecond }),
            chart("Learning rate", "", line("Learning rate") { $0.learningRate }),
            chart(
                "Synchronisation", "bytes a word",
                line("sent by workers") { $0.words > 0 ? $0.bytesSent / $0.words : nil },
                line("received") { $0.words > 0 ? $0.bytesReceived / $0.words : nil }),
            chart(
                "Divergence of partitions", "1 less the cosine",
                line("Divergence") { $0.divergence }),
        ]
    }

    private var roundTable: String {
        let rows = zip(wordsDone, history.points).map { words, point in
            [
                "\(point.round + 1)", words.grouped, point.loss?.fixed(4) ?? "-",
                point.learningRate.compact, point.wordsPerSecond?.grouped ?? "-",
                point.bytesPerWord?.fixed(0) ?? "-", point.divergence?.fixed(3) ?? "-",
            ]
        }
        let head = [
            "Up to round", "Words", "Loss", "Learning rate", "Words/s", "Bytes/word", "Divergence",
        ]
        return "<details>\n<summary>The figures as a table</summary>\n"
            + "\(Self.table(head, rows))\n</details>"
    }

    /// One table a word; words that stayed to the end stand out.
    private var probeTables: String {
        var words: [String] = []
        for probe in history.probes where !words.contains(probe.word) { words.append(probe.word) }
        var parts = words.map { word in
            let probes = history.probes.filter { $0.word == word }
            let final = Set(probes.last?.neighbours.map(\.word) ?? [])
            let rows = probes.map { Self.row($0, final) }.joined(separator: "\n")
            return "<h3>\(word.isolatedForHTML)</h3>\n<div class=\"wide\"><table>\n<thead><tr>"
                + "<th scope=\"col\">Round</th>"
                + "<th scope=\"col\" colspan=\"\(TrainingHistory.probeNeighbours)\">"
                + "Nearest words; those that stayed to the end are marked</th></tr></thead>\n"
                + "<tbody>\n\(rows)\n</tbody>\n</table></div>"
        }
        let unknown = history.unknownProbes.map(\.isolatedForHTML).joined(separator: ", ")
        if !unknown.isEmpty { parts.append("<p>Not in the vocabulary: \(unknown)</p>") }
        return parts.joined(separator: "\n")
    }

    private static func row(_ probe: TrainingHistory.Probe, _ final: Set<String>) -> String {
        let cells = probe.neighbours.map { near in
            let word = near.word.isolatedForHTML
            return "<td>\(final.contains(near.word) ? "<mark>\(word)</mark>" : word) "
                + "<small>\(near.cosine.fixed(3))</small></td>"
        }
        return "<tr><th scope=\"row\">\(probe.round)</th>\(cells.joined())</tr>"
    }
}
