// How encoding ends when it cannot go on: by the user, by a full disk, by a model that is none.

import Foundation
import Testing

@testable import Processes

extension EndToEnd {
    @Suite(.serialized)
    struct EncodeEndTests {
        private static func halfFiles(_ site: Site, _ folder: String) -> [String] {
            site.names(in: folder).filter { $0.hasSuffix(".partial") }
        }

        @Test(
            "Ctrl-C while the files of the result are written ends with 130",
            arguments: [SIGINT, SIGTERM])
        func interrupted(signal: Int32) async throws {
            let site = try Site()
            let input = try site.documents(20_000)
            let program = try site.start(
                site.encoding([input]) + ["--shard-rows", "10", "--workers", "2"])
            let began = try await eventually(within: 180, every: 0.002) {
                !program.isRunning || site.names(in: "encoded").count > 60
            }
            try #require(began && program.isRunning, "\(program.errors)")
            program.signal(signal)
            let ending = try await program.ending(within: 15)
            #expect(ending.code == 130, "\(ending)")
            #expect(ending.errors.contains("encoded is not complete"), "\(ending)")
            #expect(!site.exists("encoded/manifest.json"))
            #expect(Self.halfFiles(site, "encoded").isEmpty)
            try await site.expectNothingLeft()
        }

        @Test("Ctrl-C while a result is fetched ends with 130, and the next fetch completes it")
        func interruptedFetch() async throws {
            let site = try Site()
            let input = try site.documents(1_000)
            let cluster = try await StandingCluster(site, workers: 1)
            let made = try await site.encode(
                [input], "made", "--shard-rows", "2", "--cluster", cluster.address)
            try #require(made.code == 0, "\(made)")
            let job = try #require(made.json["job"] as? String)
            let arguments = [
                "fetch", job, "--output", site.path("got"), "--cluster", cluster.address,
            ]
            let program = try site.start(arguments)
            let began = try await eventually(within: 30, every: 0.002) {
                !program.isRunning || site.names(in: "got").count > 20
            }
            try #require(began && program.isRunning, "\(program.errors)")
            program.signal(SIGTERM)
            let ending = try await program.ending(within: 10)
            #expect(ending.code == 130, "\(ending)")
            #expect(ending.errors.contains("got is not complete"), "\(ending)")
            #expect(!site.exists("got/manifest.json"))
            #expect(Self.halfFiles(site, "got").isEmpty)
            let whole = try await Program("sounder", arguments, in: site).ending(within: 180)
            #expect(whole.code == 0, "\(whole)")
            #expect(try site.content(of: "got") == site.content(of: "made"))
            try await cluster.stop()
        }

        @Test("data that standard output does not take is a failure")
        func fullOutput() async throws {
            let site = try Site()
            let input = try site.documents(5)
            let command = (site.encoding([input])).map { "'\($0)'" }.joined(separator: " ")
            let sounder = Program.directory + "/sounder"
            for command in [
                command, "model info \(Site.tinyModel) --json", "model info \(Site.tinyModel)",
            ] {
                let ending = try await Program(
                    "/bin/sh", ["-c", "exec \(sounder) \(command) > /dev/full"], in: site
                ).ending(within: 180)
                #expect(ending.code == 73, "\(command): \(ending)")
                #expect(ending.errors.contains("standard output takes no more"), "\(ending)")
            }
        }

        @Test("a file without documents is refused, whether it is empty or blank")
        func blank() async throws {
            let site = try Site()
            for text in ["", "\n", "\n \n\t\n"] {
                let path = try site.write(text, to: "docs.txt")
                let ending = try await site.encode([path])
                try await site.expect(
                    ending, fails: 65, saying: "there are no documents", "docs.txt",
                    besides: ["docs.txt"])
            }
        }

        @Test("a folder that is no whole model is refused before anything runs")
        func noModel() async throws {
            let site = try Site()
            let path = try site.documents(3)
            for (file, part) in [
                ("model.safetensors", "there is no model.safetensors"),
                ("tokenizer.json", "there is no tokenizer.json"),
            ] {
                let model = try site.copiedModel()
                unlink("\(model)/\(file)")
                mkfifo("\(model)/\(file)", 0o600)
                let ending = try await site.encode([path], model: model)
                try await site.expect(
                    ending, fails: 66, saying: part, besides: ["docs.jsonl", "model"])
                #expect(ending.seconds < 5)
                try FileManager.default.removeItem(atPath: model)
            }
        }

        @Test("faults of the folder's settings are its own, and not those of flags")
        func folderFaults() async throws {
            let site = try Site()
            let path = try site.documents(3)
            let model = try site.copiedModel()
            let settings = "config_sentence_transformers.json"
            for (text, part) in [
                (#"{"truncate_dim": -5}"#, "truncate_dim -5"),
                (#"{"prompts": {}, "default_prompt_name": "z"}"#, "default_prompt_name z"),
            ] {
                _ = try site.write(text, to: "model/\(settings)")
                let ending = try await site.encode([path], model: model)
                try await site.expect(
                    ending, fails: 65, saying: settings, part, besides: ["docs.jsonl", "model"])
            }
            unlink("\(model)/\(settings)")
            _ = try site.write(
                #"{"texts": ["hog"], "vectors": [[1, 2]]}"#, to: "model/reference-vectors.json")
            let verified = try await site.sounder("model", "verify", model)
            #expect(verified.code == 65, "\(verified)")
            #expect(verified.errors.contains("reference-vectors.json"), "\(verified)")
        }

        @Test("files that the model does not use change nothing of the result")
        func stray() async throws {
            let site = try Site()
            let path = try site.documents(20)
            let model = try site.copiedModel()
            #expect(try await site.encode([path], model: model).code == 0)
            let before = try site.content(of: "encoded")
            _ = try site.write("{}", to: "model/reference-vectors.json")
            _ = try site.write("x", to: "model/extra.safetensors")
            let again = try await site.encode([path], model: model)
            #expect(again.code == 0, "\(again)")
            #expect(try site.content(of: "encoded") == before)
        }
    }
}
