// Jobs that no client of ours would submit: refused by name, and nothing comes of them.

import Foundation
import Protocol
import Testing
import Transport

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct SpecTests {
        /// A cluster without workers, and a client that says whatever it is told to.
        private func standing(_ site: Site) async throws -> (StandingCluster, HandDrivenPeer) {
            let cluster = try await StandingCluster(site, workers: 0, liveness: 60_000)
            let client = try HandDrivenPeer(cluster.address, name: "client")
            try await client.greet(as: .client)
            return (cluster, client)
        }

        private func expectRefused(
            _ answer: Header, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
        ) {
            guard case .refused(let refused) = answer else {
                Issue.record("\(answer) is no refusal", sourceLocation: sourceLocation)
                return
            }
            #expect(refused.fault.code == .usage, sourceLocation: sourceLocation)
            for part in parts {
                #expect(
                    refused.fault.message.contains(part), "\(refused.fault)",
                    sourceLocation: sourceLocation)
            }
        }

        @Test("41: files named by a way that may lead elsewhere are refused when submitted")
        func paths() async throws {
            let site = try Site()
            let (cluster, client) = try await standing(site)
            let paths = [
                "../secret", "/tmp/../etc/passwd", "relative.txt", "/tmp/a\0b", "", "/",
                "/tmp//twice", "/tmp/./here", "/" + String(repeating: "x", count: 5_000),
            ]
            for (index, path) in paths.enumerated() {
                let file = InputFile(path: path, size: 1, modifiedNanoseconds: 1)
                let spec = JobSpec.trainWords(TrainWords(files: [file]))
                let number = UInt64(index + 1)
                try await client.say(
                    .submit(Submit(key: "k\(index)", spec: spec)), request: number)
                expectRefused(
                    try await client.answer(to: number), "input file",
                    String(path.prefix(8).debugDescription.dropLast()))
            }
            let jobs = try await cluster.sounder("jobs", "--json")
            #expect((jobs.json["jobs"] as? [Any])?.isEmpty == true, "\(jobs)")
            try await cluster.stop()
        }

        @Test("41: counts out of range and settings that nobody knows are refused by name")
        func settings() async throws {
            let site = try Site()
            let (cluster, client) = try await standing(site)
            var spec = TrainWords(files: [try InputFile(reading: site.corpus())])
            spec.epochs = -1
            try await client.say(.submit(Submit(key: "k", spec: .trainWords(spec))), request: 1)
            expectRefused(try await client.answer(to: 1), "--epochs -1")
            spec.epochs = 1
            let sound = Message(.submit(Submit(key: "k", spec: .trainWords(spec))), request: 2)
            let text = String(decoding: try Codec.encode(sound)[0].bytes, as: UTF8.self)
            let wrongs = [
                (#""window":5,"windows":7"#, "unknown setting windows"),
                (#""window":"5""#, "window"),
                (#""windows":5"#, "window"), (#""window":2147483648"#, "--window 2147483648"),
                // No number that any setting has room for.
                (#""window":99999999999999999999"#, "header"),
            ]
            for (index, (wrong, part)) in wrongs.enumerated() {
                let number = UInt64(index + 3)
                let changed = text.replacingOccurrences(of: #""window":5"#, with: wrong)
                    .replacingOccurrences(of: #""request":2"#, with: #""request":\#(number)"#)
                #expect(changed != text)
                try await client.say([Frame(changed.utf8)])
                expectRefused(try await client.answer(to: number), part)
            }
            try await client.say([Frame(text.utf8)])
            guard case .accepted = try await client.answer(to: 2) else {
                Issue.record("what is sound is refused, too")
                return
            }
            try await cluster.stop()
        }

        @Test("41: a pipe, a device, a directory and a link are no corpus, whoever names them")
        func noFiles() async throws {
            let site = try Site()
            let (pipe, link, folder) = (site.path("pipe"), site.path("link"), site.path("folder"))
            mkfifo(pipe, 0o600)
            mkdir(folder, 0o700)
            symlink(try site.corpus(), link)
            for path in [pipe, folder, "/dev/zero"] {
                let ending = try await site.train([path], within: 5)
                try await site.expect(
                    ending, fails: 66, saying: path,
                    besides: ["pipe", "link", "folder", "corpus.txt"])
            }
            // A client of somebody else's need not have looked.
            let (cluster, client) = try await standing(site)
            let worker = try HandDrivenPeer(cluster.address, name: "worker")
            try await worker.greet(as: .worker)
            for (index, path) in [pipe, folder, "/dev/zero", link].enumerated() {
                let file = InputFile(path: path, size: 10, modifiedNanoseconds: 1)
                let spec = JobSpec.trainWords(TrainWords(files: [file]))
                let number = UInt64(2 * index + 1)
                try await client.say(
                    .submit(Submit(key: "k\(index)", spec: spec)), request: number)
                guard case .accepted(let accepted) = try await client.answer(to: number) else {
                    Issue.record("\(path) is refused before anybody looked")
                    continue
                }
                let fault = try await fault(of: accepted.job, client, number + 1)
                #expect(fault.code == .input && fault.message.contains(path), "\(fault)")
            }
            try await cluster.stop()
        }

        /// How a job failed, which it is expected to do soon.
        private func fault(
            of job: JobID, _ client: HandDrivenPeer, _ number: UInt64
        ) async throws -> Fault {
            var fault: Fault?
            _ = try await eventually(within: 5) {
                try await client.say(.query(Query(job: job)), request: number)
                if case .jobs(let answer) = try await client.answer(to: number) {
                    fault = answer.jobs.first?.fault
                }
                return fault != nil
            }
            return try #require(fault, "\(job) does not fail")
        }

        @Test("54: jobs beyond the limit are refused when submitted, and the others are kept")
        func manyJobs() async throws {
            let site = try Site()
            let (cluster, client) = try await standing(site)
            let files = [try InputFile(reading: site.corpus())]
            let spec = JobSpec.trainWords(TrainWords(files: files))
            let limit = Limits.jobsQueuedMax
            var accepted = 0
            for first in stride(from: 1, through: limit, by: 100) {
                let batch = first..<min(first + 100, limit + 1)
                for number in batch {
                    try await client.say(
                        .submit(Submit(key: "k\(number)", spec: spec)), request: UInt64(number))
                }
                for number in batch {
                    let answer = try await client.answer(to: UInt64(number), every: 0.001)
                    if case .accepted = answer { accepted += 1 }
                }
            }
            #expect(accepted == limit)
            try await client.say(.submit(Submit(key: "more", spec: spec)), request: 1 << 20)
            guard case .refused(let refused) = try await client.answer(to: 1 << 20) else {
                Issue.record("one more is not refused")
                return
            }
            #expect(refused.fault.code == .temporary && refused.fault.retryable)
            #expect(refused.fault.message.contains("\(limit)"), "\(refused.fault)")
            // Who asks again for what was accepted is answered as before.
            try await client.say(.submit(Submit(key: "k7", spec: spec)), request: 1 << 21)
            guard case .accepted = try await client.answer(to: 1 << 21) else {
                Issue.record("a job that was accepted is refused")
                return
            }
            let jobs = try await cluster.sounder("jobs", "--json", within: 5)
            #expect(jobs.code == 0, "\(jobs)")
            try await cluster.stop()
        }
    }
}
