// Takes a safeguard away and expects the simulator to notice: a checker that never complains is
// worth nothing.

import Foundation
import TestSupport
import Testing

/// A safeguard, and the words without which it is gone.
private struct Mutation: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let file: String
    let text: String
    let replacement: String

    static let all = [
        Mutation(
            testDescription: "the fence: a result counts whatever its lease and worker",
            file: "Sources/Cluster/Records.swift",
            text: "        return claim == given || backup == given\n",
            replacement: "        return claim != nil || given.lease.epoch > 0\n"),
        Mutation(
            testDescription: "the dedupe: a unit that is done may be done again",
            file: "Sources/Cluster/Scheduler+Units.swift",
            text: "        case .fetching, .done:\n",
            replacement: "        case .done: break\n        case .fetching:\n"),
        Mutation(
            testDescription: "the lease check: leases never run out",
            file: "Sources/Cluster/Scheduler+Units.swift",
            text: "        while let attempt = leases.take(dueAt: now) {\n",
            replacement:
                "        while let attempt = leases.take(dueAt: now), attempt.unit.index < 0 {\n"),
        Mutation(
            testDescription: "the order: replies leave before the journal has what they speak of",
            file: "Tests/Simulation/Simulation/Coordinator.swift",
            text: "    private mutating func carryOutEffects() {\n",
            replacement:
                "    private mutating func carryOutEffects() {\n        _ = sendReplies()\n"),
    ]
}

@Suite(.serialized) struct MutationTests {
    @Test("what every mutation starts from is clean")
    func original() async throws {
        let build = try await Workshop.shared.value
        let ending = try await build.run([:], seeds: 20)
        #expect(ending.code == 0, "\(ending.output)")
    }

    @Test("without one of its safeguards the cluster fails", arguments: Mutation.all)
    private func mutant(_ mutation: Mutation) async throws {
        let build = try await Workshop.shared.value
        let path = Repository.root + mutation.file
        let source = try String(contentsOfFile: path, encoding: .utf8)
        #expect(
            source.components(separatedBy: mutation.text).count == 2,
            "the mutation is outdated: \(mutation.file) does not hold its text once")
        let mutated = source.replacingOccurrences(of: mutation.text, with: mutation.replacement)
        let ending = try await build.run([mutation.file: mutated], seeds: 500)
        #expect(ending.code == 1, "nobody noticed: \(ending.output)")
        #expect(ending.output.contains("FAILED: seed "), "\(ending.output)")
    }

    @Test("the coordinator commits, commands and sends in the order that is simulated")
    func realOrder() throws {
        let path = Repository.root + "Sources/Coordinator/ClusterThread.swift"
        let loop = try String(contentsOfFile: path, encoding: .utf8)
        let places = ["journal.commit(", "store.perform(", "desk.send("].map {
            loop.range(of: $0)?.lowerBound
        }
        let known = places.compactMap { $0 }
        #expect(known.count == 3, "the loop has other words; look at its order again")
        #expect(known == known.sorted())
    }
}

private enum Repository {
    /// With a slash at its end.
    static let root =
        URL(fileURLWithPath: #filePath)
        .appendingPathComponent("../../../..").standardized.path + "/"

    static func sources(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root + folder).sorted()
            .filter { $0.hasSuffix(".swift") }.map { folder + "/" + $0 }
    }
}

/// Compiles the simulator with some files replaced, one module after the other; what did not change
/// is compiled once.
///
/// Without optimisation: that takes a quarter of the time, and few seeds are enough.
private actor Workshop {
    struct Ending: Sendable {
        let code: Int32
        let output: String
    }

    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    /// The first use compiles everything as it is.
    static let shared = Task { try await Workshop() }

    private static let modules = [
        ("Protocol", "Sources/Protocol"), ("Cluster", "Sources/Cluster"),
        ("Simulation", "Tests/Simulation/Simulation"), ("simulate", "Tests/Simulation/simulate"),
    ]
    private let scratch = try? Scratch()
    private var mutants = 0

    private init() async throws {
        for (module, folder) in Self.modules {
            try await compile(module, Repository.sources(in: folder).map { Repository.root + $0 })
        }
    }

    private func path(_ name: String) -> String { scratch?.path(name) ?? "/nowhere/" + name }

    /// - Parameter replaced: texts by the path of the file that they stand for.
    func run(_ replaced: [String: String], seeds: Int) async throws -> Ending {
        mutants += 1
        var objects: [String] = []
        for (module, folder) in Self.modules {
            let sources = try Repository.sources(in: folder)
            guard sources.contains(where: { replaced[$0] != nil }) else {
                objects.append(path(module + ".o"))
                continue
            }
            let files = try sources.map { source -> String in
                guard let text = replaced[source] else { return Repository.root + source }
                return try scratch?.write(text, to: "mutant\(mutants).swift") ?? ""
            }
            // The interface is the same, so that whoever imports the module need not know.
            let object = path("\(module)-\(mutants).o")
            try await compile(module, files, to: object)
            objects.append(object)
        }
        let program = path("simulate-\(mutants)")
        try await expect(["swiftc", "-o", program] + objects)
        return try await Self.start([program, "--seeds", "1..\(seeds)"], seconds: 120)
    }

    /// As Package.swift has it; without `object` other modules can import what comes of it.
    private func compile(
        _ module: String, _ files: [String], to object: String? = nil
    ) async throws {
        var arguments = [
            "swiftc", "-Onone", "-wmo", "-swift-version", "6", "-package-name", "sounder",
            "-module-name", module, "-I", path(""), "-suppress-warnings",
        ]
        for feature in ["ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault"] {
            arguments += ["-enable-upcoming-feature", feature]
        }
        if module != "simulate" { arguments.append("-parse-as-library") }
        if object == nil {
            arguments += ["-emit-module", "-emit-module-path", path(module + ".swiftmodule")]
        }
        try await expect(arguments + ["-c", "-o", object ?? path(module + ".o")] + files)
    }

    private func expect(_ command: [String]) async throws {
        let ending = try await Self.start(command, seconds: 300)
        if ending.code != 0 {
            throw Broken(description: "\(command.prefix(12)): \(ending.output.prefix(3_000))")
        }
    }

    /// On a thread of its own: the pool is there for tests that compute, and for clocks.
    private static func start(_ command: [String], seconds: Double) async throws -> Ending {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try wait(for: command, seconds: seconds) })
            }
        }
    }

    private static func wait(for command: [String], seconds: Double) throws -> Ending {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let child = process.processIdentifier
        let watchdog = DispatchWorkItem { kill(child, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds, execute: watchdog)
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        watchdog.cancel()
        return Ending(
            code: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
    }
}
