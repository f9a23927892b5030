// Every seed and every input that once broke something, through the entries of the fuzzers.

import Foundation
import FuzzTargets
import TestSupport
import Testing

@Suite("The parsers under fuzzing", .serialized)
struct SeedTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .appendingPathComponent("../../../Fuzz").standardized

    /// Files of a target, by name. `ok-` is to be accepted, `bad-` to be refused; what stands under
    /// any other name only has to come back.
    private static func files(
        _ folder: String, _ target: FuzzTarget
    ) throws -> [(name: String, bytes: [UInt8])] {
        let directory = root.appendingPathComponent("\(folder)/\(target.rawValue)")
        guard FileManager.default.fileExists(atPath: directory.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted().map {
            ($0, try bytes(of: directory.appendingPathComponent($0).path))
        }
    }

    @Test(
        "37, 38, 41, 48: seeds are accepted or refused as their names say",
        arguments: FuzzTarget.allCases)
    func seeds(target: FuzzTarget) throws {
        let seeds = try Self.files("Seeds", target)
        #expect(seeds.contains { $0.name.hasPrefix("ok-") })
        #expect(seeds.contains { $0.name.hasPrefix("bad-") } || target == .questions)
        for (name, bytes) in seeds {
            let isAccepted = bytes.withUnsafeBytes { target.accepts($0) }
            let isJudged = name.hasPrefix("ok-") || name.hasPrefix("bad-")
            let isExpected = isAccepted == name.hasPrefix("ok-")
            #expect(isExpected || !isJudged, "\(target.rawValue)/\(name)")
            #expect(bytes.count <= 4_096, "\(target.rawValue)/\(name) is large for a seed")
        }
    }

    @Test("what once broke a parser no longer does", arguments: FuzzTarget.allCases)
    func regressions(target: FuzzTarget) throws {
        for (name, bytes) in try Self.files("Regressions", target) {
            let isAccepted = bytes.withUnsafeBytes { target.accepts($0) }
            if name.hasPrefix("bad-") { #expect(!isAccepted, "\(target.rawValue)/\(name)") }
        }
    }

    @Test(
        "37, 38, 41, 48: seeds cut short or changed come back, too",
        arguments: FuzzTarget.allCases)
    func mutations(target: FuzzTarget) throws {
        var numbers = Numbers(1)
        for (_, bytes) in try Self.files("Seeds", target) {
            for _ in 0..<40 {
                var changed = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &numbers)))
                for _ in 0..<Int.random(in: 0...4, using: &numbers) where !changed.isEmpty {
                    let place = Int.random(in: 0..<changed.count, using: &numbers)
                    changed[place] = UInt8.random(in: 0...255, using: &numbers)
                }
                _ = changed.withUnsafeBytes { target.accepts($0) }
            }
        }
        FuzzTarget.removeFiles()
    }

    @Test("48: random bytes, and halves of two messages, in place of a message come back")
    func random() throws {
        var numbers = Numbers(48)
        let seeds = try Self.files("Seeds", .wire).map(\.bytes)
        try #require(!seeds.isEmpty)
        for round in 0..<40_000 {
            var bytes = (0..<Int.random(in: 0...120, using: &numbers)).map { _ in
                UInt8.random(in: 0...255, using: &numbers)
            }
            if round % 2 == 0 {
                let (head, tail) = (
                    seeds.randomElement(using: &numbers) ?? [],
                    seeds.randomElement(using: &numbers) ?? []
                )
                bytes = head.prefix(Int.random(in: 0...head.count, using: &numbers))
                    + bytes.prefix(3) + tail.suffix(Int.random(in: 0...tail.count, using: &numbers))
            }
            _ = bytes.withUnsafeBytes { FuzzTarget.wire.accepts($0) }
        }
    }
}
