// A small checkpoint of Tests/Fixtures/models, and what the reference libraries make of it.

import Files
import FoundationEssentials
import Tensors

struct ModelFixture {
    /// What scripts/fixtures/make_models.py wrote beside the checkpoint.
    struct Facts: Decodable {
        let texts: [String: String]
        let ids: [String: [Int32]]
        let maxLength: Int
        let middleLayer: Int?
        /// Of each text, the tokens whose hidden states are there.
        let rows: [String: [Int]]?
        let cases: [Case]?
    }

    /// Options of one run of sentence-transformers.
    struct Case: Decodable {
        let prompt: String?
        let promptName: String?
        let dimension: Int?
    }

    static let families = [
        "bert", "distilbert", "roberta", "xlm-roberta", "mpnet", "modernbert", "nomic",
        "llama", "mistral", "qwen2", "qwen3", "qwen3-yarn",
    ]
    static let folders = [
        "tiny-bert", "st-old", "st-new", "st-prompt", "st-dense", "st-matryoshka", "st-decoder",
    ]

    let name: String
    let facts: Facts
    private let expected: SafeTensorsFile

    init(_ name: String) throws {
        self.name = name
        let folder = Self.folder(name)
        let json = try MappedFile(path: folder + "/expected.json")
        facts = try JSONDecoder().decode(Facts.self, from: Data(json.bytes))
        expected = try SafeTensorsFile(path: folder + "/expected.safetensors")
    }

    var folder: String { Self.folder(name) }

    static func folder(_ name: String, in kind: String = "models") -> String {
        var parts = #filePath.split(separator: "/").dropLast(2)
        parts += ["Fixtures", Substring(kind), Substring(name)]
        return "/" + parts.joined(separator: "/")
    }

    /// The numbers of one expected tensor, row after row.
    func numbers(_ tensor: String) throws -> [Float] {
        guard let bytes = expected.data(tensor) else { throw Missing(tensor: tensor) }
        return (0..<bytes.count / 4).map {
            bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
        }
    }

    struct Missing: Error {
        let tensor: String
    }
}

/// The largest difference between numbers of the same count; infinite for different counts.
func distance(_ left: some Collection<Float>, _ right: some Collection<Float>) -> Float {
    guard left.count == right.count else { return .infinity }
    return zip(left, right).reduce(0) { worst, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isNaN ? .infinity : max(worst, difference)
    }
}

func cosine(_ left: [Float], _ right: [Float]) -> Double {
    var (dot, first, second) = (0.0, 0.0, 0.0)
    for (a, b) in zip(left, right) {
        dot += Double(a) * Double(b)
        first += Double(a) * Double(a)
        second += Double(b) * Double(b)
    }
    return left.count == right.count ? dot / (first * second).squareRoot() : .nan
}
