// `sounder estimate train sppmi`.

import ArgumentParser
import Protocol
import Tensors
import WordVectors

struct EstimateSPPMICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sppmi", abstract: "Estimate `train sppmi` with the same options.",
        discussion: """
            Looks at 8 MB spread over the corpus, counts their pairs, and decomposes their
            matrix without power iterations. All processes are taken to be on machines
            like this one.

            Example:
              sounder estimate train sppmi --input corpus.txt --dim 200 --workers 4
            """)

    @OptionGroup(title: "Corpus") var corpus: CorpusOptions
    @OptionGroup(title: "Model") var model: SPPMIOptions
    @OptionGroup(title: "Cluster") var place: TrainingPlace

    func run() throws {
        var spec = TrainSPPMI(files: [])
        model.apply(to: &spec)
        let job = spec
        let estimate = try Estimation(corpus, place).look(isDeterministic: false) { files in
            var spec = job
            spec.files = files
            return spec.complaint
        } _: { look in
            try PairEstimate(look, job, workers: place.workers, threads: place.threads)
        }
        try estimate.show(asJSON: place.json)
    }
}

extension PairEstimate {
    /// - Parameter threads: of the one worker that decomposes.
    init(
        _ look: Estimation.Look, _ spec: TrainSPPMI, workers: Int, threads: Int?
    ) throws {
        let (begun, sample, counting) = try Self.beginning(
            look,
            CooccurrenceSettings(
                window: spec.window, memoryBytes: spec.memoryMebibytes << 20),
            minimumCount: spec.minimumCount, vocabularyMax: spec.vocabularyMax,
            dimension: spec.dimension, workers: workers)
        self = begun
        let alone = threads ?? max(1, look.threads / workers)
        let speed = try SPPMICalibration(spec, sample, threads: alone)
        let rows = Double(vocabulary)
        let cells = (pairs * speed.cellsPerPair).rounded()
        self.cells = cells
        let vectors = rows * Double(4 * ((spec.dimension + 15) / 16 * 16))
        let products = rows * Double(4 * ((spec.dimension + 10 + 15) / 16 * 16))
        bytesSent += vectors
        bytesReceived = counting.pairBytes
        add(
            training: 8 * cells + 40 * rows + counting.pairBytes + 2 * products + vectors,
            reducing: counting.pairBytes + 2 * vectors,
            seconds: pairs / speed.pairsPerSecond
                + TruncatedSVD.work(
                    entries: cells, rows: rows, rank: spec.dimension, iterations: spec.iterations)
                / speed.workPerSecond)
    }
}

/// How fast this machine makes a matrix of pairs and decomposes it.
private struct SPPMICalibration {
    let cellsPerPair: Double
    let pairsPerSecond: Double
    let workPerSecond: Double

    init(_ spec: TrainSPPMI, _ sample: PairSample, threads: Int) throws {
        var settings = SPPMISettings()
        settings.dimension = spec.dimension
        settings.negative = spec.negative
        settings.contextPower = spec.contextPower
        settings.seed = spec.seed
        settings.iterations = 0
        let table = sample.file.table
        var made: SparseMatrix?
        pairsPerSecond = try speed(over: Double(table.pairs)) {
            made = try SPPMI.matrix(table, settings: settings)
        }
        guard let matrix = made else { throw Fault(.internalError, "no matrix was made") }
        cellsPerPair = Double(matrix.entries) / Double(max(table.pairs, 1))
        let work = TruncatedSVD.work(on: matrix, rank: spec.dimension, iterations: 0)
        workPerSecond = max(
            1,
            try speed(over: work) {
                _ = try SPPMI.vectors(of: matrix, settings: settings, threads: threads)
            })
    }
}
