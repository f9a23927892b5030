// From a command to a file of vectors that others can read.

import Foundation
@testable import Processes
import TestSupport
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct TrainingTests {
        @Test("a megabyte trains from command to file in two seconds")
        func megabyte() async throws {
            let site = try Site()
            let ending = try await site.sounder(
                "train", "sgns", "--input", site.corpus(), "--output", site.path("v.bin"),
                "--json", "--quiet")
            try #require(ending.code == 0, "\(ending)")
            print("1 MB, command to file: \(ending.seconds) s")
            // The goal is 2 s; the rest is for machines that do other things, too.
            #expect(ending.seconds < 5)
            #expect(ending.errors.isEmpty)
            let keys = [
                "wordsPerSecond", "words", "seconds", "rounds", "bytesSent", "vocabulary",
                "dimension", "loss", "retries", "job", "output", "partitions",
            ]
            for key in keys { #expect(ending.json[key] != nil, "\(key) is missing") }
            let vocabulary = try #require(ending.number("vocabulary"))
            #expect(ending.number("dimension") == 300)
            #expect(try #require(ending.number("words")) > 100_000)
            #expect(try #require(ending.number("wordsPerSecond")) > 0)
            let file = try site.bytes("v.bin")
            #expect(file.starts(with: Data("\(Int(vocabulary)) 300\nthe ".utf8)))
            try await site.expectNothingLeft()
        }

        @Test("every format is written and read back", arguments: Format.all)
        func format(_ format: Format) async throws {
            let site = try Site()
            let ending = try await site.train([site.corpus()], format.file, "--json")
            try #require(ending.code == 0, "\(ending)")
            let found = try await site.sounder(
                "neighbours", "--vectors", site.path(format.file), "--top", "3", "--json", "the")
            #expect(found.code == 0, "\(found)")
            let answers = found.json["answers"] as? [[String: Any]]
            let nearest = answers?.first?["neighbours"] as? [[String: Any]]
            #expect(nearest?.count == 3)
            guard format.hasReader else { return }
            let shape = try Python.run(format.script, [site.path(format.file)])
                .trimmingCharacters(in: .newlines)
            #expect(shape == "\(Int(ending.number("vocabulary") ?? 0)) 16 True")
            try await site.expectNothingLeft()
        }

        @Test("an explicit format has precedence over the ending of the name")
        func explicitFormat() async throws {
            let site = try Site()
            let ending = try await site.train(
                [site.corpus()], "v.bin", "--format", "word2vec-text")
            #expect(ending.code == 0, "\(ending)")
            let second = String(decoding: try site.bytes("v.bin"), as: UTF8.self)
                .split(separator: "\n")[1]
            #expect(second.split(separator: " ").count == 17)
        }

        @Test("the output vectors come too, if they are asked for")
        func outputVectors() async throws {
            let site = try Site()
            let ending = try await site.train(
                [site.corpus()], "v.bin", "--output-vectors", site.path("c.bin"))
            #expect(ending.code == 0, "\(ending)")
            let (inputs, outputs) = (try site.bytes("v.bin"), try site.bytes("c.bin"))
            #expect(inputs.count == outputs.count && inputs != outputs)
        }
    }
}

/// A format, and how its usual reader in Python tells the shape and that all is finite.
struct Format: CustomTestStringConvertible {
    let file: String
    let script: String
    let hasReader: Bool
    var testDescription: String { file }

    static var all: [Format] {
        let gensim = """
            import sys, numpy
            from gensim.models import KeyedVectors
            v = KeyedVectors.load_word2vec_format(sys.argv[1], binary=sys.argv[1].endswith("bin"))
            print(len(v.index_to_key), v.vector_size, bool(numpy.isfinite(v.vectors).all()))
            """
        let numpy = """
            import sys, numpy
            v = numpy.load(sys.argv[1])
            assert len(open(sys.argv[1][:-4] + ".vocab").readlines()) == len(v)
            print(*v.shape, bool(numpy.isfinite(v).all()))
            """
        let safetensors = """
            import sys, json, struct, numpy
            b = open(sys.argv[1], "rb").read()
            n = struct.unpack("<Q", b[:8])[0]
            h = json.loads(b[8:8 + n])["vectors"]
            begin, end = h["data_offsets"]
            v = numpy.frombuffer(b[8 + n + begin:8 + n + end], "<f4").reshape(h["shape"])
            print(*v.shape, bool(numpy.isfinite(v).all()))
            """
        return [
            Format(file: "v.bin", script: gensim, hasReader: Python.hasGensim),
            Format(file: "v.txt", script: gensim, hasReader: Python.hasGensim),
            Format(file: "v.npy", script: numpy, hasReader: Python.hasNumpy),
            Format(file: "v.safetensors", script: safetensors, hasReader: Python.hasNumpy),
        ]
    }
}
