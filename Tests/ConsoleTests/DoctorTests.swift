// What the doctor says of machines that are made up.

import Foundation
import TestSupport
import Testing

@testable import Console

@Suite("sounder doctor")
struct DoctorTests {
    /// Files of a machine, below a root of its own.
    private func machine(_ files: [String: String]) throws -> (SystemFiles, Scratch) {
        let scratch = try Scratch()
        for (path, text) in files {
            let full = scratch.path(String(path.dropFirst()))
            try FileManager.default.createDirectory(
                atPath: (full as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: full))
        }
        return (SystemFiles(root: scratch.directory), scratch)
    }

    @Test("the lowest limit of the control groups above is the one that counts")
    func groups() throws {
        let (system, scratch) = try machine([
            "/proc/self/cgroup": "1:name=x:/y\n0::/a/b\n",
            "/sys/fs/cgroup/a/b/memory.max": "max\n",
            "/sys/fs/cgroup/a/memory.max": "2000000000\n",
            "/sys/fs/cgroup/a/b/cpu.max": "150000 100000\n",
            "/sys/fs/cgroup/a/cpu.max": "max 100000\n",
            "/proc/self/status": "Name:\tx\nCpus_allowed_list:\t0-3,8,10-11\n",
        ])
        #expect(system.groupMemory == 2e9)
        #expect(system.groupProcessors == 1.5)
        #expect(system.allowedProcessors == 7)
        withExtendedLifetime(scratch) {}
    }

    @Test("a machine that tells nothing is no error")
    func silence() throws {
        let (system, scratch) = try machine([:])
        #expect(system.groupMemory == nil && system.groupProcessors == nil)
        let findings = MachineChecks(system).findings + LimitChecks(system).findings
        #expect(!findings.contains { $0.verdict == .error })
        withExtendedLifetime(scratch) {}
    }

    @Test("limits below the machine's cores and memory are warnings with a figure to use")
    func limits() throws {
        let (system, scratch) = try machine([
            "/proc/self/cgroup": "0::/a\n", "/sys/fs/cgroup/a/cpu.max": "50000 100000\n",
            "/sys/fs/cgroup/a/memory.max": "500000000\n",
            "/proc/meminfo": "MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n",
            "/sys/kernel/mm/transparent_hugepage/enabled": "always madvise [never]\n",
            "/proc/sys/vm/overcommit_memory": "2\n", "/proc/loadavg": "999.5 1 1 1/1 1\n",
        ])
        let checks = MachineChecks(system)
        #expect(checks.processors.verdict == .warning)
        #expect(checks.processors.remedy?.contains("--threads 1 ") == true)
        #expect(checks.memory?.verdict == .warning)
        #expect(checks.memory?.sentence.contains("500 MB") == true)
        #expect(checks.hugePages?.verdict == .warning)
        #expect(checks.load?.verdict == .warning)
        #expect(LimitChecks(system).maps?.verdict == .warning)
        withExtendedLifetime(scratch) {}
    }

    @Test("too few files are an error, few a warning, and the number of workers is told")
    func openFiles() {
        #expect(LimitChecks.openFiles(soft: 64, hard: 64).verdict == .error)
        let few = LimitChecks.openFiles(soft: 1_024, hard: 524_288)
        #expect(few.verdict == .warning)
        #expect(few.sentence.contains("464 workers"))
        #expect(LimitChecks.openFiles(soft: 65_536, hard: 65_536).verdict == .ok)
    }

    @Test("keys that others can read are an error that names the file and the command")
    func keys() throws {
        let scratch = try Scratch()
        let directory = scratch.path("keys")
        #expect(KeyChecks(directory: directory).findings.map(\.verdict) == [.ok])
        mkdir(directory, 0o700)
        #expect(KeyChecks(directory: directory).findings.map(\.verdict) == [.ok])
        _ = try scratch.write("secret", to: "keys/node.key")
        _ = try scratch.write("public", to: "keys/coordinator.pub")
        chmod(directory + "/node.key", 0o600)
        let good = KeyChecks(directory: directory).findings
        #expect(good.map(\.verdict) == [.ok])
        #expect(good[0].sentence.contains("1 key in"))
        chmod(directory + "/node.key", 0o640)
        let open = KeyChecks(directory: directory).findings
        #expect(open.map(\.verdict) == [.error])
        #expect(open[0].sentence.contains("node.key") && open[0].sentence.contains("0640"))
        #expect(open[0].remedy?.contains("chmod 600 \(directory)/node.key") == true)
        chmod(directory, 0o755)
        #expect(KeyChecks(directory: directory).findings[0].remedy?.contains("chmod 700") == true)
    }

