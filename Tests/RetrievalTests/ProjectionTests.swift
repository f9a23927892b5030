// Projections that an index learns, and keeps with its centroids.

import Foundation
import TestSupport
import Testing

@testable import Retrieval

@Suite("Learned projections")
struct ProjectionTests {
    private func sample() throws -> TokenSample {
        var numbers = Numbers(11)
        var sample = TokenSample(dimension: 12)
        try sample.add(clusteredTokens(600, 12, clusters: 4, &numbers))
        return sample
    }

    private func encoder(_ form: TokenForm) throws -> TokenEncoder {
        let sample = try sample()
        let projection = TokenProjection(learnedFrom: sample, dimension: 5, threads: 2)
        return try TokenEncoder.train(
            sample.projected(by: projection), form: form, count: 16, projection: projection)
    }

    @Test("all components together keep every dot product, and few keep most of it")
    func products() throws {
        let sample = try sample()
        let tokens = sample.tokens(limit: 40).normalised()
        func products(_ tokens: TokenMatrix) -> [Float] {
            (0..<40).flatMap { left in
                (0..<40).map { zip(tokens[left], tokens[$0]).reduce(0) { $0 + $1.0 * $1.1 } }
            }
        }
        for (dimension, tolerance) in [(12, Float(1e-5)), (4, 0.5)] {
            let projection = TokenProjection(
                learnedFrom: sample, dimension: dimension, threads: 1)
            let projected = sample.projected(by: projection)
            #expect(projected.dimension == dimension && projected.seen == sample.seen)
            let values = (0..<40).flatMap { projection.project(tokens[$0]) }
            let found = products(try TokenMatrix(dimension: dimension, values: values))
            for (a, b) in zip(products(tokens), found) { #expect(abs(a - b) < tolerance) }
        }
    }

    @Test("an encoder is read with its projection, and another one is another encoder")
    func file() throws {
        let scratch = try Scratch()
        for form in [TokenForm.residual4, .f32] {
            let encoder = try encoder(form)
            let path = scratch.path("\(form).safetensors")
            try encoder.write(to: path)
            let read = try TokenEncoder.read(from: path)
            #expect(read.projection == encoder.projection && read.projection?.inputs == 12)
            #expect(read.fingerprint == encoder.fingerprint)
            let other = TokenEncoder(
                centroids: encoder.centroids, form: form, codec: encoder.codec)
            #expect(other.fingerprint != encoder.fingerprint)
        }
    }

    @Test("a projection that does not lead to the centroids' numbers is refused")
    func hostile() throws {
        let scratch = try Scratch()
        let path = scratch.path("encoder.safetensors")
        try encoder(.f32).write(to: path)
        let sound = try Data(contentsOf: URL(fileURLWithPath: path))
        let shape = try #require(sound.range(of: Data("[5,12]".utf8)))
        for (text, isSound) in [("[5,12]", true), ("[12,5]", false), ("[6,10]", false)] {
            var bytes = sound
            bytes.replaceSubrange(shape, with: Data(text.utf8))
            try bytes.write(to: URL(fileURLWithPath: path))
            if isSound {
                #expect(try TokenEncoder.read(from: path).projection != nil)
            } else {
                #expect(throws: IndexError.self) { try TokenEncoder.read(from: path) }
            }
        }
    }
}
