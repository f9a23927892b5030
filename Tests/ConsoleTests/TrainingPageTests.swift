// The page about a training: whole in itself, and safe whatever words are in it.

import Foundation
import Protocol
import Testing

@testable import Console

@Suite struct TrainingPageTests {
    private static let hostile = "</td><script>alert('&\"')</script>\u{202E}\u{0}"

    private func page(rounds: Int = 3) -> TrainingPage {
        var page = TrainingPage(title: "v.bin \(Self.hostile)")
        page.settings = [("Corpus", Self.hostile)]
        page.quality = [[Self.hostile, "1 %", "1 of 2"]]
        for round in 0..<rounds {
            page.history.add(
                .init(
                    round: round, words: 1_000, seconds: 0.5, bytesSent: 10, bytesReceived: 20,
                    loss: 3 - Double(round), learningRate: 0.05, divergence: 0.1))
        }
        page.history.add([
            .init(
                round: rounds, word: Self.hostile,
                neighbours: [.init(word: Self.hostile, cosine: 0.5)])
        ])
        page.history.unknownProbes = [Self.hostile]
        return page
    }

    @Test("hostile words are text and nothing else")
    func escaping() {
        let html = page().html
        #expect(!html.contains("<script") && !html.contains("</td><script"))
        #expect(!html.contains("\u{202E}") && !html.contains("\u{0}"))
        #expect(html.contains("&lt;/td&gt;&lt;script&gt;alert(&#39;&amp;&quot;&#39;)"))
    }

    @Test("nothing is fetched from anywhere")
    func selfContained() {
        let html = page().html
        for word in ["http:", "https:", "src=", "url(", "@import", "<link"] {
            #expect(!html.contains(word), "\(word)")
        }
        #expect(html.contains("default-src 'none'"))
    }

    @Test("every plot has a title and a description, and a line")
    func accessible() {
        let html = page().html
        let count = { (part: String) in html.components(separatedBy: part).count - 1 }
        #expect(count("<svg ") == 5)
        #expect(count("role=\"img\"") == 5 && count("<desc>") == 5)
        #expect(count("<polyline ") == 6)
        #expect(html.contains("Loss: 3 points, from 3 at 1 k to 1 at 3 k words trained"))
    }

    @Test("without rounds there is a page without plots")
    func empty() {
        let html = TrainingPage(title: "x").html
        #expect(!html.contains("<svg") && html.hasSuffix("</html>\n"))
    }
}

@Suite struct LineChartTests {
    private func chart(_ points: [(x: Double, y: Double)]) -> LineChart {
        LineChart(title: "t", xName: "x", yName: "y", series: [.init("s", points)])
    }

    @Test("values that no axis can show are left out, and the others stay within the frame")
    func extremes() throws {
        let points = [
            (x: 0.0, y: Double.nan), (1, .infinity), (2, 1e300), (3, -5), (4, 1e14), (5, 1e-300),
        ]
        let svg = try #require(chart(points).svg)
        #expect(svg.contains("3 points") && !svg.contains("nan") && !svg.contains("inf"))
        #expect(chart([(.nan, .nan)]).svg == nil)
    }

    @Test("one point and equal values have an axis, too", arguments: [0.0, 7, -3e-9, 1e14])
    func flat(_ value: Double) throws {
        let svg = try #require(chart([(1, value)]).svg)
        #expect(svg.contains("<circle") && !svg.contains("nan"))
        #expect(try #require(chart([(1, value), (2, value)]).svg).contains("<polyline"))
    }

    @Test(
        "numbers are short",
        arguments: [
            (0, "0"), (0.05, "0.05"), (1_250_000, "1.25 M"), (340_000, "340 k"), (12.34, "12.3"),
            (-1_500, "-1.5 k"), (0.000_005, "0.000005"), (999.999, "1 k"),
        ])
    func numbers(_ value: Double, _ text: String) { #expect(value.compact == text) }
}
