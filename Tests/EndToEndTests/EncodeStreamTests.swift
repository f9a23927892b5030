// `encode -` in bad company: broken models, compressed bytes, endless lines, flags of jobs.

import Foundation
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct EncodeStreamTests {
        private func stream(
            _ site: Site, _ input: String, model: String = Site.tinyModel, _ more: [String] = [],
            environment: [String: String] = [:]
        ) async throws -> Ending {
            try await Program(
                "sounder", ["encode", "-", "--model", model, "--threads", "1"] + more, in: site,
                input: input, environment: environment
            ).ending()
        }

        @Test("a vector that is not finite is refused, and those before it are written")
        func notFinite() async throws {
            let site = try Site()
            let model = try site.copiedModel()
            try site.growNormalisation(of: "model")
            let input = try site.write("hog\n", to: "docs.txt")
            let streamed = try await stream(site, input, model: model)
            #expect(streamed.code == 65 && streamed.output.isEmpty, "\(streamed)")
            #expect(
                streamed.errors.contains(
                    "standard input:1: the model gives a vector that is not "
                        + "finite"), "\(streamed)")
            let job = try await site.encode([input], model: model)
            try await site.expect(
                job, fails: 65, saying: "the model gives a vector that is not finite",
                besides: ["docs.txt", "model"])
        }

        @Test(
            "compressed standard input is refused with the way to expand it",
            arguments: [(["gzip", "-k"], "gz", "zcat"), (["zstd", "-q"], "zst", "zstdcat")])
        func compressed(tool: [String], ending: String, part: String) async throws {
            let site = try Site()
            let input = try site.write("the hog\nrivers\n", to: "docs.txt")
            let packed = try await Program("/usr/bin/env", tool + [input], in: site).ending()
            if packed.code == 127 { return print("skipped: \(tool[0]) is missing") }
            let refused = try await stream(site, input + "." + ending)
            #expect(refused.code == 65 && refused.output.isEmpty, "\(refused)")
            #expect(refused.errors.contains(part) && refused.errors.contains("--input -"))
        }

        @Test("blank lines in front, more than are read at once, do not hide the format")
        func blankLines() async throws {
            let site = try Site()
            let blank = String(repeating: "\n", count: 200_000)
            let input = try site.write(blank + #"{"_id": "a", "text": "hog"}"#, to: "docs.txt")
            let streamed = try await stream(site, input)
            #expect(streamed.code == 0, "\(streamed)")
            #expect(streamed.output.hasPrefix(#"{"_id":"a""#), "\(streamed)")
        }

        @Test("a line that is too long is skipped and counted, or refused")
        func longLine() async throws {
            let site = try Site()
            let long = String(repeating: "hog ", count: 20 << 20)
            let input = try site.write("first\n\(long)\nthird\n\(long)", to: "docs.txt")
            let skipped = try await stream(site, input, ["--on-error", "skip"])
            #expect(skipped.code == 0, "\(skipped.code) \(skipped.errors)")
            let ids = skipped.output.split(separator: "\n").map { $0.prefix(10) }
            #expect(ids == [#"{"_id":"0""#, #"{"_id":"2""#])
            #expect(skipped.errors.contains("2 documents were malformed"), "\(skipped.errors)")
            let refused = try await stream(site, input)
            #expect(refused.code == 65, "\(refused.code) \(refused.errors)")
            #expect(refused.errors.contains("standard input:2: a line is longer than"))
        }

        @Test("flags of jobs make no sense without one, a cluster in the environment is no flag")
        func flags() async throws {
            let site = try Site()
            let input = try site.write("hog\n", to: "docs.txt")
            for flags in [
                ["--cluster", "ipc:///nowhere"], ["--workers", "2"], ["--overwrite"], ["--json"],
            ] {
                let refused = try await stream(site, input, flags)
                #expect(refused.code == 64 && refused.errors.contains(flags[0]), "\(refused)")
            }
            let obeyed = try await stream(
                site, input, environment: ["SOUNDER_CLUSTER": "ipc:///nowhere"])
            #expect(obeyed.code == 0, "\(obeyed)")
        }

        @Test("standard input as a file of a job leaves the same bytes every time")
        func copied() async throws {
            let site = try Site()
            let input = try site.write("the hog\n\nrivers\n", to: "docs.txt")
            let arguments = site.encoding(["-"]) + ["--format", "txt"]
            var before: [String: Data] = [:]
            for round in 0..<2 {
                let ending = try await Program("sounder", arguments, in: site, input: input)
                    .ending()
                try #require(ending.code == 0, "\(ending)")
                let content = try site.content(of: "encoded")
                if round > 0 { #expect(content == before) }
                before = content
            }
            let inputs = try #require(site.manifest()["inputs"] as? [[String: Any]])
            #expect(inputs.first?["path"] as? String == "-")
            // Of the same length, and yet another collection.
            let other = try site.write("the dog\n\nrivers\n", to: "other.txt")
            let refused = try await Program("sounder", arguments, in: site, input: other).ending()
            #expect(refused.code == 73 && refused.errors.contains("--overwrite"), "\(refused)")
            #expect(try site.content(of: "encoded") == before)
            let broken = try site.write("the \u{0}\n{\n", to: "broken.jsonl")
            let named = try await Program(
                "sounder", site.encoding(["-"], "b") + ["--format", "jsonl"], in: site,
                input: broken
            ).ending()
            #expect(named.code == 65 && named.errors.contains("standard input:1:"), "\(named)")
        }
    }
}

extension Site {
    /// Makes the gains of the model's normalisations so large that its numbers overflow.
    fileprivate func growNormalisation(of model: String) throws {
        let name = "\(model)/model.safetensors"
        var data = try bytes(name)
        let head = data.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        let object = try JSONSerialization.jsonObject(with: data[8..<8 + head])
        for (tensor, facts) in try #require(object as? [String: Any]) {
            guard tensor.hasSuffix("LayerNorm.weight"),
                let offsets = (facts as? [String: Any])?["data_offsets"] as? [Int]
            else { continue }
            for place in stride(from: 8 + head + offsets[0], to: 8 + head + offsets[1], by: 4) {
                withUnsafeBytes(of: Float(1e38)) {
                    data.replaceSubrange(place..<place + 4, with: $0)
                }
            }
        }
        try data.write(to: URL(fileURLWithPath: path(name)))
    }
}
