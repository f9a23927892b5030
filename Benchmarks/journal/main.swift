// Measures the journal: commits that wait for the disk, and a start on a ledger of many units.
//
//     swift run -c release JournalBench DIRECTORY [UNITS]         # writes, then opens
//     swift run -c release JournalBench DIRECTORY UNITS --open    # opens what is there

import Cluster
import Journal
import Protocol

let arguments = CommandLine.arguments
guard arguments.count > 1 else { fatalError("usage: JournalBench DIRECTORY [UNITS]") }
let path = arguments[1] + "/journal.sqlite"
let units = arguments.count > 2 ? Int(arguments[2]) ?? 1_000_000 : 1_000_000
let job = JobID("bench")

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let elapsed = try ContinuousClock().measure(body)
    return Double(elapsed.components.seconds)
        + Double(elapsed.components.attoseconds) / 1e18
}

func unit(_ index: Int) -> WorkUnitID { WorkUnitID(job: job, round: 0, index: index) }
func lease(_ index: Int) -> Lease { Lease(epoch: 1, attempt: 1, token: UInt64(index) &* 0x9E37) }

let outcome = UnitOutcome(
    outputs: [PayloadReference(id: "bench/0/123456/1.1/vectors", size: 1 << 20, checksum: 77)],
    measures: ["documents": 256, "tokens": 30_000, "computeSeconds": 1.25, "truncated": 3])

if arguments.count < 4 {
    do {
        let journal = try JobJournal(path: arguments[1] + "/durable.sqlite")
        let single = try seconds {
            for index in 0..<500 {
                try journal.commit([
                    .jobSubmitted(
                        JobID("j\(index)"), key: "\(index)", .trainWords(TrainWords(files: [])),
                        atWallMilliseconds: 0)
                ])
            }
        }
        print("a promise that waits for the disk: \(single / 500 * 1e3) ms")
    }
    let journal = try JobJournal(path: path, isDurable: false)
    try journal.commit([
        .jobSubmitted(
            job, key: "bench", .trainWords(TrainWords(files: [])), atWallMilliseconds: 0)
    ])
    let summary = RoundSummary(number: 0, stage: "encoding", index: 0, count: 1, units: units)
    try journal.commit([.roundStarted(job, summary)])
    let written = try seconds {
        for index in 0..<units {
            try journal.commit([
                .unitDone(unit(index), lease(index), outcome),
                .unitAssigned(unit(index), lease(index), WorkerID("host-1234-abcdef")),
            ])
        }
    }
    print("transactions without waiting: \(Double(units) / written) a second")
}
var found = 0
let opened = try seconds { found = try JobJournal(path: path).recovered[0].round?.units.count ?? 0 }
print("opened with \(found) units in \(opened) s")
