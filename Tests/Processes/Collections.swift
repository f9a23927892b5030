// Documents to encode and the small model to encode them with.

import Foundation
import Testing

extension Site {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../Fixtures/models").standardized.path

    /// A BERT of 2 layers and 32 dimensions.
    static let tinyModel = fixtures + "/tiny-bert"

    /// The same model under another path.
    func copiedModel(_ name: String = "model") throws -> String {
        try FileManager.default.copyItem(atPath: Self.tinyModel, toPath: path(name))
        return path(name)
    }

    /// Texts of a few dozen words each, the same every time.
    static func texts(_ count: Int) -> [String] {
        let words = ["the", "wild", "hog", "moves", "as", "one", "over", "hills", "and", "rivers"]
        var state: UInt64 = 7
        return (0..<count).map { _ in
            var text: [String] = []
            for _ in 0..<(8 + Int(state >> 60) * 3) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text.append(words[Int(state >> 40) % words.count])
            }
            return text.joined(separator: " ")
        }
    }

    /// A .jsonl file of documents d0, d1, …
    func documents(_ count: Int, _ name: String = "docs.jsonl") throws -> String {
        let lines = Self.texts(count).enumerated().map { index, text in
            #"{"_id": "d\#(index)", "title": "", "text": "\#(text)"}"# + "\n"
        }
        return try write(lines.joined().utf8, to: name)
    }

    func encode(
        _ inputs: [String], _ output: String = "encoded", model: String = Site.tinyModel,
        _ more: String..., within seconds: Double = 180
    ) async throws -> Ending {
        try await Program("sounder", encoding(inputs, output, model: model) + more, in: self)
            .ending(within: seconds)
    }

    func encoding(
        _ inputs: [String], _ output: String = "encoded", model: String = Site.tinyModel
    ) -> [String] {
        ["encode", "--model", model, "--output", path(output), "--json", "--quiet", "--input"]
            + inputs
    }

    /// Names and bytes of everything in a directory.
    func content(of folder: String) throws -> [String: Data] {
        var content: [String: Data] = [:]
        for name in names(in: folder) { content[name] = try bytes("\(folder)/\(name)") }
        return content
    }

    /// The object in a directory's manifest.json.
    func manifest(_ folder: String = "encoded") throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: try bytes("\(folder)/manifest.json"))
        return try #require(object as? [String: Any])
    }

    func lines(_ name: String) throws -> [String] {
        String(decoding: try bytes(name), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
