// A condition on the fields of passages, as people write it.

/// `year >= 2019 and (lang = "en" or lang = "de") and not topic in ("x", "y")`.
///
/// A comparison holds if a value of the passage holds it: where there is none it does not, and of
/// several one is enough. `!=` is the opposite of `=`. Strings are compared by their bytes.
public struct Filter: Sendable, Equatable {
    public static let bytesMax = 16 << 10
    /// Parentheses and `not` inside of one another.
    public static let depthMax = 64

    public let text: String
    let root: Condition

    /// - Throws: what is wrong, and where.
    public init(_ text: String) throws(FilterProblem) {
        guard text.utf8.count <= Self.bytesMax else {
            throw FilterProblem(
                "it has \(text.utf8.count) bytes, and the limit is \(Self.bytesMax); shorten it")
        }
        self.text = text
        var parser = FilterParser(text)
        root = try parser.whole()
    }

    /// The fields that it asks for, in the order in which they first appear.
    public var fields: [String] {
        var names: [String] = []
        root.visit { leaf in
            if !names.contains(leaf.field.name) { names.append(leaf.field.name) }
        }
        return names
    }

    /// - Throws: for a field that is not among `known`, or that is compared with a value of another
    ///   type.
    public func check(_ known: [FieldEntry]) throws(FilterProblem) {
        let types = Dictionary(
            known.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
        var leaves: [Condition.Leaf] = []
        root.visit { leaves.append($0) }
        for leaf in leaves {
            guard let type = types[leaf.field.name] else {
                throw problem(
                    "there is no field \(MetadataError.shown(leaf.field.name)); "
                        + Self.listed(known), at: leaf.field.place)
            }
            try check(leaf, type)
        }
    }

    private static func listed(_ known: [FieldEntry]) -> String {
        if known.isEmpty { return "the index was built without --metadata-field" }
        let names = known.map { "\($0.name) (\($0.type.rawValue))" }
        return "there are " + names.joined(separator: ", ")
    }

    /// - Throws: if values of `type` cannot be compared as the leaf has it.
    func check(_ leaf: Condition.Leaf, _ type: FieldType) throws(FilterProblem) {
        guard type != .none else { return }
        let field = MetadataError.shown(leaf.field.name)
        for literal in leaf.literals where !literal.value.fits(type) {
            throw problem(
                "the field \(field) has \(type.noun), and this is \(literal.value.noun)",
                at: literal.place)
        }
        if case .compare(let comparison, _) = leaf.test, type == .boolean,
            comparison != .equal, comparison != .notEqual
        {
            throw problem(
                "the field \(field) has \(type.noun), of which none is less or more; use = or !=",
                at: leaf.field.place)
        }
    }

    func problem(_ reason: String, at place: Int) -> FilterProblem {
        FilterProblem(reason, in: text, at: place)
    }
}

/// The tree of a filter.
indirect enum Condition: Sendable, Equatable {
    case all([Condition])
    case any([Condition])
    case not(Condition)
    case leaf(Leaf)

    struct Field: Sendable, Equatable {
        let name: String
        /// In the UTF-8 of the filter.
        let place: Int
    }

    struct Literal: Sendable, Equatable {
        let value: FilterValue
        let place: Int
    }

    enum Comparison: String, Sendable {
        case equal = "="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }

    enum Test: Sendable, Equatable {
        case has
        case compare(Comparison, Literal)
        case among([Literal])
    }

    struct Leaf: Sendable, Equatable {
        let field: Field
        let test: Test

        var literals: [Literal] {
            switch test {
            case .has: []
            case .compare(_, let literal): [literal]
            case .among(let literals): literals
            }
        }
    }

    func visit(_ body: (Leaf) -> Void) {
        switch self {
        case .all(let parts), .any(let parts): for part in parts { part.visit(body) }
        case .not(let part): part.visit(body)
        case .leaf(let leaf): body(leaf)
        }
    }
}

/// What fields are compared with.
enum FilterValue: Sendable, Equatable {
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)

    func fits(_ type: FieldType) -> Bool {
        switch (self, type) {
        case (_, .none), (.boolean, .boolean), (.string, .string), (.string, .strings): true
        case (.integer, .integer), (.integer, .number), (.number, .integer), (.number, .number):
            true
        default: false
        }
    }

    var noun: String {
        switch self {
        case .boolean: "true or false"
        case .integer, .number: "a number"
        case .string: "a string"
        }
    }
}
