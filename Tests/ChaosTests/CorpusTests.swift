// The corpus changes, shrinks or goes while a job reads it.

import Foundation
import Testing

@testable import Processes

extension Chaos {
    @Suite(.serialized)
    struct CorpusTests {
        enum Reading: CaseIterable { case inPlace, overTheWire }
        enum Change: CaseIterable { case shortened, emptied, rewritten }

        private func begun(
            _ reading: Reading, bytes: Int, _ drill: Drill, stage: String
        ) async throws -> (fleet: Fleet, training: Program, corpus: String) {
            let site = try Site()
            let corpus = try site.write(Corpora.megabytes(bytes / 1_000_000), to: "corpus.txt")
            let flags = reading == .inPlace ? [] : ["--fetch-text"]
            let isCounting = stage == "counting"
            let fleet = try await Fleet(
                site, workers: 2, liveness: isCounting ? 10_000 : 1_000, workerFlags: flags)
            // Counting is over sooner than anybody sees it begin: one worker has to read later.
            for worker in fleet.workers where isCounting { worker.signal(SIGSTOP) }
            let training = try fleet.begin(drill)
            try await fleet.awaitStage(stage)
            fleet.workers[0].signal(SIGCONT)
            if isCounting { try await Task.sleep(for: .milliseconds(20)) }
            return (fleet, training, corpus)
        }

        /// The job fails soon, with the name of the file; nobody dies of it.
        private func expectNamed(
            _ corpus: String, _ fleet: Fleet, _ training: Program,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let ending = try await training.ending(within: 10)
            #expect(ending.code == 66, "\(ending)", sourceLocation: sourceLocation)
            #expect(ending.errors.contains(corpus), "\(ending)", sourceLocation: sourceLocation)
            #expect(
                ending.errors.contains("changed"), "\(ending)", sourceLocation: sourceLocation)
            #expect(!fleet.site.exists("v.bin"), sourceLocation: sourceLocation)
            for program in fleet.workers + [fleet.coordinator] {
                #expect(program.isRunning, "\(program.errors)", sourceLocation: sourceLocation)
            }
            try await fleet.stop()
        }

        @Test(
            "32: a corpus that changes while it is counted ends the job with its name",
            arguments: Reading.allCases, Change.allCases)
        func counting(_ reading: Reading, _ change: Change) async throws {
            let (fleet, training, corpus) = try await begun(
                reading, bytes: 60_000_000, Drill(epochs: 1, dimension: 4), stage: "counting")
            switch change {
            case .shortened: truncate(corpus, 1_000_000)
            case .emptied: truncate(corpus, 0)
            case .rewritten: try overwrite(corpus, at: 59_000_000)
            }
            fleet.workers[1].signal(SIGCONT)
            try await expectNamed(corpus, fleet, training)
        }

        @Test(
            "32: a corpus that changes once it is encoded matters to those who read it later",
            arguments: Reading.allCases)
        func training(_ reading: Reading) async throws {
            let (fleet, training, corpus) = try await begun(
                reading, bytes: 1_000_000, Drill(epochs: 300), stage: "training")
            try overwrite(corpus, at: 0)
            // Others encode anew what these had.
            for index in 0..<2 {
                try await fleet.killWorker(index)
                try fleet.startWorker(at: index)
            }
            try await expectNamed(corpus, fleet, training)
        }

        private func overwrite(_ path: String, at offset: off_t) throws {
            let text = Array(repeating: Array("other words\n".utf8), count: 5_000).joined()
            let file = open(path, O_WRONLY)
            defer { close(file) }
            try #require(pwrite(file, Array(text), text.count, offset) == text.count)
        }

        @Test("32: a corpus that is deleted is read to its end, as it was open")
        func deleted() async throws {
            let drill = Drill(epochs: 100)
            _ = try await drill.calmResult()
            let (fleet, training, corpus) = try await begun(
                .inPlace, bytes: 1_000_000, drill, stage: "training")
            unlink(corpus)
            try await fleet.killWorker(0)
            try fleet.startWorker(at: 0)
            try await fleet.expectCalmResult(of: training, drill)
            try await fleet.stop()
        }

        @Test("32: a coordinator that starts again without the corpus ends the job with its name")
        func deletedAndRestarted() async throws {
            let (fleet, training, corpus) = try await begun(
                .inPlace, bytes: 1_000_000, Drill(epochs: 300), stage: "training")
            unlink(corpus)
            try await fleet.killCoordinator()
            try fleet.startCoordinator()
            let ending = try await training.ending(within: 10)
            #expect(ending.code == 66 && ending.errors.contains(corpus), "\(ending)")
            try await fleet.stop()
        }
    }
}
