// What two trainings must have in common for one to go on from the other.

package import Protocol

/// The settings that give parameters their meaning and their shape; all others may change.
package struct WordModelKind: Codable, Equatable, Sendable, CustomStringConvertible {
    package let architecture: TrainWords.Architecture
    package let dimension: Int
    /// Nil if words are trained as wholes.
    package let subwords: TrainWords.Subwords?

    package init(_ spec: TrainWords) {
        architecture = spec.architecture
        dimension = spec.dimension
        subwords = spec.subwords
    }

    package var description: String {
        let grams = subwords.map {
            " with n-grams of \($0.minimumLength) to \($0.maximumLength) characters in "
                + "\($0.buckets) buckets"
        }
        return "a \(architecture.rawValue) model of \(dimension) dimensions" + (grams ?? "")
    }

    /// Whether a training could have such settings; for one that comes from a file.
    var isSound: Bool {
        var spec = TrainWords(files: [])
        spec.architecture = architecture
        spec.dimension = dimension
        spec.subwords = subwords
        return spec.settingsComplaint == nil
    }
}
