// `sounder model`: what can be done with models before they encode anything.

import ArgumentParser

struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Get, look into and verify models.",
        discussion: "Example:\n  sounder model pull sentence-transformers/all-MiniLM-L6-v2",
        subcommands: [ModelPullCommand.self, ModelInfoCommand.self, ModelVerifyCommand.self])
}
