// `sounder doctor`: whether this machine can run Sounder well, and what to do if not.

import ArgumentParser
import Glibc
import Protocol
import Transport

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine this machine, its set-up and a cluster.",
        discussion: """
            Each finding is ok, a warning or an error, with its remedy. The exit code is 0
            without errors and 78 with them.

            Examples:
              sounder doctor
              sounder doctor --cluster tcp://10.0.0.1:5761
              sounder doctor --state /var/lib/sounder --json
            """)

    @OptionGroup var cluster: ClusterOptions
    @Option(
        help: ArgumentHelp("Directory of the coordinator's state.", valueName: "dir"))
    var state: String?
    @Option(help: ArgumentHelp("Directory of a worker's cache.", valueName: "dir"))
    var cache: String?
    @Flag(help: "One JSON object on standard output.")
    var json = false

    func run() async throws {
        let programs = ProgramChecks()
        var findings = programs.findings
        findings += MachineChecks(SystemFiles()).findings
        findings += LimitChecks(SystemFiles()).findings
        findings += KeyChecks(directory: try cluster.keys.ring().directory).findings
        findings += DirectoryChecks.findings(state: state, cache: cache)
        findings += await ClusterChecks.findings(cluster)
        let diagnosis = Diagnosis(findings)
        if json {
            try Terminal.outputJSON(diagnosis)
        } else {
            diagnosis.lines(isColoured: Terminal.isColoured).forEach(Terminal.output)
        }
        if diagnosis.errors > 0 { endProgram(code: 78) }
    }
}
