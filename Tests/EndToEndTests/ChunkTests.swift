// Documents become passages, and passages become vectors without losing anything.

import Foundation
import Models
import TestSupport
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct ChunkTests {
        private func objects(_ site: Site, _ name: String) throws -> [[String: Any]] {
            try site.lines(name).map { line in
                (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any] ?? [:]
            }
        }

        private func chunk(
            _ site: Site, _ inputs: [String], _ more: String...
        ) async throws -> Ending {
            let arguments = ["chunk", "--model", Site.tinyModel, "--json", "--output"]
            return try await Program(
                "sounder", arguments + [site.path("chunks.jsonl"), "--input"] + inputs + more,
                in: site
            ).ending()
        }

        @Test("chunks cover their documents, and encode takes every one of them whole")
        func whole() async throws {
            let site = try Site()
            let text = Site.texts(200).joined(separator: ". ") + "\n\n東京 \"é\"\u{2028}\\ end"
            let json = try JSONEncoder().encode(text)
            let path = try site.write(
                "{\"_id\": \"a\", \"text\": \"the hog\"}\n{\"_id\": \"b/1\", \"text\": "
                    + String(decoding: json, as: UTF8.self) + "}\n", to: "docs.jsonl")
            for strategy in ["fixed", "sentences", "paragraphs", "semantic"] {
                let ending = try await chunk(site, [path], "--strategy", strategy, "--tokens", "40")
                try #require(ending.code == 0, "\(ending)")
                #expect(ending.number("documents") == 2 && ending.number("skipped") == 0)
                let chunks = try objects(site, "chunks.jsonl")
                #expect(ending.number("chunks") == Double(chunks.count) && chunks.count > 20)
                #expect(chunks.first?["_id"] as? String == "a#0")
                let own = chunks.filter { $0["document"] as? String == "b/1" }
                #expect(own.last?["_id"] as? String == "b/1#\(own.count - 1)")
                var bytes: [UInt8] = []
                for chunk in own {
                    let start = try #require(chunk["start"] as? Int)
                    let part = Array(try #require(chunk["text"] as? String).utf8)
                    #expect(chunk["end"] as? Int == start + part.count && start <= bytes.count)
                    bytes += part.dropFirst(bytes.count - start)
                }
                #expect(String(decoding: bytes, as: UTF8.self) == text, "\(strategy)")
                let encoded = try await site.encode(
                    [site.path("chunks.jsonl")], "encoded-\(strategy)", "--max-length", "40",
                    "--truncate", "fail")
                #expect(encoded.code == 0, "\(encoded)")
                #expect(encoded.number("documents") == Double(chunks.count))
                #expect(encoded.number("tokens") == ending.number("tokens"))
            }
        }

        /// Numbers of a .npy file of Float32, header skipped.
        private func numbers(_ site: Site, _ name: String) throws -> [Float] {
            let bytes = try site.bytes(name)
            let header = 10 + Int(bytes[8]) + 256 * Int(bytes[9])
            return bytes.dropFirst(header).withUnsafeBytes { raw in
                stride(from: 0, to: raw.count, by: 4).map {
                    raw.loadUnaligned(fromByteOffset: $0, as: Float.self)
                }
            }
        }

        @Test("late vectors are those of whole documents, one a chunk, in files as encode's")
        func late() async throws {
            let site = try Site()
            let texts = ["the wild hog moves over hills", "rivers, and hills as one; wild rivers"]
            let lines = texts.enumerated().map { #"{"_id": "d\#($0)", "text": "\#($1)"}"# + "\n" }
            let path = try site.write(lines.joined(), to: "docs.jsonl")
            let ending = try await chunk(
                site, [path], "--tokens", "10", "--overlap", "0", "--late-vectors",
                site.path("late"))
            try #require(ending.code == 0, "\(ending)")
            let chunks = try objects(site, "chunks.jsonl")
            let ids = try site.lines("late/ids-00000.txt")
            #expect(ids == chunks.compactMap { $0["_id"] as? String } && ids.count > 4)
            let model = try EmbeddingModel(directory: Site.tinyModel, options: EncodingOptions())
            var expected: [Float] = []
            for (number, text) in texts.enumerated() {
                let own = chunks.filter { $0["document"] as? String == "d\(number)" }
                let ranges = own.compactMap { chunk -> Range<Int>? in
                    guard let start = chunk["start"] as? Int, let end = chunk["end"] as? Int else {
                        return nil
                    }
                    return start..<end
                }
                expected += try Array(text.utf8).withUnsafeBytes { bytes in
                    try model.lateChunkVectors(bytes, ranges)
                }
            }
            #expect(try numbers(site, "late/vectors-00000.npy") == expected)
            let manifest = try site.manifest("late")
            #expect(manifest["rows"] as? Int == ids.count && manifest["dtype"] as? String == "f32")
            let settings = manifest["settings"] as? [String: Any]
            #expect(settings?["lateChunks"] as? Bool == true)
            // A chunk that is the whole document has seen no more of it by itself.
            let whole = try await chunk(
                site, [path], "--tokens", "60", "--late-vectors", site.path("whole"))
            try #require(whole.code == 0, "\(whole)")
            #expect(try site.lines("whole/ids-00000.txt") == ["d0#0", "d1#0"])
            let again = try await chunk(site, [path], "--late-vectors", site.path("late"))
            #expect(again.code == 73 && again.errors.contains("is not empty"), "\(again)")
        }

        @Test("a document that is too long for one pass is an error, or skipped, and never cut")
        func tooLong() async throws {
            let site = try Site()
            let long = Site.texts(200).joined(separator: ". ")
            let lines = [("a", "the hog"), ("b", long)].map {
                #"{"_id": "\#($0)", "text": "\#($1)"}"# + "\n"
            }
            let path = try site.write(lines.joined(), to: "docs.jsonl")
            let refused = try await chunk(site, [path], "--late-vectors", site.path("late"))
            #expect(refused.code == 65 && refused.errors.contains("docs.jsonl:2"), "\(refused)")
            #expect(refused.errors.contains("in one pass") && !site.exists("late"), "\(refused)")
            #expect(!site.exists("chunks.jsonl"))
            let skipped = try await chunk(
                site, [path], "--on-error", "skip", "--late-vectors", site.path("late"))
            #expect(skipped.code == 0 && skipped.number("skipped") == 1, "\(skipped)")
            #expect(try site.lines("late/ids-00000.txt") == ["a#0"])
            #expect(try objects(site, "chunks.jsonl").count == 1)
        }

        @Test("parents go to a file of their own, and each chunk names its parent")
        func parents() async throws {
            let site = try Site()
            let text = Site.texts(120).joined(separator: ".\n\n")
            let path = try site.write(text.replacing("\n", with: " ") + "\n", to: "docs.txt")
            let ending = try await chunk(
                site, [path], "--strategy", "hierarchical", "--tokens", "32", "--parent-tokens",
                "100", "--parents", site.path("parents.jsonl"))
            try #require(ending.code == 0, "\(ending)")
            let parents = try objects(site, "parents.jsonl")
            #expect(ending.number("parents") == Double(parents.count) && parents.count > 5)
            let known = Dictionary(
                uniqueKeysWithValues: parents.map {
                    ($0["_id"] as? String ?? "", $0["text"] as? String ?? "")
                })
            for chunk in try objects(site, "chunks.jsonl") {
                let parent = known[chunk["parent"] as? String ?? "none"] ?? ""
                #expect(parent.contains(try #require(chunk["text"] as? String)))
            }
        }

        @Test("compressed columns are read, the same on any number of threads")
        func columns() async throws {
            let site = try Site()
            let rows = Site.texts(80).enumerated().map { "\"\($1)\n\",\($0)\n" }.joined()
            let path = try site.write("text,id\n" + rows, to: "docs.csv")
            #expect(try await Program("/usr/bin/gzip", [path], in: site).ending().code == 0)
            var first: Data?
            for threads in ["1", "3"] {
                let ending = try await chunk(
                    site, [path + ".gz"], "--threads", threads, "--tokens", "20")
                try #require(ending.code == 0, "\(ending)")
                let found = try site.bytes("chunks.jsonl")
                if let first { #expect(found == first) } else { first = found }
            }
            try await site.expectNothingLeft()
        }

        @Test("mistakes and malformed documents are named, and leave nothing behind")
        func mistakes() async throws {
            let site = try Site()
            let path = try site.write(
                "{\"_id\": \"a\", \"text\": \"hog\"}\nnot json\n", to: "docs.jsonl")
            let cases: [([String], Int32, String)] = [
                ([], 65, "docs.jsonl:2:"), (["--tokens", "100000"], 64, "longer than the"),
                (["--strategy", "hierarchical"], 64, "--parents"),
                (["--strategy", "paragraphs", "--overlap", "3"], 64, "--overlap"),
                (["--output", path], 64, "is an input"),
                (["--output", site.path("no/where")], 73, "no/where"),
            ]
            for (arguments, code, part) in cases {
                let all = ["chunk", "--model", Site.tinyModel, "--input", path]
                let output =
                    arguments.contains("--output")
                    ? [] : ["--output", site.path("chunks.jsonl")]
                let ending = try await Program("sounder", all + output + arguments, in: site)
                    .ending()
                try await site.expect(ending, fails: code, saying: part, besides: ["docs.jsonl"])
            }
            let skipped = try await chunk(site, [path], "--on-error", "skip")
            #expect(skipped.code == 0 && skipped.number("skipped") == 1, "\(skipped)")
        }
    }
}
