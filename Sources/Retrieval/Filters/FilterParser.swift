// Reads a filter by recursive descent, no deeper than it may be.

/// or = and { "or" and }; and = not { "and" not }; not = { "not" } primary; primary = "(" or ")" |
/// "has" "(" field ")" | field comparison value | field [ "not" ] "in" "(" value { "," value } ")".
struct FilterParser {
    private var scanner: FilterScanner
    private var token = FilterToken(kind: .end, place: 0)
    private var depth = 0
    private static let words: Set<String> = ["and", "or", "not", "in", "true", "false"]

    init(_ text: String) { scanner = FilterScanner(text) }

    mutating func whole() throws(FilterProblem) -> Condition {
        try advance()
        guard token.kind != .end else { throw problem("it is empty") }
        let condition = try either()
        guard token.kind == .end else {
            throw problem("\"and\", \"or\" or the end is expected here")
        }
        return condition
    }

    private func problem(_ reason: String) -> FilterProblem {
        FilterProblem(reason, in: scanner.text, at: token.place)
    }

    private mutating func advance() throws(FilterProblem) { token = try scanner.next() }

    private mutating func take(_ kind: FilterToken.Kind) throws(FilterProblem) -> Bool {
        guard token.kind == kind else { return false }
        try advance()
        return true
    }

    private func isWord(_ word: String) -> Bool {
        if case .word(let text) = token.kind { return text.lowercased() == word }
        return false
    }

    private mutating func take(word: String) throws(FilterProblem) -> Bool {
        guard isWord(word) else { return false }
        try advance()
        return true
    }

    private mutating func expect(
        _ kind: FilterToken.Kind, _ what: String
    ) throws(FilterProblem) {
        guard try take(kind) else { throw problem("\(what) is expected here") }
    }

    private mutating func deeper<Value>(
        _ body: (inout FilterParser) throws(FilterProblem) -> Value
    ) throws(FilterProblem) -> Value {
        guard depth < Filter.depthMax else {
            throw problem("conditions are nested more than \(Filter.depthMax) deep")
        }
        depth += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func either() throws(FilterProblem) -> Condition {
        var parts = [try both()]
        while try take(word: "or") { parts.append(try both()) }
        return parts.count == 1 ? parts[0] : .any(parts)
    }

    private mutating func both() throws(FilterProblem) -> Condition {
        var parts = [try negated()]
        while try take(word: "and") { parts.append(try negated()) }
        return parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func negated() throws(FilterProblem) -> Condition {
        guard isWord("not") else { return try primary() }
        return try deeper { parser throws(FilterProblem) in
            try parser.advance()
            return .not(try parser.negated())
        }
    }

    private mutating func primary() throws(FilterProblem) -> Condition {
        if token.kind == .open {
            return try deeper { parser throws(FilterProblem) in
                try parser.advance()
                let condition = try parser.either()
                try parser.expect(.close, "a closing parenthesis")
                return condition
            }
        }
        let word = token
        let field = try field()
        if case .word(let text) = word.kind, text.lowercased() == "has", token.kind == .open {
            try advance()
            let field = try self.field()
            try expect(.close, "a closing parenthesis")
            return .leaf(Condition.Leaf(field: field, test: .has))
        }
        return try test(field)
    }

    private mutating func field() throws(FilterProblem) -> Condition.Field {
        let place = token.place
        switch token.kind {
        case .word(let text) where !Self.words.contains(text.lowercased()):
            try advance()
            return Condition.Field(name: text, place: place)
        case .name(let name):
            try advance()
            return Condition.Field(name: name, place: place)
        case .word(let text):
            throw problem(
                "a field is expected here, and \(text) is a word of filters; a field of that name "
                    + "is written `\(text)`")
        default: throw problem("a field is expected here")
        }
    }

    private mutating func test(_ field: Condition.Field) throws(FilterProblem) -> Condition {
        if case .comparison(let comparison) = token.kind {
            try advance()
            return .leaf(
                Condition.Leaf(field: field, test: .compare(comparison, try literal())))
        }
        let isNegated = try take(word: "not")
        guard try take(word: "in") else {
            throw problem(
                isNegated
                    ? "\"in\" is expected here"
                    : "a comparison or \"in\" is expected after the field "
                        + MetadataError.shown(field.name))
        }
        try expect(.open, "an opening parenthesis")
        var literals = [try literal()]
        while try take(.comma) { literals.append(try literal()) }
        try expect(.close, "a comma or a closing parenthesis")
        let leaf = Condition.leaf(Condition.Leaf(field: field, test: .among(literals)))
        return isNegated ? .not(leaf) : leaf
    }

    private mutating func literal() throws(FilterProblem) -> Condition.Literal {
        let place = token.place
        let value: FilterValue
        switch token.kind {
        case .value(let known): value = known
        case .word(let text) where ["true", "false"].contains(text.lowercased()):
            value = .boolean(text.lowercased() == "true")
        case .word(let text) where !Self.words.contains(text.lowercased()):
            throw problem("a value is expected here; strings stand in quotes, as in \"\(text)\"")
        default: throw problem("a value is expected here")
        }
        try advance()
        return Condition.Literal(value: value, place: place)
    }
}
