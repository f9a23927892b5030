// A small checkpoint of Tests/Fixtures/late-interaction, and the vectors that belong to it.

import Files
import FoundationEssentials
import Tensors

@testable import Models

struct LateInteractionFixture {
    /// What scripts/fixtures/make_late_interaction.py wrote beside the checkpoint.
    struct Facts: Decodable {
        let texts: [String: String]
        let cases: [Case]
    }

    struct Case: Decodable {
        /// The content of the file with the settings.
        let settings: String
        let file: String
        /// Of each role and text, tokens before the cut.
        let tokens: [String: Int]
    }

    static let names = ["pylate-bert", "pylate-modernbert", "colbert", "multi-vector"]

    let folder: String
    let facts: Facts
    private let expected: SafeTensorsFile

    init(_ name: String) throws {
        folder = ModelFixture.folder(name, in: "late-interaction")
        let json = try MappedFile(path: folder + "/expected.json")
        facts = try JSONDecoder().decode(Facts.self, from: Data(json.bytes))
        expected = try SafeTensorsFile(path: folder + "/expected.safetensors")
    }

    /// Vectors of the tokens of a text.
    func vectors(_ index: Int, _ role: String, _ key: String) throws -> [Float] {
        let name = "case.\(index).\(role).\(key)"
        guard let bytes = expected.data(name) else { throw ModelFixture.Missing(tensor: name) }
        return (0..<bytes.count / 4).map {
            bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
        }
    }

    /// A copy of the folder with the settings of one case.
    func copy(_ wanted: Case) throws -> BrokenModel {
        let model = try BrokenModel(folder: folder)
        try model.write(wanted.settings, to: wanted.file)
        return model
    }
}

extension EncodedTexts {
    /// The rows of each text.
    var parts: [[Float]] {
        var parts: [[Float]] = []
        var from = vectors.floats
        for rows in rowCounts {
            let count = Int(rows) * dimension
            parts.append(Array(UnsafeBufferPointer(start: from, count: count)))
            from += count
        }
        return parts
    }
}
