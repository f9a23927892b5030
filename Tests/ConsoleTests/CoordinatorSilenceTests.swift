// What people are told while their coordinator does not answer.

import Protocol
import Synchronization
import Testing
import Transport

@testable import Console

@Suite("The silence of a coordinator")
struct CoordinatorSilenceTests {
    private final class Sentences: Sendable {
        private let all = Mutex<[String]>([])
        var said: [String] { all.withLock { $0 } }
        func say(_ sentence: String) { all.withLock { $0.append(sentence) } }
    }

    private func silence(_ sentences: Sentences, _ tolerated: Int64) throws -> CoordinatorSilence {
        CoordinatorSilence(
            address: try Address("tcp://127.0.0.1:5761"), toleratedMilliseconds: tolerated
        ) { sentences.say($0) }
    }

    @Test("13: one sentence says that it is silent, and one that it is not any more")
    func returns() async throws {
        let sentences = Sentences()
        let silence = try silence(sentences, 50)
        let answer = try await silence.watching(deadlineSeconds: 120) {
            // As long as it takes until the first sentence was said.
            while sentences.said.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            return 7
        }
        #expect(answer == 7)
        let said = sentences.said
        #expect(said.count == 2, "\(said)")
        #expect(said.allSatisfy { $0.contains("the coordinator at tcp://127.0.0.1:5761 ") })
        #expect(said.first?.contains("has not answered for 0 s; trying on, for 120 s") == true)
        #expect(said.last?.contains("answers again after ") == true)
    }

    @Test("nothing is said of one that answers in time")
    func answers() async throws {
        let sentences = Sentences()
        let silence = try silence(sentences, 60_000)
        #expect(try await silence.watching(deadlineSeconds: 120) { 7 } == 7)
        #expect(sentences.said.isEmpty)
    }

    @Test("one that does not come back is not said to be there again")
    func staysAway() async throws {
        let sentences = Sentences()
        let silence = try silence(sentences, 50)
        await #expect(throws: Fault.self) {
            try await silence.watching(deadlineSeconds: 1) {
                while sentences.said.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                throw Fault(.unavailable, "nobody there")
            }
        }
        #expect(sentences.said.count == 1)
    }
}
