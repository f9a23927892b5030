// `sounder model pull`: from a hub into the cache that the Python libraries use, too.

import ArgumentParser
import Hub
import Protocol
import Transport

struct ModelPullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetch a model from a hub into the local cache.",
        discussion: """
            What an encoder needs is fetched: configuration, tokenizer and safetensors.
            A pull that was interrupted goes on where it ended. Every file is checked
            against the hub's hash. The snapshot's directory goes to standard output.

            HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, XDG_CACHE_HOME, HF_TOKEN and
            HF_HUB_OFFLINE are obeyed; docs/models.md has the details.

            Examples:
              sounder model pull sentence-transformers/all-MiniLM-L6-v2
              sounder model pull intfloat/e5-small-v2 --revision main --json
              HF_ENDPOINT=https://hub.example.com sounder model pull ORG/NAME
            """)

    @Argument(help: "ORG/NAME, NAME or ORG/NAME@REVISION.") var name: String
    @Option(help: "Branch, tag or commit. Default: main.") var revision: String?
    @Option(
        help: ArgumentHelp(
            "Directory of the cache. Default: HF_HUB_CACHE, else $HF_HOME/hub, else "
                + "~/.cache/huggingface/hub.", valueName: "dir"))
    var cache: String?
    @Flag(help: "One JSON object on standard output.") var json = false
    @Flag(help: "No progress.") var quiet = false

    private struct Report: Encodable {
        let model: String
        let revision: String
        let commit: String?
        let directory: String
        let files: Int
        let bytes: Int
        let bytesFetched: Int
        let seconds: Double
    }

    func run() async throws {
        let model = try model()
        let settings = try HubSettings(cache: cache)
        let began = monotonicMilliseconds()
        let display = PullDisplay(isQuiet: quiet)
        let pull = ModelPull(model, settings, agent: "sounder/\(softwareVersion)")
        let outcome: Result<PulledModel, HubError>
        do throws(HubError) { outcome = .success(try await pull.run(display.show)) } catch {
            outcome = .failure(error)
        }
        display.finish()
        let pulled = try outcome.get()
        guard json else { return Terminal.output(pulled.directory) }
        try Terminal.outputJSON(
            Report(
                model: model.id, revision: model.revision ?? "main", commit: pulled.commit,
                directory: pulled.directory, files: pulled.files, bytes: pulled.bytes,
                bytesFetched: pulled.bytesFetched,
                seconds: Double(monotonicMilliseconds() - began) / 1_000))
    }

    private func model() throws(HubError) -> ModelName {
        let model = try ModelName(name)
        guard let revision else { return model }
        if let other = model.revision, other != revision {
            throw .badName(name, reason: "--revision says \(revision)")
        }
        return try model.at(revision)
    }
}

extension HubError {
    /// What a command that cannot have its model ends with.
    var fault: Fault {
        let code: Fault.Code =
            switch self {
            case .badName: .usage
            case .badSetting: .configuration
            case .noDirectory, .notInCache, .notFound, .unreadable: .input
            case .offline, .unreachable: .unavailable
            case .notAllowed: .forbidden
            case .busy, .failing, .interrupted, .locked: .temporary
            case .malformed, .differs, .unsuitable: .data
            case .noRoom, .unwritable: .output
            case .cancelled: .cancelled
            }
        return Fault(code, description)
    }
}
