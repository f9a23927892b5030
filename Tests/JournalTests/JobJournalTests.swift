// What is committed is there after the journal is opened again, and damage is told, not trapped.

import Cluster
import FoundationEssentials
import GRDB
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
                journal.recovered
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

    @Test("entries of a round leave nothing behind when it is reduced, nor when the job ends")
    func rounds() throws {
        let journal = try JobJournal.inMemory()
        try journal.commit([Sample.submitted("j")])
        for number in 0..<3 {
            try journal.commit([.roundStarted("j", Sample.round(number))])
            try journal.commit((0..<4).map { Sample.done("j", number, $0) })
            try journal.commit([.roundReduced("j", number: number)])
        }
        #expect(try journal.rowCounts()["entries"] == 1)
        try journal.commit([Sample.done("j", 3, 0), .jobEnded("j", Sample.status("j"))])
        let counts = try journal.rowCounts()
        #expect(counts["jobs"] == 1 && counts["entries"] == 0 && counts["heads"] == 0)
    }

    @Test("what was written of a round comes back as the scheduler would have folded it")
    func roundsReturn() throws {
        try withDirectory { path in
            let entries = Sample.life
            do {
                let journal = try JobJournal(path: path)
                try journal.commit([Sample.submitted("j")])
                for entry in entries { try journal.commit([entry]) }
            }
            var expected = Sample.recovered("j")
            for entry in entries { expected.apply(entry) }
            #expect(expected.round?.units.count == 5)
            #expect(try JobJournal(path: path).recovered == [expected])
            #expect(try JobJournal(path: path).recovered == [expected], "reading changes nothing")
        }
    }

    @Test("a job that is retried is to be run again, without its entries of before")
    func retried() throws {
        try withDirectory { path in
            do {
                let journal = try JobJournal(path: path)
                try journal.commit([Sample.submitted("j")] + Sample.life)
                try journal.commit([.jobEnded("j", Sample.status("j"))])
                try journal.commit([.jobRetried("j"), .roundStarted("j", Sample.round(9))])
            }
            var expected = Sample.recovered("j")
            expected.apply(.roundStarted("j", Sample.round(9)))
            #expect(try JobJournal(path: path).recovered == [expected])
        }
    }

    @Test("the log tells what went wrong, in order, and is bounded")
    func log() throws {
        let journal = try JobJournal.inMemory()
        try journal.commit([Sample.submitted("j")] + Sample.life)
        let lines = try journal.log(of: "j", after: 0, limit: 10)
        #expect(lines.map(\.number) == Array(1...lines.count))
        #expect(lines[0].sentence == "submitted train-words, key key of j")
        #expect(lines.contains { $0.level == "warning" && $0.sentence.contains("on w: no") })
        for _ in 0..<1_100 { try journal.commit([Sample.failed("j")]) }
        #expect(try journal.rowCounts()["log"] == 1_000)
        #expect(try journal.log(of: "j", after: 1_000, limit: 5).first?.number == 1_001)
        #expect(try journal.log(of: "other", after: 0, limit: 5).isEmpty)
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
            #expect(try JobJournal(path: path).recovered == [Sample.recovered("j")])
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

    @Test("14: a second coordinator is told within a second that the journal is taken")
    func locked() throws {
        try withDirectory { path in
            let journal = try JobJournal(path: path)
            let elapsed = ContinuousClock().measure {
                #expect(throws: JournalError.locked(path: path)) { try JobJournal(path: path) }
            }
            #expect(elapsed < .seconds(1))
            #expect(JournalError.locked(path: path).exitCode == 75)
            try journal.commit([Sample.submitted("j")])
        }
    }

    @Test("only the newest ended jobs are kept, and every job that did not end")
    func pruned() throws {
        try withDirectory { path in
            do {
                let journal = try JobJournal(path: path, isDurable: false)
                try journal.commit([Sample.submitted("open")])
                for number in 0..<1_005 {
                    let job = JobID("\(number)")
                    try journal.commit([Sample.submitted(job), .jobEnded(job, Sample.status(job))])
                }
                #expect(try journal.rowCounts()["jobs"] == 1_001)
                #expect(try journal.history(limit: 2).map(\.job) == ["1004", "1003"])
            }
            let recovered = try JobJournal(path: path).recovered
            #expect(recovered.count == 101 && recovered.last?.job == "open")
            #expect(recovered.first?.job == "905")
        }
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

    @Test("31: damage anywhere is an error or harmless, never a trap")
    func damaged() throws {
        try withDirectory { path in
            do {
                let journal = try JobJournal(path: path)
                for number in 0..<20 { try journal.commit([Sample.submitted(JobID("\(number)"))]) }
            }
            try removeWal(path)
            let sound = try Data(contentsOf: URL(filePath: path))
            let expected = (0..<20).map { Sample.recovered(JobID("\($0)")) }
            var refused = 0
            for offset in stride(from: 0, to: sound.count, by: 97) {
                var bad = sound
                bad[offset] ^= 0xFF
                try bad.write(to: URL(filePath: path))
                do {
                    #expect(
                        try JobJournal(path: path).recovered == expected,
                        "a changed byte at \(offset) was believed")
                } catch let error as JournalError {
                    refused += 1
                    #expect(error.description.contains(path))
                }
            }
            #expect(refused > 20)
            for size in [0, 1, 100, 4_095, 4_096, sound.count / 2] {
                try sound.prefix(size).write(to: URL(filePath: path))
                do { _ = try JobJournal(path: path).recovered } catch is JournalError {}
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

    @Test("31: a changed bit in a row is named; repair drops it, and the units run again")
    func repaired() throws {
        try withDirectory { path in
            do {
                let journal = try JobJournal(path: path)
                try journal.commit([Sample.submitted("j")])
                for entry in Sample.life { try journal.commit([entry]) }
                try journal.commit([Sample.submitted("k")])
            }
            try damage(path, "UPDATE entries SET bytes = zeroblob(5) WHERE sequence = 2")
            #expect {
                try JobJournal(path: path)
            } throws: { error in
                "\(error)".contains("entry 2 of job j does not match its checksum")
                    && "\(error)".contains("--repair")
            }
            #expect(
                try JobJournal.repair(path: path)
                    == ["of job j the entries from 2 on were dropped: units run again"])
            #expect(try JobJournal.repair(path: path).isEmpty)
            var expected = Sample.recovered("j")
            for entry in Sample.life.prefix(2) { expected.apply(entry) }
            #expect(try JobJournal(path: path).recovered == [expected, Sample.recovered("k")])

            for sql in [
                "DELETE FROM entries WHERE sequence = 1", "UPDATE heads SET next = 7",
                "UPDATE jobs SET key = 'x' WHERE job = 'k'", "UPDATE meta SET epoch = 0",
                "DELETE FROM jobs WHERE job = 'j'",
            ]
            {
                try damage(path, sql)
                #expect(throws: JournalError.self, "\(sql)") { try JobJournal(path: path) }
                #expect(try !JobJournal.repair(path: path).isEmpty, "\(sql)")
                #expect(try JobJournal(path: path).epoch > 2)
            }
        }
    }
}

/// What a disk that lies, or a hand that meddles, leaves behind.
private func damage(_ path: String, _ sql: String) throws {
    try DatabaseQueue(path: path).write { try $0.execute(sql: sql) }
}

/// All into the one file.
private func removeWal(_ path: String) throws {
    try DatabaseQueue(path: path).writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }
}
