// A filter over the columns of a segment: once for a question, all passages at a time.

extension Filter {
    /// The passages that the filter lets through. A field that the segment lacks has no values.
    ///
    /// - Parameter table: nil for a segment without fields.
    /// - Throws: a type that does not fit; a column that is malformed.
    func passages(_ count: Int, of table: MetadataTable?) throws(FilterProblem) -> PassageSet {
        guard let table else { return try evaluate(root, count, nil) }
        return try table.passages(of: text) { () throws(FilterProblem) in
            try evaluate(root, count, table)
        }
    }

    /// Which rows of a table it lets through.
    ///
    /// - Throws: also a type that does not fit.
    public func rows(of table: MetadataTable) throws(FilterProblem) -> PassageSet {
        try passages(table.passages, of: table)
    }

    private func evaluate(
        _ condition: Condition, _ count: Int, _ table: MetadataTable?
    ) throws(FilterProblem) -> PassageSet {
        switch condition {
        case .all(let parts):
            var set = PassageSet(passages: count, all: true)
            for part in parts { set.formIntersection(try evaluate(part, count, table)) }
            return set
        case .any(let parts):
            var set = PassageSet(passages: count)
            for part in parts { set.formUnion(try evaluate(part, count, table)) }
            return set
        case .not(let part):
            var set = try evaluate(part, count, table)
            set.invert()
            return set
        case .leaf(let leaf): return try evaluate(leaf, count, table)
        }
    }

    private func evaluate(
        _ leaf: Condition.Leaf, _ count: Int, _ table: MetadataTable?
    ) throws(FilterProblem) -> PassageSet {
        var set = PassageSet(passages: count)
        if let table, let field = table.fields.firstIndex(of: leaf.field.name) {
            try check(leaf, table.type(of: field))
            do throws(MetadataError) {
                set = ColumnFilter(try table.column(field)).passages(leaf.test)
            } catch { throw FilterProblem("\(error)") }
        }
        if case .compare(.notEqual, _) = leaf.test { set.invert() }
        return set
    }
}

/// One test of one column; `!=` is taken for `=`.
private struct ColumnFilter {
    let column: MetadataColumn

    init(_ column: MetadataColumn) { self.column = column }

    func passages(_ test: Condition.Test) -> PassageSet {
        var set: PassageSet
        switch (test, column.type) {
        case (.has, _), (_, .none): return column.presence
        case (.compare(let comparison, let literal), .integer):
            set = inside(column.integers, FilterRange.integers(comparison, literal.value))
        case (.compare(let comparison, let literal), .number):
            set = inside(column.numbers, FilterRange.numbers(comparison, literal.value))
        case (.among(let literals), .integer):
            set = among(
                column.integers,
                literals.compactMap { FilterRange.integers(.equal, $0.value)?.lowerBound })
        case (.among(let literals), .number):
            set = among(
                column.numbers,
                literals.compactMap { FilterRange.numbers(.equal, $0.value)?.lowerBound })
        case (.compare(_, let literal), .boolean): set = booleans([literal])
        case (.among(let literals), .boolean): set = booleans(literals)
        case (.compare(let comparison, let literal), _):
            set = strings { accept in
                if case .string(let text) = literal.value { mark(&accept, comparison, text) }
            }
        case (.among(let literals), _):
            set = strings { accept in
                for literal in literals {
                    if case .string(let text) = literal.value { mark(&accept, .equal, text) }
                }
            }
        }
        set.formIntersection(column.presence)
        return set
    }

    // MARK: - Numbers

    private func inside<Number: Comparable>(
        _ values: UnsafeBufferPointer<Number>, _ range: ClosedRange<Number>?
    ) -> PassageSet {
        guard let range else { return PassageSet(passages: column.passages) }
        let (least, most) = (range.lowerBound, range.upperBound)
        return each { values[$0] >= least && values[$0] <= most }
    }

    private func among<Number: Hashable>(
        _ values: UnsafeBufferPointer<Number>, _ wanted: [Number]
    ) -> PassageSet {
        if wanted.count <= 4 {
            return each { place in wanted.contains(values[place]) }
        }
        let known = Set(wanted)
        return each { known.contains(values[$0]) }
    }

    private func booleans(_ literals: [Condition.Literal]) -> PassageSet {
        let values = column.booleans
        let takesTrue = literals.contains { $0.value == .boolean(true) }
        let takesFalse = literals.contains { $0.value == .boolean(false) }
        return PassageSet(passages: column.passages) { index in
            (takesTrue ? values[index] : 0) | (takesFalse ? ~values[index] : 0)
        }
    }

    @inline(__always)
    private func each(_ holds: (Int) -> Bool) -> PassageSet {
        let passages = column.passages
        return PassageSet(passages: passages) { index in
            let begin = 64 * index
            var word: UInt64 = 0
            for bit in 0..<min(64, passages - begin) {
                word |= (holds(begin + bit) ? 1 : 0) << UInt64(truncatingIfNeeded: bit)
            }
            return word
        }
    }

    // MARK: - Strings

    /// - Parameter choose: marks the strings of the dictionary that are wanted.
    private func strings(_ choose: (inout [Bool]) -> Void) -> PassageSet {
        var accept = [Bool](repeating: false, count: max(1, column.strings))
        choose(&accept)
        return accept.withUnsafeBufferPointer { accept in
            switch column.codes {
            case .bytes(let codes): matches(codes, accept)
            case .halves(let codes): matches(codes, accept)
            case .words(let codes): matches(codes, accept)
            }
        }
    }

    private func matches<Code: FixedWidthInteger>(
        _ codes: UnsafeBufferPointer<Code>, _ accept: UnsafeBufferPointer<Bool>
    ) -> PassageSet {
        guard column.type == .strings else { return each { accept[Int(codes[$0])] } }
        let starts = column.starts
        return each { passage in
            (Int(starts[passage])..<Int(starts[passage + 1])).contains {
                accept[Int(codes[$0])]
            }
        }
    }

    private func mark(
        _ accept: inout [Bool], _ comparison: Condition.Comparison, _ text: String
    ) {
        let codes = Array(text.utf8).withUnsafeBytes { wanted in
            let first = column.firstCode(from: wanted)
            let isThere =
                first < column.strings && compareBytes(column.text(first), wanted) == 0
            let after = first + (isThere ? 1 : 0)
            return switch comparison {
            case .equal, .notEqual: first..<after
            case .less: 0..<first
            case .lessOrEqual: 0..<after
            case .greater: after..<column.strings
            case .greaterOrEqual: first..<column.strings
            }
        }
        for code in codes { accept[code] = true }
    }
}
