// What is committed is there after the journal is opened again, and damage is told, not trapped.

import Cluster
import FoundationEssentials
import Journal
import Protocol
import Testing

@Suite struct JobJournalTests {
    @Test("jobs are recovered in the order of submission, ended ones with their last status")
    func recovers() throws {
        try withDirectory { path in
            let submitted = ["c", "a", "b"].map { Sample.submitted(JobID($0)) }
            let status = Sample.status("a")
            do {
                let journal = try JobJournal(path: path)
                #expect(journal.epoch == 1)
                try journal.commit([submitted[0]])
                try journal.commit(Array(submitted[1...]))
                try journal.commit([.jobEnded("a", status)])
            }
            let journal = try JobJournal(path: path)
            #expect(journal.epoch == 2)
            #expect(
                try journal.recover()
                    == [
                        Sample.recovered("a", ended: status), Sample.recovered("c"),
                        Sample.recovered("b"),
                    ])
            #expect(try journal.history(limit: 10) == [status])
        }
    }

    @Test("the epoch rises with every opening, also without a commit")
    func epochs() throws {
        try withDirectory { path in
            for epoch in 1...3 as ClosedRange<UInt64> {
                let journal = try JobJournal(path: path)
                #expect(journal.epoch == epoch)
            }
        }
    }

    @Test("rounds and units leave nothing behind when they are reduced, nor when the job ends")
    func rounds() throws {
        let journal = try JobJournal.inMemory()
        try journal.commit([Sample.submitted("j")])
        for number in 0..<3 {
            try journal.commit([.roundStarted("j", number: number, Sample.round)])
            try journal.commit((0..<4).map { Sample.done("j", number, $0) })
            try journal.commit([.roundReduced("j", number: number)])
        }
        #expect(try journal.rowCounts() == ["jobs": 1, "rounds": 1, "units": 0])
        try journal.commit([Sample.done("j", 3, 0), .jobEnded("j", Sample.status("j"))])
        #expect(try journal.rowCounts() == ["jobs": 1, "rounds": 0, "units": 0])
    }

    @Test("a job runs again from its start, so units of the life before do not stand in its way")
    func startsAgain() throws {
        try withDirectory { path in
            do {
                let journal = try JobJournal(path: path)
                try journal.commit([
                    Sample.submitted("j"), .roundStarted("j", number: 0, Sample.round),
                    Sample.done("j", 0, 0),
                ])
            }
            let journal = try JobJournal(path: path)
            try journal.commit([
                .roundStarted("j", number: 0, Sample.round), Sample.done("j", 0, 0),
            ])
            #expect(try journal.recover() == [Sample.recovered("j")])
        }
    }

    @Test("a transaction that fails leaves nothing, and the journal refuses to go on")
    func atomic() throws {
        try withDirectory { path in
            do {
                let journal = try JobJournal(path: path)
                try journal.commit([Sample.submitted("j")])
                let twice = [Sample.submitted("k"), Sample.submitted("j")]
                #expect(throws: JournalError.self) { try journal.commit(twice) }
                #expect(throws: JournalError.self) { try journal.commit([Sample.submitted("l")]) }
                try journal.commit([])
            }
            #expect(try JobJournal(path: path).recover() == [Sample.recovered("j")])
        }
    }

    @Test("a commit without entries does not touch the disk")
    func empty() throws {
        try withDirectory { path in
            let journal = try JobJournal(path: path)
            let before = try Data(contentsOf: URL(filePath: path + "-wal"))
            for _ in 0..<100 { try journal.commit([]) }
            #expect(try Data(contentsOf: URL(filePath: path + "-wal")) == before)
            try journal.commit([Sample.submitted("j")])
            #expect(try Data(contentsOf: URL(filePath: path + "-wal")) != before)
        }
    }

    @Test("a second coordinator is told within a second that the journal is taken")
    func locked() throws {
        try withDirectory { path in
            let journal = try JobJournal(path: path)
            let elapsed = ContinuousClock().measure {
                #expect(throws: JournalError.locked(path: path)) { try JobJournal(path: path) }
            }
            #expect(elapsed < .seconds(1))
            #expect(JournalError.locked(path: path).exitCode == 75)
            try journal.commit([Sample.submitted("j")])
            #expect(try journal.recover() == [Sample.recovered("j")])
        }
    }

    @Test("only the newest ended jobs are kept, and every job that did not end")
    func pruned() throws {
        let journal = try JobJournal.inMemory()
        try journal.commit([Sample.submitted("open")])
        for number in 0..<1_005 {
            let job = JobID("\(number)")
            try journal.commit([Sample.submitted(job), .jobEnded(job, Sample.status(job))])
        }
        #expect(try journal.rowCounts()["jobs"] == 1_001)
        #expect(try journal.history(limit: 2).map(\.job) == ["1004", "1003"])
        let recovered = try journal.recover()
        #expect(recovered.count == 101 && recovered.last?.job == "open")
        #expect(recovered.first?.job == "905")
    }

    @Test("figures that are not finite survive")
    func infinite() throws {
        let journal = try JobJournal.inMemory()
        var status = Sample.status("j")
        status.measures = ["loss": .infinity, "low": -.infinity]
        try journal.commit([Sample.submitted("j"), .jobEnded("j", status)])
        #expect(try journal.history(limit: 1) == [status])
    }

    @Test("a directory that does not exist is named")
    func unopenable() {
        let path = "/nowhere/at/all/jobs.sqlite"
        #expect {
            try JobJournal(path: path)
        } throws: { error in
            guard case .unopenable(path, _) = error as? JournalError else { return false }
            return (error as? JournalError)?.exitCode == 73
        }
    }

    @Test("damage anywhere is an error or harmless, never a trap")
    func damaged() throws {
        try withDirectory { path in
            do {
                let journal = try JobJournal(path: path)
                for number in 0..<20 { try journal.commit([Sample.submitted(JobID("\(number)"))]) }
            }
            let sound = try Data(contentsOf: URL(filePath: path))
            let expected = (0..<20).map { Sample.recovered(JobID("\($0)")) }
            var refused = 0
            for offset in stride(from: 0, to: sound.count, by: 97) {
                var bad = sound
                bad[offset] ^= 0xFF
                try bad.write(to: URL(filePath: path))
                do {
                    if try JobJournal(path: path).recover() != expected { refused += 1 }
                } catch let error as JournalError {
                    refused += 1
                    #expect(error.description.contains(path))
                }
            }
            #expect(refused > 20)
            for size in [0, 1, 100, 4_095, 4_096, sound.count / 2] {
                try sound.prefix(size).write(to: URL(filePath: path))
                do { _ = try JobJournal(path: path).recover() } catch is JournalError {}
            }
        }
    }

    @Test("a file that is not a journal is refused and left alone")
    func notAJournal() throws {
        try withDirectory { path in
            let text = Data(String(repeating: "This is somebody's thesis. ", count: 100).utf8)
            try text.write(to: URL(filePath: path))
            #expect {
                try JobJournal(path: path)
            } throws: { error in
                guard case .corrupt(path, _) = error as? JournalError else { return false }
                return (error as? JournalError)?.exitCode == 65
            }
            #expect(try Data(contentsOf: URL(filePath: path)) == text)
        }
    }
}
