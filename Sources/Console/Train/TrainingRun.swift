// One training job from its options to its files: the same for every model of the family.

import ArgumentParser
import Client
import Protocol
import Transport
import WordVectors

struct TrainingRun {
    let files: TrainingFiles
    let layers: LayerOptions
    let growth: GrowthOptions
    let insight: InsightOptions
    let place: TrainingPlace
    let cluster: ClusterOptions
    private let destination: VectorDestination
    private let outputDestination: VectorDestination?
    private let questions: QualityQuestions

    /// Finds out whether everything can be written and what is to be measured can be read.
    init(
        _ files: TrainingFiles, _ layers: LayerOptions, _ growth: GrowthOptions,
        _ insight: InsightOptions, _ place: TrainingPlace, _ cluster: ClusterOptions,
        hasSubwords: Bool = false
    ) throws {
        self.files = files
        self.layers = layers
        self.growth = growth
        self.insight = insight
        self.place = place
        self.cluster = cluster
        destination = try VectorDestination(
            files.output, format: files.format, hasSubwords: hasSubwords)
        outputDestination = try layers.outputDestination(
            beside: destination, format: files.format)
        try growth.checkWriting()
        try insight.checkReport()
        questions = try reading { try QualityQuestions(insight.questions) }
    }

    /// - Parameters:
    ///   - model: what is trained, for people.
    ///   - settings: sets what the model's own options say.
    func train(_ model: String, _ settings: (inout TrainWords) -> Void) async throws {
        let standardInput = try files.corpus.standardInput()
        defer { withExtendedLifetime(standardInput) {} }
        var spec = TrainWords(files: try files.corpus.resolve(standardInput))
        settings(&spec)
        try growth.apply(to: &spec)
        spec.keepsOutputs =
            layers.keepsOutputs || destination.format == .fastText || growth.checkpoint != nil
        if spec.loss == .hierarchicalSoftmax, layers.keepsOutputs {
            throw Fault(
                .usage,
                "with --loss hierarchical-softmax words have no output vectors; leave out "
                    + "--output-vectors and --vectors-of")
        }
        if !insight.probe.isEmpty { spec.probes = insight.probe }
        if let complaint = spec.complaint { throw Fault(.usage, complaint) }
        try VectorDestination.check(
            [destination] + (outputDestination.map { [$0] } ?? []),
            others: [growth.checkpoint, insight.report].compactMap { $0 },
            inputs: spec.files + (spec.checkpoint.map { [$0] } ?? []))
        let session = try await JobSession.open(cluster, place)
        defer { session.close() }
        if try cluster.destination() == nil && spec.partitions == 0 && !spec.deterministic {
            spec.partitions = place.workers
        }
        let status = try await session.run(
            .trainWords(spec), key: files.jobKey, isQuiet: place.quiet)
        let (table, history) = try await session.save(
            status, layers.vectorsOf, to: destination, outputs: outputDestination,
            checkpoint: growth.checkpoint)
        var report = TrainingReport(status, output: files.output)
        report.history = history.map(TrainingReport.History.init)
        if !insight.questions.isEmpty {
            report.quality = try reading { try WordQuality(of: table, questions) }
        }
        report.checkpoint = growth.checkpoint
        report.report = insight.report
        try insight.write(page(model, spec, report))
        try report.show(asJSON: place.json)
    }

    private func page(
        _ model: String, _ spec: TrainWords, _ report: TrainingReport
    ) -> TrainingPage {
        TrainingPage(
            title: "\(files.output): \(model)", figures: report.figures,
            settings: spec.rows + [("Vectors of", layers.vectorsOf.rawValue)],
            history: report.history?.history ?? TrainingHistory(),
            quality: report.quality?.rows ?? [])
    }
}

extension TrainWords {
    private static let filesShown = 5

    /// The settings as they were asked for, for people.
    var rows: [TrainingPage.Row] {
        let names = files.prefix(Self.filesShown).map(\.path).joined(separator: ", ")
        let more = files.count > Self.filesShown ? " and \(files.count - Self.filesShown) more" : ""
        let bytes = files.reduce(0.0) { $0 + Double($1.size) }
        var rows: [TrainingPage.Row] = [
            ("Corpus", names + more), ("Bytes of the corpus", bytes.grouped),
            ("Architecture", architecture.rawValue), ("Loss", loss.rawValue),
            ("Dimensions", "\(dimension)"), ("Window", "\(window)"), ("Negatives", "\(negative)"),
            ("Subsampling threshold", "\(sample)"), ("Least count of a word", "\(minimumCount)"),
            ("Epochs", "\(epochs)"), ("Learning rate at the start", "\(alpha)"),
            ("Seed", "\(seed)"), ("Deterministic", deterministic ? "yes" : "no"),
        ]
        if let subwords {
            rows.append(
                ("N-grams of characters", "\(subwords.minimumLength) to \(subwords.maximumLength)"))
            rows.append(("Buckets of n-grams", Double(subwords.buckets).grouped))
        }
        if let checkpoint { rows.append(("Goes on from", checkpoint.path)) }
        if vocabularyMax > 0 { rows.append(("Most words", Double(vocabularyMax).grouped)) }
        if momentum >= 0 { rows.append(("Outer momentum", "\(momentum)")) }
        if let deltas { rows.append(("Changes and steps", deltas.rawValue)) }
        if let reduction { rows.append(("Reduction", reduction.rawValue)) }
        if wordsPerRound > 0 { rows.append(("Words a round", Double(wordsPerRound).grouped)) }
        return rows
    }
}
