// Whether the three programs belong together, start, and have libraries that will do.

import FoundationEssentials
import Glibc
import Protocol
import Transport

/// Asks each program beside this one what it is made of: it links other libraries than we do.
struct ProgramChecks {
    private static let services = [
        "sounder-coordinator": ["--state", "."], "sounder-worker": ["--coordinator", "ipc://x"],
    ]

    var findings: [Finding] {
        var findings: [Finding] = []
        var facts: [String: [String: String]] = [:]
        for (name, arguments) in Self.services.sorted(by: { $0.key < $1.key }) {
            let path = ChildProcess.ownDirectory + "/" + name
            switch Self.ask(path, arguments + ["--facts"]) {
            case .success(let told): facts[name] = told
            case .failure(let finding): findings.append(finding)
            }
        }
        findings += Self.versions(facts)
        findings += Self.libraries(facts["sounder-coordinator"] ?? [:])
        findings += Self.instructionSet(facts["sounder-worker"] ?? [:])
        return findings
    }

    private enum Answer {
        case success([String: String])
        case failure(Finding)
    }

    private static func ask(_ path: String, _ arguments: [String]) -> Answer {
        guard access(path, F_OK) == 0 else {
            return .failure(
                .warning(
                    "programs", "\(path) is missing: this machine can be a client only",
                    remedy: "install sounder, sounder-coordinator and sounder-worker in one "
                        + "directory"))
        }
        let ending = ProgramOutput.of(path, arguments, deadlineSeconds: 10)
        guard ending.code == 0,
            let facts = try? JSONDecoder().decode(
                [String: String].self, from: Data(ending.output.utf8))
        else {
            let said = ending.errors.split(separator: "\n").first.map { ": \($0)" } ?? ""
            return .failure(
                .error(
                    "programs", "\(path) \(ending.description)\(said)",
                    remedy: "install the same release of all three programs, and their libraries "
                        + "(Debian: libzmq5 libsqlite3-0 zlib1g libzstd1 libxxhash0)"))
        }
        return .success(facts)
    }

    static func versions(_ facts: [String: [String: String]]) -> [Finding] {
        guard !facts.isEmpty else { return [] }
        let others = facts.filter { $0.value["version"] != softwareVersion }
        var findings: [Finding] = []
        if let (name, told) = others.min(by: { $0.key < $1.key }) {
            findings.append(
                .error(
                    "programs", "sounder is \(softwareVersion), \(name) beside it is "
                        + "\(told["version"] ?? "unknown")",
                    remedy: "install the same release of all three programs"))
        } else {
            let names = (["sounder"] + facts.keys.sorted()).joined(separator: ", ")
            findings.append(.ok("programs", "\(names): version \(softwareVersion)"))
        }
        if facts.values.contains(where: { $0["build"] == "debug" }) {
            findings.append(
                .warning(
                    "build", "the programs are debug builds, which are many times slower",
                    remedy: "make build (swift build -c release)"))
        }
        return findings
    }

    static func libraries(_ facts: [String: String]) -> [Finding] {
        let zmq = facts["libzmq"] ?? Context.libraryVersion
        let hasCurve = facts["curve"].map { $0 == "yes" } ?? Context.hasCurve
        var findings: [Finding] = []
        if zmq.compare(versions: "4.3.0") < 0 {
            findings.append(
                .error(
                    "libzmq", "version \(zmq) is too old", remedy: "install libzmq 4.3 or later"))
        } else if !hasCurve {
            findings.append(
                .warning(
                    "libzmq", "version \(zmq), without CURVE: no cluster of several machines",
                    remedy: "install a libzmq that is built with libsodium, as Debian's is"))
        } else {
            findings.append(.ok("libzmq", "version \(zmq), with CURVE"))
        }
        let others = ["sqlite", "zlib", "zstd"].compactMap { name in
            facts[name].map { "\(name) \($0)" }
        }
        if !others.isEmpty {
            findings.append(.ok("libraries", others.joined(separator: ", ")))
        }
        return findings
    }

    static func instructionSet(_ facts: [String: String]) -> [Finding] {
        guard let name = facts["instructionSet"] else { return [] }
        guard name == "scalar" else { return [.ok("kernels", "the processor's \(name) is used")] }
        return [
            .warning(
                "kernels", "the processor has neither AVX2 nor NEON that we know: training is "
                    + "several times slower",
                remedy: "run workers on a processor of the last ten years, or let the virtual "
                    + "machine see the host's")
        ]
    }
}

extension String {
    /// Below 0 if this version is the older one, part by part.
    func compare(versions other: String) -> Int {
        func parts(_ text: String) -> [Int] { text.split(separator: ".").map { Int($0) ?? 0 } }
        let (mine, theirs) = (parts(self), parts(other))
        for index in 0..<Swift.max(mine.count, theirs.count) {
            let difference =
                (index < mine.count ? mine[index] : 0) - (index < theirs.count ? theirs[index] : 0)
            if difference != 0 { return difference }
        }
        return 0
    }
}
