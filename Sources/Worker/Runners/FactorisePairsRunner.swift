// Makes vectors of a table of pairs: mutual information, and its decomposition.

import Protocol
import Tensors
import Transport
import WordVectors

final class FactorisePairsRunner: UnitRunner {
    static let kind = "factorise-pairs"
    private let bulk: BulkExchange
    private let threads: Int

    init(bulk: BulkExchange, threads: Int) {
        self.bulk = bulk
        self.threads = threads
    }

    func run(_ assignment: Assign, control: RunControl) throws(Fault) -> UnitOutcome {
        guard case .factorisePairs(let task) = assignment.task else { throw assignment.misplaced }
        if let complaint = task.settings.settingsComplaint { throw Fault(.data, complaint) }
        do {
            let began = monotonicMilliseconds()
            let frame = try pairs(of: task, control)
            let progress = WorkProgress()
            let matrix = try matrix(of: task, frame, progress, control)
            let built = monotonicMilliseconds()
            let work = TruncatedSVD.work(
                on: matrix, rank: task.settings.dimension, iterations: task.settings.iterations)
            control.follow(
                total: Double(progress.done) + work, done: { Double(progress.done) },
                halt: { progress.stop() })
            let made = try SPPMI.vectors(
                of: matrix, settings: SPPMISettings(task.settings), threads: threads,
                progress: progress)
            try control.check()
            guard let (vectors, squareSum) = made else {
                throw Fault(.cancelled, "the unit was revoked")
            }
            let bytes = UnsafeRawBufferPointer(start: vectors.base, count: vectors.byteCount)
            let output = bulk.offer(
                id: assignment.outputPrefix + "/vectors",
                frame: Frame(bytes) { _ in withExtendedLifetime(vectors) {} }, checksum: nil)
            return UnitOutcome(
                outputs: [output],
                measures: [
                    "cells": Double(matrix.entries), "squareSum": squareSum,
                    "matrixSeconds": Double(built - began) / 1_000,
                    "bytesSent": Double(vectors.byteCount), "bytesReceived": Double(frame.count),
                ])
        } catch { throw Fault(running: error) }
    }

    private func pairs(of task: FactorisePairs, _ control: RunControl) throws(Fault) -> Frame {
        let arrivals = Arrivals()
        control.follow(
            total: Double(task.pairs.size), done: { Double(arrivals.bytes) }, halt: {})
        let frame = try bulk.fetch(
            task.pairs, from: .coordinator, deadlineSeconds: 3_600, arrivals: arrivals)
        try control.check()
        return frame
    }

    private func matrix(
        of task: FactorisePairs, _ frame: Frame, _ progress: WorkProgress, _ control: RunControl
    ) throws -> SparseMatrix {
        let settings = SPPMISettings(task.settings)
        let read = frame.withUnsafeBytes { bytes in
            Result {
                let table = try CooccurrenceTable(bytes)
                guard table.vocabulary == task.vocabulary, table.parts == 1 else {
                    throw Fault(.data, "the pairs are of another vocabulary")
                }
                // Read three times; the decomposition comes after it.
                control.follow(
                    total: 6 * Double(table.pairs), done: { Double(progress.done) },
                    halt: { progress.stop() })
                return try SPPMI.matrix(table, settings: settings, progress: progress)
            }
        }
        try control.check()
        return try read.get()
    }
}

extension SPPMISettings {
    fileprivate init(_ spec: TrainSPPMI) {
        self.init()
        dimension = spec.dimension
        negative = spec.negative
        contextPower = spec.contextPower
        eigenvalueWeight = spec.eigenvalueWeight
        iterations = spec.iterations
        seed = spec.seed
    }
}
