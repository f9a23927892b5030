// The example alarms: rules that Prometheus understands, about metrics that exist.

import Foundation
import TestSupport
import Testing

@Suite("The alarms")
struct AlarmTests {
    private static let rules = "deploy/prometheus/sounder.rules.yml"

    @Test(
        "promtool has nothing to object to the rules",
        .enabled(if: Promtool.isThere, "\(Promtool.absence)"))
    func check() throws {
        let verdict = try Command.run("promtool", ["check", "rules", Self.rules])
        #expect(verdict.code == 0, "\(verdict.all)")
        #expect(verdict.all.contains("SUCCESS"), "\(verdict.all)")
    }

    @Test(
        "the alarms ring when they should, and only then",
        .enabled(if: Promtool.isThere, "\(Promtool.absence)"))
    func ring() throws {
        let verdict = try Command.run(
            "promtool", ["test", "rules", "sounder.rules.test.yml"],
            in: Deploy.root.appendingPathComponent("deploy/prometheus"))
        #expect(verdict.code == 0, "\(verdict.all)")
    }

    @Test("every metric of the rules is one that docs/operations.md explains")
    func metrics() throws {
        let page = try Deploy.text("docs/operations.md")
        let words = try Deploy.text(Self.rules).split { !($0.isLetter || $0 == "_") }
        let used = Set(words.filter { $0.hasPrefix("sounder_") || $0.hasPrefix("process_") })
        #expect(used.count > 10)
        for name in used {
            let family = name.hasSuffix("_bucket") ? name.dropLast(7) : name
            #expect(page.contains("| `\(family)"), "\(name)")
        }
    }
}
