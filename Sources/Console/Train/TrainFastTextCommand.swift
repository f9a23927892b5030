// `sounder train fasttext`: vectors of words made of the vectors of their n-grams.

public import ArgumentParser
public import Protocol

struct TrainFastTextCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fasttext",
        abstract: "Train vectors of words and of their character n-grams.",
        discussion: """
            A word's vector is the mean of its own and those of its n-grams (Bojanowski
            et al. 2017), so that words which the corpus has not have vectors, too:
            write a .bin and ask `sounder vector` or `sounder neighbours` for them.
            fastText and gensim load it.

            Examples:
              sounder train fasttext --input corpus.txt --output model.bin
              sounder train fasttext --input corpus.txt --output vectors.vec \\
                  --architecture cbow --minn 2 --maxn 5 --buckets 500000
            """)

    @OptionGroup(title: "Corpus and output") var files: TrainingFiles
    @OptionGroup(title: "Corpus and output") var layers: LayerOptions
    @OptionGroup(title: "Corpus and output") var growth: GrowthOptions
    @OptionGroup(title: "Model") var options: WindowOptions
    @OptionGroup(title: "Subwords") var subwords: SubwordOptions
    @OptionGroup(title: "Insight") var insight: InsightOptions
    @OptionGroup(title: "Cluster") var place: TrainingPlace
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        Interrupts.begin()
        let run = try TrainingRun(
            files, layers, growth, insight, place, cluster, hasSubwords: true)
        try await run.train("fastText") {
            options.apply(to: &$0)
            subwords.apply(to: &$0)
        }
    }
}

struct SubwordOptions: ParsableArguments {
    @Option(help: "skip-gram or cbow.")
    var architecture = TrainWords.Architecture.skipGram
    @Option(help: "Characters of an n-gram, at least.")
    var minn = 3
    @Option(help: "Characters of an n-gram, at most.")
    var maxn = 6
    @Option(help: "N-grams share the vectors of so many buckets.")
    var buckets = 2_000_000

    func apply(to spec: inout TrainWords) {
        spec.architecture = architecture
        var settings = TrainWords.Subwords()
        settings.minimumLength = minn
        settings.maximumLength = maxn
        settings.buckets = buckets
        spec.subwords = settings
    }
}

extension TrainWords.Architecture: ExpressibleByArgument {}
extension TrainWords.Loss: ExpressibleByArgument {}
extension TrainWords.Reduction: ExpressibleByArgument {}
extension TrainWords.Deltas: ExpressibleByArgument {}
