// Flags that the files of deploy/ pass, compared with the flags that the programs have.

import Foundation
@testable import Processes
import Testing

extension EndToEnd {
    @Suite(.serialized)
    struct DeployedFlagTests {
        private static let scripts = ["deploy/slurm/sounder.sbatch", "deploy/cluster.sh"]

        @Test(
            "every flag that a unit, an image or a manifest passes is one of the program's",
            arguments: [
                ("deploy/systemd/sounder-coordinator.service", ["sounder-coordinator"]),
                ("deploy/systemd/sounder-worker@.service", ["sounder-worker"]),
                ("deploy/kubernetes/base/coordinator.yaml", ["sounder-coordinator"]),
                ("deploy/kubernetes/base/worker.yaml", ["sounder-worker"]),
                ("deploy/docker/compose.yaml", ["sounder-coordinator", "sounder-worker"]),
                (scripts[0], ["sounder-coordinator", "sounder-worker", "sounder"]),
                (scripts[1], ["sounder-coordinator", "sounder-worker", "sounder"]),
            ])
        func flags(file: String, programs: [String]) async throws {
            let site = try Site()
            var known: Set<String> = []
            for program in programs {
                let commands =
                    program == "sounder" ? [["train", "sgns"], ["status"], ["keygen"]] : [[]]
                for command in commands {
                    let help = try await Program(program, command + ["--help"], in: site).ending()
                    known.formUnion(Self.flags(in: help.output))
                }
            }
            #expect(known.count > 5)
            let text = try String(contentsOfFile: "\(Deployed.root)/\(file)", encoding: .utf8)
            // Flags of other programs are in lines with their names.
            let ours = text.split(separator: "\n").filter { line in
                !line.drop { $0 == " " }.hasPrefix("#") && !line.contains(/scancel|srun|sbatch/)
            }.joined(separator: "\n")
            let used = Self.flags(in: ours)
            #expect(used.count > 3)
            #expect(used.subtracting(known).sorted() == [])
        }

        private static func flags(in text: String) -> Set<String> {
            Set(text.matches(of: /--[a-z][a-z-]*[a-z]/).map { String($0.0) })
        }
    }
}
