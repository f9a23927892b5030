// What a filter and --show may ask an index for.

import Protocol
import Retrieval

extension SearchableIndex {
    /// - Throws: a `Fault` with code `usage` that shows the place where a filter is wrong, or names
    ///   the fields that there are.
    func check(filter: String?, shown: [String]) throws(Fault) {
        let known = manifest.fields ?? []
        do throws(FilterProblem) {
            if let filter { try Filter(filter).check(known) }
        } catch { throw Fault(.usage, "--filter: \(error)") }
        guard shown.count <= ShardQuery.fieldsMax else {
            throw Fault(.usage, "--show names more than \(ShardQuery.fieldsMax) fields")
        }
        for name in shown where !known.contains(where: { $0.name == name }) {
            let names = known.map(\.name).joined(separator: ", ")
            throw Fault(
                .usage,
                "--show: the index has no field \(name.prefix(100).debugDescription); "
                    + (known.isEmpty
                        ? "it was built without --metadata-field" : "there are \(names)"))
        }
    }
}
