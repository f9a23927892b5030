// The commands that many tests give, and what they check of every failure.

import Foundation
import Testing

extension Site {
    /// Runs `sounder` to its end.
    func sounder(
        _ arguments: String..., input: String = "/dev/null", within seconds: Double = 30
    ) async throws -> Ending {
        try await Program("sounder", arguments, in: self, input: input).ending(within: seconds)
    }

    func start(_ arguments: [String]) throws -> Program {
        try Program("sounder", arguments, in: self)
    }

    /// `sounder train sgns` with a small model, to its end.
    func train(
        _ inputs: [String], _ output: String = "v.bin", _ more: String...,
        input: String = "/dev/null", within seconds: Double = 30
    ) async throws -> Ending {
        let arguments = Self.training(inputs, path(output)) + more
        return try await Program("sounder", arguments, in: self, input: input)
            .ending(within: seconds)
    }

    static func training(_ inputs: [String], _ output: String) -> [String] {
        ["train", "sgns", "--input"] + inputs + ["--output", output, "--dim", "16", "--quiet"]
    }

    /// A training job that takes some seconds, at its training stage.
    func longTraining(_ more: [String], output: String = "v.bin") async throws -> Program {
        let text = exists("corpus.txt") ? path("corpus.txt") : try corpus()
        let arguments =
            Self.training([text], path(output)) + [
                "--epochs", "150", "--words-per-round", "100000", "--threads", "1", "--json",
            ]
        let program = try start(arguments + more)
        let named = more.firstIndex(of: "--cluster").map { more[$0 + 1] }
        let began = try await eventually(within: 20) {
            guard program.isRunning else { return true }
            guard let address = named ?? localAddress else { return false }
            return try await isTraining(at: address)
        }
        try #require(began && program.isRunning, "\(program.errors)")
        return program
    }

    /// Whether the newest job is in its rounds of training.
    func isTraining(at address: String) async throws -> Bool {
        let jobs = try await sounder("jobs", "--json", "--cluster", address).json["jobs"]
        let newest = (jobs as? [[String: Any]])?.first
        return newest?["state"] as? String == "running" && newest?["stage"] as? String == "training"
    }

    /// Nothing of the test's programs may live on, nor their temporary directories.
    func expectNothingLeft(
        within seconds: Double = 3, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let gone = try await eventually(within: seconds) { processes().isEmpty }
        #expect(gone, "still running: \(processes())", sourceLocation: sourceLocation)
        let clean = try await eventually(within: 5) { names(in: "t").isEmpty }
        #expect(clean, "left behind: \(names(in: "t"))", sourceLocation: sourceLocation)
    }

    /// A failure is a code and a sentence, and leaves no file and no process.
    func expect(
        _ ending: Ending, fails code: Int32, saying parts: String..., besides names: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        #expect(ending.code == code, "\(ending)", sourceLocation: sourceLocation)
        for part in parts {
            #expect(ending.errors.contains(part), "\(ending)", sourceLocation: sourceLocation)
        }
        #expect(ending.output.isEmpty, "\(ending)", sourceLocation: sourceLocation)
        let files = leftovers(besides: names)
        #expect(files.isEmpty, "\(files)", sourceLocation: sourceLocation)
        try await expectNothingLeft(sourceLocation: sourceLocation)
    }
}
