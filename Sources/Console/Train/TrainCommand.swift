// `sounder train`: one subcommand per model of the word-vector family.

import ArgumentParser

struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train word vectors.",
        subcommands: [TrainSkipGramCommand.self])
}
