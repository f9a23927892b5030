// Random fields of passages, and what a filter means in the plainest way.

import TestSupport

@testable import Retrieval

enum FieldSamples {
    static let names = ["year", "score", "lang", "topic", "open", "never", "id"]

    static func values(_ count: Int, _ numbers: inout Numbers) -> [[FieldValue]] {
        (0..<count).map { index in
            func perhaps(_ value: FieldValue) -> FieldValue {
                Int.random(in: 0..<4, using: &numbers) == 0 ? .missing : value
            }
            let topics = ["a", "b", "c", "ä", ""]
            let chosen = (0..<Int.random(in: 0...3, using: &numbers)).map { _ in
                topics.randomElement(using: &numbers) ?? ""
            }
            return [
                perhaps(.integer(Int64.random(in: 2010...2020, using: &numbers))),
                perhaps(.number(Double(Int.random(in: -8...8, using: &numbers)) / 4)),
                perhaps(.string(["en", "de", "fr", "日本"].randomElement(using: &numbers) ?? "")),
                .strings(chosen), perhaps(.boolean(Bool.random(using: &numbers))), .missing,
                .string("doc-\(index * 7919 % 1_000)"),
            ]
        }
    }

    static func table(_ values: [[FieldValue]]) throws -> MetadataTable {
        var builder = try MetadataBuilder(fields: names)
        for row in values { try builder.append(row) }
        return try MetadataTable(copying: builder.bytes)
    }

    static func leaf(_ numbers: inout Numbers) -> String {
        func pick(_ list: [String]) -> String { list.randomElement(using: &numbers) ?? "" }
        let sign = pick(["=", "!=", "<", "<=", ">", ">="])
        switch Int.random(in: 0..<9, using: &numbers) {
        case 0: return "year \(sign) \(pick(["2009", "2015", "2014.5", "2030", "-1e30"]))"
        case 1: return "score \(sign) \(pick(["0", "-0.25", "0.3", "9", "9223372036854775807"]))"
        case 2: return "lang \(sign) \(pick(["'en'", "'dd'", "''", "'日本'", "'zz'"]))"
        case 3: return "topic \(sign) \(pick(["'a'", "'b'", "''", "'ä'", "'zzz'"]))"
        case 4: return "open \(pick(["=", "!="])) \(pick(["true", "false"]))"
        case 5: return "has(\(pick(names)))"
        case 6: return "year in (2011, 2012.0, 2013.5, 2014, 2015, 2016)"
        case 7: return "topic \(pick(["", "not "]))in ('a', 'nothing')"
        default:
            return pick(["never = 3", "id < 'doc-5'", "lang in ('en','fr')", "open in (true)"])
        }
    }

    static func filter(_ depth: Int, _ numbers: inout Numbers) -> String {
        if depth == 0 { return leaf(&numbers) }
        let left = filter(depth - 1, &numbers)
        let right = filter(depth - 1, &numbers)
        switch Int.random(in: 0..<3, using: &numbers) {
        case 0: return "(\(left) and \(right))"
        case 1: return "(\(left) or \(right))"
        default: return "not (\(left))"
        }
    }
}

extension Condition {
    /// Passage by passage, value by value.
    func plainlyHolds(_ row: [FieldValue]) -> Bool {
        switch self {
        case .all(let parts): return parts.allSatisfy { $0.plainlyHolds(row) }
        case .any(let parts): return parts.contains { $0.plainlyHolds(row) }
        case .not(let part): return !part.plainlyHolds(row)
        case .leaf(let leaf):
            let place = FieldSamples.names.firstIndex(of: leaf.field.name)
            let values = place.map { row[$0].each } ?? []
            switch leaf.test {
            case .has: return !values.isEmpty
            case .among(let literals):
                return literals.contains { literal in
                    values.contains { $0.plainlyHolds(.equal, literal.value) }
                }
            case .compare(.notEqual, let literal):
                return !values.contains { $0.plainlyHolds(.equal, literal.value) }
            case .compare(let comparison, let literal):
                return values.contains { $0.plainlyHolds(comparison, literal.value) }
            }
        }
    }
}

extension FieldValue {
    fileprivate var each: [FieldValue] {
        switch self {
        case .missing: []
        case .strings(let strings): strings.map { .string($0) }
        default: [self]
        }
    }

    fileprivate func plainlyHolds(_ comparison: Condition.Comparison, _ other: FilterValue) -> Bool
    {
        func compare<Value: Comparable>(_ a: Value, _ b: Value) -> Bool {
            switch comparison {
            case .equal: a == b
            case .notEqual: a != b
            case .less: a < b
            case .lessOrEqual: a <= b
            case .greater: a > b
            case .greaterOrEqual: a >= b
            }
        }
        // 80 bits hold both types of numbers exactly.
        switch (self, other) {
        case (.integer(let a), .integer(let b)): return compare(a, b)
        case (.integer(let a), .number(let b)): return compare(Float80(a), Float80(b))
        case (.number(let a), .integer(let b)): return compare(Float80(a), Float80(b))
        case (.number(let a), .number(let b)): return compare(a, b)
        case (.boolean(let a), .boolean(let b)): return compare(a ? 1 : 0, b ? 1 : 0)
        case (.string(let a), .string(let b)):
            return compare(Bytes(Array(a.utf8)), Bytes(Array(b.utf8)))
        default: return false
        }
    }
}

private struct Bytes: Comparable {
    let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    static func < (a: Bytes, b: Bytes) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}
