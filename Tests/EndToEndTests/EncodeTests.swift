// Documents become vectors: files, formats, policies, and what is said about them.

import Foundation
import TestSupport
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct EncodeTests {
        @Test("a collection becomes shards, ids and a manifest that agree")
        func whole() async throws {
            let site = try Site()
            let ending = try await site.encode(
                [site.documents(500)], "encoded", "--shard-rows", "200", "--workers", "2",
                "--threads", "1")
            try #require(ending.code == 0, "\(ending)")
            #expect(ending.number("documents") == 500 && ending.number("shards") == 3)
            #expect(ending.number("dimension") == 32 && ending.number("skipped") == 0)
            for key in ["documentsPerSecond", "tokensPerSecond", "seconds", "tokens", "bytesSent"] {
                #expect(try #require(ending.number(key)) > 0, "\(key)")
            }
            #expect(
                site.names(in: "encoded").sorted() == [
                    "ids-00000.txt", "ids-00001.txt", "ids-00002.txt", "manifest.json",
                    "vectors-00000.npy", "vectors-00001.npy", "vectors-00002.npy",
                ])
            let ids = try (0..<3).flatMap { try site.lines("encoded/ids-0000\($0).txt") }
            #expect(ids == (0..<500).map { "d\($0)" })
            let manifest = try site.manifest()
            #expect(manifest["documents"] as? Int == 500 && manifest["dtype"] as? String == "f32")
            #expect((manifest["model"] as? [String: Any])?["name"] as? String == "tiny-bert")
            try await site.expectNothingLeft()
            guard Python.hasNumpy else { return }
            try Python.run(
                """
                import sys, json, hashlib, numpy as np
                d = sys.argv[1]
                m = json.load(open(d + "/manifest.json"))
                rows = 0
                for s in m["shards"]:
                    for f in (s["vectors"], s["ids"]):
                        b = open(d + "/" + f["name"], "rb").read()
                        assert len(b) == f["bytes"] and hashlib.sha256(b).hexdigest() == f["sha256"]
                    v = np.load(d + "/" + s["vectors"]["name"])
                    assert v.shape == (s["rows"], 32) and v.dtype == np.float32
                    assert abs(np.linalg.norm(v, axis=1) - 1).max() < 1e-5
                    rows += len(v)
                assert rows == 500
                """, [site.path("encoded")])
        }

        @Test("the same texts give the same vectors in every format, plain and compressed")
        func formats() async throws {
            let site = try Site()
            let texts = Site.texts(60)
            func rows(_ row: (Int, String) -> String) -> String {
                texts.enumerated().map(row).joined()
            }
            var inputs = [
                try site.write(rows { "\($1)\n" }, to: "a.txt"),
                try site.write(rows { "\($0)\t\($1)\r\n" }, to: "a.tsv"),
                try site.write("text,id\n" + rows { "\"\($1)\",\($0)\n" }, to: "a.csv"),
                try site.write(rows { #"{"_id":\#($0),"text":"\#($1)"}"# + "\n\n" }, to: "a.jsonl"),
            ]
            let packed = try site.write(rows { "\($1)\n" }, to: "b.txt")
            #expect(try await Program("/usr/bin/gzip", [packed], in: site).ending().code == 0)
            inputs.append(packed + ".gz")
            var first: (vectors: Data, ids: Data)?
            for (index, input) in inputs.enumerated() {
                let ending = try await site.encode([input], "out\(index)")
                try #require(ending.code == 0, "\(input): \(ending)")
                let found = (
                    vectors: try site.bytes("out\(index)/vectors-00000.npy"),
                    ids: try site.bytes("out\(index)/ids-00000.txt")
                )
                if let first { #expect(first == found, "\(input)") } else { first = found }
            }
        }

        @Test("a malformed document ends the job with its file and line, or is skipped and listed")
        func malformed() async throws {
            let site = try Site()
            let path = try site.write(
                """
                {"_id": "a", "text": "the hog"}

                {"_id": "b", "text": 3}
                {"_id": "c", "text": ""}
                not json
                {"_id": "d", "text": "the river"}
                """, to: "docs.jsonl")
            let failed = try await site.encode([path])
            try await site.expect(
                failed, fails: 65, saying: "docs.jsonl:3: \"text\" is a number and not a string",
                "--on-error skip", besides: ["docs.jsonl"])
            let skipped = try await site.encode([path], "encoded", "--on-error", "skip")
            try #require(skipped.code == 0, "\(skipped)")
            #expect(skipped.number("documents") == 2 && skipped.number("skipped") == 3)
            #expect(try site.lines("encoded/ids-00000.txt") == ["a", "d"])
            let listed = try #require(site.manifest()["skippedDocuments"] as? [[String: Any]])
            #expect(listed.compactMap { $0["line"] as? Int } == [3, 4, 5])
            #expect(listed.compactMap { $0["id"] as? String } == ["b", "c", ""])
        }

        @Test("an id that comes twice ends the job at once, or the first of each id stays")
        func duplicates() async throws {
            let site = try Site()
            let first = try site.write(
                """
                {"_id": "a", "text": "the hog"}
                {"_id": "b", "text": ""}
                {"_id": "c", "text": "the river"}
                """, to: "one.jsonl")
            let second = try site.write(
                """
                {"_id": "c", "text": "the river again"}
                {"_id": "b", "text": "the wild hog"}
                {"_id": "\\u0061", "text": "the hog again"}
                """, to: "two.jsonl")
            let failed = try await site.encode([first, second])
            try await site.expect(
                failed, fails: 65, saying: "two.jsonl:1: the id \"c\" is that of ",
                "one.jsonl:3, too, and so it is with 2 more documents", "--on-error skip",
                besides: ["one.jsonl", "two.jsonl"])
            let skipped = try await site.encode(
                [first, second], "encoded", "--on-error", "skip", "--workers", "2")
            try #require(skipped.code == 0, "\(skipped)")
            #expect(skipped.number("documents") == 3 && skipped.number("skipped") == 3)
            #expect(skipped.number("duplicates") == 2)
            #expect(try site.lines("encoded/ids-00000.txt") == ["a", "c", "b"])
            let manifest = try site.manifest()
            #expect(manifest["duplicates"] as? Int == 2 && manifest["skipped"] as? Int == 3)
            let listed = try #require(manifest["skippedDocuments"] as? [[String: Any]])
            #expect(listed.compactMap { $0["line"] as? Int } == [2, 1, 3])
            #expect(listed.compactMap { $0["id"] as? String } == ["b", "c", "a"])
        }

        @Test("documents that are cut are counted, listed and spoken of, or end the job")
        func truncated() async throws {
            let site = try Site()
            let long = String(repeating: "the wild hog ", count: 200)
            let path = try site.write("the hog\n\(long)\n", to: "docs.txt")
            let arguments = [
                "encode", "--model", Site.tinyModel, "--input", path, "--max-length", "20",
                "--output", site.path("encoded"),
            ]
            let allowed = try await Program("sounder", arguments, in: site).ending()
            #expect(allowed.code == 0, "\(allowed)")
            #expect(
                allowed.errors.contains(
                    "1 of 2 documents were longer than 20 tokens and were cut"), "\(allowed)")
            let listed = try #require(site.manifest()["truncatedDocuments"] as? [[String: Any]])
            #expect(listed.first?["id"] as? String == "1" && listed.count == 1)
            let refused = try await site.encode(
                [path], "other", "--max-length", "20", "--truncate", "fail")
            #expect(refused.code == 65 && refused.errors.contains("docs.txt:2:"), "\(refused)")
            #expect(!site.exists("other"))
        }

        @Test("an output directory with something else in it is left alone")
        func overwriting() async throws {
            let site = try Site()
            let path = try site.documents(20)
            #expect(try await site.encode([path]).code == 0)
            let before = try site.content(of: "encoded")
            // The same job again finds its own work.
            #expect(try await site.encode([path]).code == 0)
            #expect(try site.content(of: "encoded") == before)
            let other = try await site.encode([path], "encoded", "--dtype", "f16")
            #expect(other.code == 73 && other.errors.contains("--overwrite"), "\(other)")
            #expect(try site.content(of: "encoded") == before)
            let replaced = try await site.encode(
                [path], "encoded", "--dtype", "f16", "--shard-rows", "15", "--overwrite")
            #expect(replaced.code == 0, "\(replaced)")
            let again = try await site.encode(
                [path], "encoded", "--dtype", "int8", "--overwrite")
            #expect(again.code == 0 && site.names(in: "encoded").count == 3, "\(again)")
            mkdir(site.path("full"), 0o700)
            _ = try site.write("precious", to: "full/file")
            let full = try await site.encode([path], "full")
            #expect(full.code == 73 && full.errors.contains("not empty"), "\(full)")
        }

        @Test("mistakes are named before anything runs")
        func mistakes() async throws {
            let site = try Site()
            let path = try site.documents(3)
            _ = try site.write("x", to: "docs.dat")
            let cases: [([String], Int32, String)] = [
                (["--model", "/nowhere", "--input", path], 66, "/nowhere"),
                (["--model", site.directory, "--input", path], 66, "config.json"),
                (["--input", site.path("docs.dat"), "--model", Site.tinyModel], 64, "--format"),
                (["--input", path, "--model", Site.tinyModel, "--dtype", "f64"], 64, "--dtype"),
                (["--input", path, "--model", Site.tinyModel, "--pooling", "no"], 64, "--pooling"),
                (["--input", site.path("no.jsonl"), "--model", Site.tinyModel], 66, "no.jsonl"),
            ]
            for (arguments, code, part) in cases {
                let all = ["encode", "--output", site.path("encoded")] + arguments
                let ending = try await Program("sounder", all, in: site).ending()
                try await site.expect(
                    ending, fails: code, saying: part, besides: ["docs.jsonl", "docs.dat"])
            }
            let length = try await site.encode([path], "x", "--dtype", "int8", "--no-normalize")
            #expect(length.code == 64 && length.errors.contains("length 1"), "\(length)")
        }

        @Test("with - a line comes in and a vector goes out, the same as from a job")
        func stream() async throws {
            let site = try Site()
            let path = try site.write("the wild hog\n\nrivers", to: "docs.txt")
            let ending = try await Program(
                "sounder", ["encode", "-", "--model", Site.tinyModel], in: site, input: path
            ).ending()
            try #require(ending.code == 0, "\(ending)")
            let lines = ending.output.split(separator: "\n").map { line in
                (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any] ?? [:]
            }
            #expect(lines.map { $0["_id"] as? String } == ["0", "2"])
            let vectors = lines.compactMap { $0["vector"] as? [Double] }.flatMap { $0 }
            #expect(vectors.count == 64)
            #expect(try await site.encode([path]).code == 0)
            let stored = try site.bytes("encoded/vectors-00000.npy").suffix(64 * 4)
            let numbers = Array(stored).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
            #expect(vectors.map { Float($0) } == numbers)
        }

        @Test("with - the first vector comes before the last line")
        func live() async throws {
            let site = try Site()
            let pipe = site.path("t/pipe")
            mkfifo(pipe, 0o600)
            let writer = open(pipe, O_RDWR)
            defer { close(writer) }
            let program = try Program(
                "sounder", ["encode", "-", "--model", Site.tinyModel], in: site, input: pipe)
            for (count, line) in [#"{"_id": "a", "text": "hog"}"#, #"{"_id": "b", "text": "x"}"#]
                .enumerated()
            {
                let text = line + "\n"
                #expect(write(writer, text, text.utf8.count) == text.utf8.count)
                let came = try await eventually(within: 10) {
                    program.output.count { $0 == "\n" } == count + 1
                }
                #expect(came, "\(program.output)\(program.errors)")
            }
            program.signal(SIGTERM)
            _ = try await program.ending(within: 5)
            unlink(pipe)
        }
    }
}
