// Metrics say what was counted, in the form that Prometheus reads.

import Foundation
import Testing
import TestSupport

@testable import Telemetry

@Suite("Metrics")
struct MetricsTests {
    @Test("counters rise, by the values of their labels")
    func counters() {
        let registry = Registry()
        let plain = registry.counter("a_total", "Help.")
        let kinds = registry.counter("b_total", "Help.", labels: ["x", "y"], known: [["u", "v"]])
        plain.add()
        plain.add(2.5)
        plain.add(-1)
        plain.add(.nan)
        kinds.add(1, "p", "q")
        kinds.add(1, "p", "q")
        #expect(
            registry.text == """
                # HELP a_total Help.
                # TYPE a_total counter
                a_total 3.5
                # HELP b_total Help.
                # TYPE b_total counter
                b_total{x="p",y="q"} 2
                b_total{x="u",y="v"} 0

                """)
    }

    @Test("a histogram counts each value once, under every bound that is not below it")
    func histograms() {
        let registry = Registry()
        let histogram = registry.histogram("s_seconds", "Help.", bounds: [0.1, 1])
        for value in [0.1, 0.05, 0.5, 7, -1, .nan, .infinity] { histogram.observe(value) }
        #expect(
            registry.text == """
                # HELP s_seconds Help.
                # TYPE s_seconds histogram
                s_seconds_bucket{le="0.1"} 2
                s_seconds_bucket{le="1"} 3
                s_seconds_bucket{le="+Inf"} 4
                s_seconds_sum 7.65
                s_seconds_count 4

                """)
    }

    @Test("values of labels that somebody else chose cannot make a scrape endless")
    func bounded() {
        let registry = Registry()
        let counter = registry.counter("a_total", "Help.", labels: ["who"])
        let histogram = registry.histogram("b", "Help.", label: "who", bounds: [1])
        for number in 0..<10_000 {
            counter.add(1, "w\(number)")
            histogram.observe(1, "w\(number)")
        }
        let lines = registry.text.split(separator: "\n")
        #expect(lines.count <= 4 + (Counter.seriesMax + 1) * 5)
        #expect(lines.contains("a_total{who=\"other\"} \(10_000 - Counter.seriesMax)"))
    }

    @Test("help and labels are escaped, and numbers are those of Go")
    func escaping() {
        let label = Family.Label("l", "a\"b\\c\nd")
        let family = Family(
            "m", "x\\y\nz", .gauge,
            [.nan, .infinity, -.infinity, 1e300, 0.1, -3].map {
                Family.Sample($0, labels: [label])
            })
        let name = #"m{l="a\"b\\c\nd"}"#
        #expect(
            family.text == "# HELP m x\\\\y\\nz\n# TYPE m gauge\n"
                + ["NaN", "+Inf", "-Inf", "1e+300", "0.1", "-3"].map { "\(name) \($0)\n" }.joined())
    }

    @Test("what a thousand threads' work comes to is not lost")
    func threads() async {
        let registry = Registry()
        let counter = registry.counter("a_total", "Help.", labels: ["x"])
        let histogram = registry.histogram("b", "Help.", bounds: [1])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<1_000 {
                group.addTask {
                    counter.add(1, "x")
                    histogram.observe(1)
                }
            }
        }
        #expect(registry.text.contains("a_total{x=\"x\"} 1000\n"))
        #expect(registry.text.contains("b_count 1000\n"))
    }

    @Test("a process knows its own memory, files and age")
    func processFigures() throws {
        let registry = Registry()
        ProcessFigures.register(in: registry)
        let values = Scrape(registry.text).values
        #expect(try #require(values["process_resident_memory_bytes"]) > 1e6)
        #expect(try #require(values["process_open_fds"]) > 2)
        #expect(try #require(values["process_max_fds"]) > 2)
        #expect(try #require(values["process_cpu_seconds_total"]) > 0)
        let age = Date().timeIntervalSince1970
            - (try #require(values["process_start_time_seconds"]))
        #expect((0..<600).contains(age))
        #expect(ProcessFigures.residentBytes(of: Int(getpid())) != nil)
        #expect(ProcessFigures.residentBytes(of: 99_999_999) == nil)
    }

    @Test("promtool has nothing to object", .enabled(if: Promtool.isThere, "\(Promtool.absence)"))
    func promtool() throws {
        let registry = Registry()
        ProcessFigures.register(in: registry)
        registry.counter("sounder_alpha_total", "Help with \\ and \n.", labels: ["x"])
            .add(1, "\"\\\n")
        registry.histogram("sounder_beta_seconds", "Help.", label: "y", bounds: [0.5])
            .observe(1, "z")
        registry.readings(.gauge, "sounder_gamma", "Help.", label: "z") { [("a", .nan), ("b", 1)] }
        #expect(try Promtool.complaints(about: registry.text) == "")
        #expect(try Promtool.complaints(about: "a 1\na 1\n") != "")
    }
}
