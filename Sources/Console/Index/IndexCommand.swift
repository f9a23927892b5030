// `sounder index`: builds indexes for late interaction and words, and looks after them.

import ArgumentParser

struct IndexCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: "Build an index of documents, and look after it.",
        subcommands: [
            IndexBuildCommand.self, IndexAddCommand.self, IndexDeleteCommand.self,
            IndexCompactCommand.self, IndexInfoCommand.self, IndexVerifyCommand.self,
        ])
}
