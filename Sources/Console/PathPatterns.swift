// Paths as users write them: patterns are expanded, and - stands for standard input.

import Glibc
import Protocol

enum PathPatterns {
    /// Expands *, ? and [] in each of `paths`, in the order given; matches are sorted.
    ///
    /// - Parameter standardInput: stands where a path is `-`.
    /// - Throws: a `Fault` with code `input` for a pattern that matches nothing.
    static func expand(
        _ paths: [String], standardInput: StandardInput? = nil
    ) throws(Fault) -> [String] {
        var expanded: [String] = []
        for path in paths {
            if path == "-", let standardInput {
                expanded.append(standardInput.path)
            } else {
                expanded += try expand(path)
            }
        }
        guard expanded.count <= Limits.inputFilesMax else {
            throw Fault(
                .usage,
                "\(expanded.count) input files exceed the limit of \(Limits.inputFilesMax); "
                    + "concatenate some")
        }
        return expanded
    }

    private static func expand(_ path: String) throws(Fault) -> [String] {
        // A file may be named like a pattern.
        guard path.contains(where: { "*?[".contains($0) }), access(path, F_OK) != 0 else {
            return [path]
        }
        var matches = glob_t()
        defer { globfree(&matches) }
        guard glob(path, GLOB_TILDE, nil, &matches) == 0 else {
            throw Fault(.input, "no file matches \(path); check the pattern")
        }
        return (0..<Int(matches.gl_pathc)).compactMap { index in
            matches.gl_pathv[index].map { String(cString: $0) }
        }
    }
}
