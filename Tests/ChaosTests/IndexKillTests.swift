// Whoever changes an index is killed: what was there stays of use, and the next change succeeds.

import Foundation
import Testing

@testable import Processes

extension Chaos {
    @Suite(.serialized)
    struct IndexKillTests {
        /// Files in the index that tell how far a change has come: half of a segment, all of it,
        /// and half of the manifest that would name it.
        private static let moments = [".segment-", "segment-", ".manifest"]

        @Test("a client killed while documents are encoded to be added leaves the index as it was")
        func encoding() async throws {
            let index = try await ChangingIndex()
            try await index.kill(index.adding(), when: ".adding-")
            try await index.expectAsItWas()
            try await index.expectAdded()
            try await index.fleet.stop()
        }

        @Test(
            "a client killed while it writes what is added leaves the index as it was",
            .enabled(if: Injection.isPossible, "\(Injection.absence)"))
        func adding() async throws {
            let index = try await ChangingIndex()
            for moment in Self.moments {
                try await index.kill(index.adding(isSlow: true), when: moment)
                try await index.expectAsItWas()
            }
            try await index.expectAdded()
            try await index.fleet.stop()
        }

        @Test(
            "a client killed while it compacts an index leaves it as it was",
            .enabled(if: Injection.isPossible, "\(Injection.absence)"))
        func compacting() async throws {
            let index = try await ChangingIndex()
            let deleted = try await index.fleet.site.index("delete", "d7")
            try #require(deleted.code == 0, "\(deleted)")
            try index.remember()
            for moment in Self.moments {
                try await index.kill(index.compacting(isSlow: true), when: moment)
                try await index.expectAsItWas()
            }
            try await index.expectAdded(passages: 319)
            let compacted = try await index.compacting().ending(within: 30)
            #expect(compacted.code == 0, "\(compacted)")
            try await index.expectSound(finding: [20, 310])
            try await index.fleet.stop()
        }
    }
}

/// An index of 300 documents on a standing cluster, and 20 more that are to be added.
private final class ChangingIndex {
    private static let name = "docs.index"
    private static let texts = Site.texts(320)
    let fleet: Fleet
    private var site: Site { fleet.site }
    private let more: String
    /// What was there before anybody was killed.
    private var manifest = Data()
    private var names: Set<String> = []

    init() async throws {
        let site = try Site()
        fleet = try await Fleet(site, workers: 1)
        let lines = (300..<320).map { #"{"_id": "d\#($0)", "text": "\#(Self.texts[$0])"}"# + "\n" }
        more = try site.write(lines.joined(), to: "more.jsonl")
        let built = try await fleet.sounder(
            "index", "build", "--model", Site.tinyModel, "--output", site.path(Self.name),
            "--quiet", "--input", site.documents(300), within: 60)
        try #require(built.code == 0, "\(built)\(fleet.coordinator.errors)")
        try remember()
    }

    func remember() throws {
        manifest = try site.bytes("\(Self.name)/manifest.json")
        names = Set(site.names(in: Self.name))
    }

    /// - Parameter isSlow: whether every file waits before it is safe, so that there is time to
    ///   kill whoever writes it.
    func adding(isSlow: Bool = false) throws -> Program {
        try start(
            [
                "index", "add", "--index", site.path(Self.name), "--input", more, "--json",
                "--quiet", "--cluster", fleet.address,
            ], isSlow)
    }

    func compacting(isSlow: Bool = false) throws -> Program {
        try start(["index", "compact", "--index", site.path(Self.name)], isSlow)
    }

    private func start(_ arguments: [String], _ isSlow: Bool) throws -> Program {
        guard isSlow else { return try Program("sounder", arguments, in: site) }
        let wrapper = Injection.of("fsync:delay_enter=200000", in: site)
        return try Program(
            wrapper[0], wrapper.dropFirst() + [Program.directory + "/sounder"] + arguments,
            in: site)
    }

    /// Kills the program as soon as there is a new file or folder whose name begins so.
    func kill(_ program: Program, when prefix: String) async throws {
        let began = try await eventually(within: 30, every: 0.002) {
            let added = Set(site.names(in: Self.name)).subtracting(names)
            return !program.isRunning || added.contains { $0.hasPrefix(prefix) }
        }
        try #require(began && program.isRunning, "\(prefix): \(program.errors)")
        program.signal(SIGKILL)
        let ending = try await program.ending(within: 10)
        #expect(ending.code == 128 + SIGKILL, "\(prefix): \(ending)")
        // What it left is taken away by the next one, and is no part of what is known.
        #expect(!Set(site.names(in: Self.name)).isSubset(of: names), "\(prefix) was gone")
    }

    func expectAsItWas() async throws {
        #expect(try site.bytes("\(Self.name)/manifest.json") == manifest)
        try await expectSound(finding: [20, 299])
        let hits = try await hits(of: 310)
        #expect(!hits.contains("d310"), "\(hits)")
    }

    func expectSound(finding documents: [Int]) async throws {
        let verified = try await site.index("verify")
        #expect(verified.code == 0, "\(verified)")
        for document in documents {
            let hits = try await hits(of: document)
            #expect(hits.contains("d\(document)"), "\(hits)")
        }
    }

    /// The next one succeeds, and takes away what the killed ones left.
    func expectAdded(passages: Int = 320) async throws {
        let added = try await adding().ending(within: 60)
        try #require(added.code == 0, "\(added)")
        #expect(added.number("passages") == Double(passages), "\(added)")
        try await expectSound(finding: [20, 310])
        let segments = site.names(in: Self.name).filter { $0.hasSuffix(".seg") }
        #expect(segments.count == 2, "\(segments)")
        let begun = site.names(in: Self.name).filter { $0.hasPrefix(".") }
        #expect(begun.isEmpty, "\(begun)")
    }

    private func hits(of document: Int) async throws -> [String] {
        let found = try await fleet.sounder(
            "search", "--index", site.path(Self.name), "--json", "--quiet", "--top", "5",
            Self.texts[document])
        #expect(found.code == 0, "\(found)")
        return (found.json["hits"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
    }
}

extension Site {
    /// A command on the index of these tests that needs no cluster.
    fileprivate func index(_ command: String, _ more: String...) async throws -> Ending {
        try await Program(
            "sounder", ["index", command, "--index", path("docs.index")] + more, in: self
        ).ending(within: 30)
    }
}
