// Reads docs/scenarios.md, and compares what it claims with the names of the tests.

import Foundation

enum ScenarioTable {
    struct Row: Equatable {
        let number: Int
        /// Files or folders under Tests, each with a test of the scenario; none if it has no test.
        let places: [String]
    }

    /// Lines that begin with a number in a table; the last column tells where it is tested.
    static func rows(in page: String) -> [Row] {
        page.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("| ") else { return nil }
            let cells = line.split(separator: "|").map { $0.split(separator: " ") }
            guard let number = cells.first?.first.flatMap({ Int($0) }), let last = cells.last else {
                return nil
            }
            if last.first == "not" { return Row(number: number, places: []) }
            let places = last.filter { $0.hasPrefix("`") }.map { $0.filter { !"`,".contains($0) } }
            return Row(number: number, places: places.map { String($0) })
        }
    }

    /// The scenarios that the names of a file's tests begin with: `@Test("1, 11: ...")`.
    static func numbers(in source: SourceText) -> Set<Int> {
        let text = source.lines.joined(separator: "\n")
        var numbers: Set<Int> = []
        for part in text.components(separatedBy: "@Test(").dropFirst() {
            let name = part.drop { $0.isWhitespace }
            guard name.first == "\"" else { continue }
            let head = name.dropFirst().prefix { $0.isNumber || $0 == "," || $0 == " " }
            guard name.dropFirst(1 + head.count).first == ":" else { continue }
            for number in head.split(whereSeparator: { !$0.isNumber }) {
                Int(number).map { _ = numbers.insert($0) }
            }
        }
        return numbers
    }

    /// What the table claims and no test keeps, and the other way round.
    static func complaints(_ rows: [Row], _ sources: [SourceText]) -> [String] {
        var complaints: [String] = []
        var tested: [(path: String, numbers: Set<Int>)] = []
        for source in sources where source.path.hasPrefix("Tests/") {
            let numbers = numbers(in: source)
            if !numbers.isEmpty { tested.append((String(source.path.dropFirst(6)), numbers)) }
        }
        for row in rows {
            for place in row.places {
                let has = tested.contains { path, numbers in
                    (path == place || path.hasPrefix(place + "/")) && numbers.contains(row.number)
                }
                if !has { complaints.append("no test of scenario \(row.number) in \(place)") }
            }
        }
        let claimed = Set(rows.filter { !$0.places.isEmpty }.map(\.number))
        for (path, numbers) in tested {
            for number in numbers.subtracting(claimed).sorted() {
                complaints.append(
                    "\(path) tests scenario \(number), which the table does not claim")
            }
        }
        return complaints
    }
}
