// Rules about size: the width of a line, the length of a file and of a function.

enum LayoutRules {
    static let columnsMax = 100
    static let fileLinesMax = 500
    static let functionLinesMax = 70

    /// Lines wider than the limit; one that holds a URL cannot always be broken.
    static func wideLines(in source: SourceText) -> [Violation] {
        source.lines.enumerated().compactMap { index, line in
            guard line.count > columnsMax, !line.contains("://") else { return nil }
            return Violation(
                path: source.path, line: index + 1,
                sentence: "\(line.count) columns, the limit is \(columnsMax)")
        }
    }

    static func longFile(_ source: SourceText) -> [Violation] {
        guard source.lines.count > fileLinesMax else { return [] }
        return [
            Violation(
                path: source.path, line: source.lines.count,
                sentence: "\(source.lines.count) lines, the limit is \(fileLinesMax)")
        ]
    }

    static func longFunctions(in source: SourceText) -> [Violation] {
        FunctionFinder(source).functions().compactMap { function in
            guard function.count > functionLinesMax else { return nil }
            return Violation(
                path: source.path, line: function.lowerBound + 1,
                sentence: "a function of \(function.count) lines, the limit is "
                    + "\(functionLinesMax)")
        }
    }
}
