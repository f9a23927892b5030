// The suite of faults in real processes: what of it runs when, and where its chance comes from.

import Foundation
import TestSupport
import Testing

/// One after the other: each test wants both cores, and times that mean something.
@Suite(.serialized)
enum Chaos {
    /// `make chaos` runs everything, `make test` a short selection.
    static let isFull = environment("SOUNDER_CHAOS") != nil
    static let onlyFull = "only `make chaos` has the time"

    /// Seconds of the soak; 0 leaves it out.
    static let soakSeconds = environment("SOUNDER_CHAOS_SOAK").flatMap { Double($0) } ?? 0

    /// Of everything that is drawn. Printed where it matters, so that a run can be repeated.
    static let seed =
        environment("SOUNDER_CHAOS_SEED").flatMap { Int($0) } ?? Int.random(in: 1...999_999)

    static let isRoot = geteuid() == 0
    static let hasStrace = isExecutable("/usr/bin/strace")
    static let hasCompiler = isExecutable("/usr/bin/cc")
    static let freezer = "/sys/fs/cgroup/freezer"
    static let hasFreezer = isRoot && access(freezer + "/tasks", W_OK) == 0

    private static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

    private static func environment(_ name: String) -> String? {
        guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
            return nil
        }
        return value
    }

    /// Numbers of one test: other tests draw others from the same seed.
    static func numbers(_ test: Int) -> Numbers { Numbers(seed &* 1_000 &+ test) }

    static func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}

/// Faults of links, and of processes, beside the others: these tests wait more than they compute.
@Suite(.serialized)
enum NetworkChaos {}

@Suite(.serialized)
enum ProcessChaos {}
