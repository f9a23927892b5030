// `sounder train`: one subcommand per model of the word-vector family.

import ArgumentParser

struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Train word vectors.",
        discussion: "Example:\n  sounder train sgns --input corpus.txt --output vectors.bin",
        subcommands: [
            TrainSkipGramCommand.self, TrainCBOWCommand.self, TrainFastTextCommand.self,
            TrainGloVeCommand.self, TrainSPPMICommand.self,
        ])
}
