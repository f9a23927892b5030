// The table of scenarios claims nothing that no test keeps.

import Testing

@Suite("The table of scenarios")
struct ScenarioTests {
    @Test("every scenario has a row, and every claim has a test")
    func repository() throws {
        let rows = ScenarioTable.rows(in: try Repository.text(of: "docs/scenarios.md"))
        #expect(rows.map(\.number) == Array(1...59))
        #expect(rows.count { !$0.places.isEmpty } >= 40)
        for complaint in ScenarioTable.complaints(rows, Repository.sources) {
            Issue.record("\(complaint)")
        }
    }

    private func source(_ path: String, _ names: String...) -> SourceText {
        // In two parts, or it would be taken for tests of this file.
        let text = names.map { "@Test" + "(\n    \"\($0)\")\nfunc f() {}\n" }.joined()
        return SourceText(path: "Tests/\(path)", text: text)
    }

    private static let page = """
        | n | fault | what happens | tested in |
        |---|---|---|---|
        | 1 | a | b | `A/X.swift`, `B` |
        | 2 | a | b | not yet: `C` is missing |
        """

    @Test("a claim without a test, and a test without a claim, are found")
    func found() {
        let rows = ScenarioTable.rows(in: Self.page)
        #expect(
            rows == [
                ScenarioTable.Row(number: 1, places: ["A/X.swift", "B"]),
                ScenarioTable.Row(number: 2, places: []),
            ])
        let good = [source("A/X.swift", "1: x"), source("B/Y.swift", "3 of x", "1, 1: y")]
        #expect(ScenarioTable.complaints(rows, good).isEmpty)
        #expect(ScenarioTable.complaints(rows, [good[0]]) == ["no test of scenario 1 in B"])
        let more = good + [source("B/Z.swift", "1, 2: x")]
        #expect(
            ScenarioTable.complaints(rows, more)
                == ["B/Z.swift tests scenario 2, which the table does not claim"])
    }
}
