// What the angles of rotary embeddings and the buckets of relative positions must be.

import Testing

@testable import Models

@Suite struct RotaryTests {
    @Test("long waves are slowed by the factor of Llama 3, short ones are kept")
    func llama3() throws {
        let parameters = RotaryParameters(
            ropeType: "llama3", factor: 8, lowFreqFactor: 1, highFreqFactor: 4,
            originalMaxPositionEmbeddings: 64)
        let plain = try #require(RotaryParameters().frequencies(theta: 500, width: 8))
        let scaled = try #require(parameters.frequencies(theta: 500, width: 8))
        #expect(scaled[0] == plain[0])
        #expect(scaled[3] == plain[3] / 8)
        #expect(scaled[1] < plain[1] && scaled[1] > plain[1] / 8)
    }

    @Test("YaRN keeps what turns often, slows what turns seldom, and sharpens attention")
    func yarn() throws {
        let parameters = RotaryParameters(
            ropeType: "yarn", factor: 4, originalMaxPositionEmbeddings: 64, betaFast: 4)
        let plain = try #require(RotaryParameters().frequencies(theta: 500, width: 16))
        let scaled = try #require(parameters.frequencies(theta: 500, width: 16))
        #expect(scaled[0] == plain[0])
        #expect(scaled[7] == plain[7] / 4)
        #expect(scaled[2] < plain[2] && scaled[2] > plain[2] / 4)
        #expect(abs(parameters.sharpness - 1.138_629_4) < 1e-6)
        #expect(RotaryParameters(ropeType: "linear", factor: 4).sharpness == 1)
    }

    @Test(
        "numbers that would make no frequency are refused",
        arguments: [
            RotaryParameters(ropeType: "yarn", factor: 0.5, originalMaxPositionEmbeddings: 64),
            RotaryParameters(ropeType: "yarn", factor: 4, originalMaxPositionEmbeddings: 0),
            RotaryParameters(
                ropeType: "yarn", factor: 4, originalMaxPositionEmbeddings: 64, betaFast: 1,
                betaSlow: 2),
            RotaryParameters(ropeType: "yarn", originalMaxPositionEmbeddings: 64),
        ])
    func yarnNumbers(parameters: RotaryParameters) {
        #expect(parameters.frequencies(theta: 500, width: 16) == nil)
    }

    @Test("a kind of scaling that is not known is refused")
    func unknown() {
        #expect(RotaryParameters(ropeType: "longrope").frequencies(theta: 1e4, width: 8) == nil)
        #expect(RotaryParameters(ropeType: "yarn").frequencies(theta: 1e4, width: 8) == nil)
        #expect(RotaryParameters(ropeType: "llama3").frequencies(theta: 1e4, width: 8) == nil)
    }

    @Test("near distances have a bucket each, far ones share, and the last bucket is never passed")
    func buckets() {
        #expect((0..<8).map { RelativePositions.bucket(-$0) } == Array(0..<8))
        #expect((1..<8).map { RelativePositions.bucket($0) } == Array(17..<24))
        #expect(RelativePositions.bucket(-8) == 8)
        #expect(RelativePositions.bucket(-127) == 15)
        #expect(RelativePositions.bucket(100_000) == 31)
    }
}
