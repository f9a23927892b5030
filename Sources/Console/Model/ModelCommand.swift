// `sounder model`: what can be done with models before they encode anything.

import ArgumentParser

struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Get models from a hub.",
        discussion: "Example:\n  sounder model pull sentence-transformers/all-MiniLM-L6-v2",
        subcommands: [ModelPullCommand.self])
}
