// What a model's folder says, and whether vectors are those of a reference.

import Foundation
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct ModelCommandTests {
        @Test("model info tells what was read and how it will be used")
        func info() async throws {
            let site = try Site()
            let told = try await site.sounder("model", "info", Site.tinyModel, "--json")
            try #require(told.code == 0, "\(told)")
            #expect(told.json["architecture"] as? String == "bert")
            #expect(told.json["kind"] as? String == "embedding")
            #expect(told.json["poolings"] as? [String] == ["mean"])
            #expect(told.number("dimension") == 32 && told.number("layers") == 2)
            #expect(told.number("maxLength") == 128)
            let shown = try await site.sounder("model", "info", Site.tinyModel)
            #expect(shown.code == 0 && shown.output.contains("bert"), "\(shown)")
            let absent = try await site.sounder("model", "info", site.path("none"))
            #expect(absent.code == 66 && absent.errors.contains("none"), "\(absent)")
        }

        @Test("model verify ends well where vectors agree, and with 65 where one does not")
        func verify() async throws {
            let site = try Site()
            let texts = ["a wild hog", "hills and rivers", "the"]
            let encoded = try await site.sounder(
                "encode", "-", "--model", Site.tinyModel, "--format", "txt",
                input: try site.write(texts.joined(separator: "\n") + "\n", to: "texts.txt"))
            try #require(encoded.code == 0, "\(encoded)")
            var vectors: [[Double]] = []
            for line in encoded.output.split(separator: "\n") {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                let vector = (object as? [String: Any])?["vector"] as? [NSNumber]
                vectors.append(try #require(vector, "\(line)").map(\.doubleValue))
            }
            try #require(vectors.count == texts.count)
            func verify() async throws -> Ending {
                let reference: [String: Any] = ["texts": texts, "vectors": vectors]
                let path = try site.write(
                    JSONSerialization.data(withJSONObject: reference), to: "reference.json")
                return try await site.sounder(
                    "model", "verify", Site.tinyModel, "--reference", path, "--json")
            }
            let same = try await verify()
            #expect(same.code == 0, "\(same)")
            vectors[1] = vectors[1].map { -$0 }
            let other = try await verify()
            #expect(other.code == 65 && !other.errors.isEmpty, "\(other)")
        }
    }
}