    @Test("a full disk, a disk without inodes, memory and network are told apart")
    func disks() {
        func room(_ free: Double, _ nodes: Double = .infinity) -> Finding.Verdict {
            DirectoryChecks.room("state", "/s", free: free, nodes: nodes, isState: true).verdict
        }
        #expect([room(50e6), room(1e9), room(10e9)] == [.error, .warning, .ok])
        #expect(room(10e9, 5) == .error)
        let mounts = """
            22 1 8:1 / / rw - ext4 /dev/sda rw
            23 22 0:5 / /srv rw shared:1 - nfs4 host:/x rw
            24 23 0:6 / /srv/fast rw - tmpfs tmpfs rw
            25 22 0:7 / /srvother rw - xfs /dev/sdb rw
            """
        func type(_ path: String) -> String? { DirectoryChecks.fileSystem(of: path, mounts) }
        #expect(type("/home/x") == "ext4")
        #expect(type("/srv") == "nfs4")
        #expect(type("/srv/a/b") == "nfs4")
        #expect(type("/srv/fast/s") == "tmpfs")
        #expect(type("/srvother/s") == "xfs")
        func verdict(_ type: String?) -> Finding.Verdict? {
            DirectoryChecks.kind("state", "/s", type: type)?.verdict
        }
        #expect(["nfs4", "tmpfs", "ext4", nil].map(verdict) == [.error, .warning, nil, nil])
    }

    @Test("programs of different versions and old libraries are errors")
    func programs() {
        let mixed = ProgramChecks.versions(["sounder-worker": ["version": "9.9.9"]])
        #expect(mixed.map(\.verdict) == [.error])
        let debug = ProgramChecks.versions([
            "sounder-worker": ["version": "9.9.9", "build": "debug"]
        ])
        #expect(debug.map(\.verdict) == [.error, .warning])
        #expect(ProgramChecks.libraries(["libzmq": "4.2.5", "curve": "yes"])[0].verdict == .error)
        #expect(ProgramChecks.libraries(["libzmq": "4.3.4", "curve": "no"])[0].verdict == .warning)
        #expect(ProgramChecks.libraries(["libzmq": "4.10.0", "curve": "yes"])[0].verdict == .ok)
        #expect(ProgramChecks.instructionSet(["instructionSet": "scalar"])[0].verdict == .warning)
    }

    @Test("a program that does not end is ended, and one that fails is quoted")
    func children() {
        let slow = ProgramOutput.of("/bin/sleep", ["60"], deadlineSeconds: 0.3)
        #expect(slow.code == -1)
        let failing = ProgramOutput.of(
            "/bin/sh", ["-c", "echo out; echo wrong >&2; exit 3"], deadlineSeconds: 10)
        #expect(failing.code == 3 && failing.output == "out\n" && failing.errors == "wrong\n")
        #expect(ProgramOutput.of("/no/such", [], deadlineSeconds: 1).code == -1)
        let long = ProgramOutput.of(
            "/bin/sh", ["-c", "while :; do echo yyyyyyyyyyyyyyyy; done"], deadlineSeconds: 0.5)
        #expect(long.code == -1 && long.output.utf8.count <= 70_000)
    }

    @Test("remedies stand below their findings, and the last line counts them")
    func lines() {
        let diagnosis = Diagnosis([
            .ok("a", "fine"), .warning("long", "so so", remedy: "do this"),
            .error("b", "bad", remedy: "do that"),
        ])
        #expect(
            diagnosis.lines(isColoured: false) == [
                "ok       a     fine", "warning  long  so so", "               → do this",
                "error    b     bad", "               → do that", "", "1 error, 1 warning",
            ])
    }
}
