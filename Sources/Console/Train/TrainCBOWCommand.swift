// `sounder train cbow`: continuous bag of words, from text to a file of vectors.

import ArgumentParser
import Protocol

struct TrainCBOWCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cbow",
        abstract: "Train vectors by continuous bag of words.",
        discussion: """
            The mean of the words around a place predicts the word in it (Mikolov et al.
            2013). Quicker than sgns; frequent words gain, rare ones lose.

            Examples:
              sounder train cbow --input corpus.txt --output vectors.bin
              sounder train cbow --input corpus.txt --output vectors.txt \\
                  --loss hierarchical-softmax --workers 2 --threads 1
            """)

    @OptionGroup(title: "Corpus and output") var files: TrainingFiles
    @OptionGroup(title: "Corpus and output") var layers: LayerOptions
    @OptionGroup(title: "Corpus and output") var growth: GrowthOptions
    @OptionGroup(title: "Model") var options: WindowOptions
    @OptionGroup(title: "Insight") var insight: InsightOptions
    @OptionGroup(title: "Cluster") var place: TrainingPlace
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        Interrupts.begin()
        let run = try TrainingRun(files, layers, growth, insight, place, cluster)
        try await run.train("continuous bag of words") {
            options.apply(to: &$0)
            $0.architecture = .cbow
        }
    }
}
