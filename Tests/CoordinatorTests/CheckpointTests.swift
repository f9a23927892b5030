// Parameters on disk, taken up again by another life of the coordinator.

@testable import Coordinator
import Logging
import Protocol
import Tensors
import TestSupport
import Testing
import Transport

@Suite struct CheckpointTests {
    private func matrix(rows: Int, _ first: Float) throws -> Matrix {
        let matrix = try Matrix(rows: rows, columns: 5)
        for index in 0..<rows * matrix.stride where index % matrix.stride < 5 {
            matrix.base[index] = first + Float(index)
        }
        return matrix
    }

    /// As many rows as n-grams make of inputs, and as a tree makes of outputs.
    @Test(
        "parameters come back, whether inputs and outputs have as many rows or not",
        arguments: [(7, 7), (30, 7), (7, 6)], [0.0, 0.75])
    func shapes(_ rows: (Int, Int), _ momentum: Double) throws {
        let scratch = try Scratch()
        let directory = JobDirectory(
            job: JobID("j"), path: scratch.path("j"), isDurable: true,
            logger: Logger(label: "test"))
        let average = try ModelAverage(
            beginning: matrix(rows: rows.0, 1), matrix(rows: rows.1, -9), momentum: momentum)
        var checkpoints = ModelCheckpoints(directory: directory)
        try checkpoints.save(
            average, CheckpointMark(model: "m", round: 3, momentum: momentum, columns: 5))
        var others = ModelCheckpoints(directory: directory)
        let loaded = others.load(of: "m")
        let (found, mark) = try #require(loaded)
        #expect(mark.round == 3 && mark.momentum == momentum)
        for (a, b) in [
            (found.input.parameters, average.input.parameters),
            (found.output.parameters, average.output.parameters),
            (found.input.velocity, average.input.velocity),
            (found.output.velocity, average.output.velocity),
        ] {
            #expect(a.rows == b.rows && a.stride == b.stride)
            #expect((0..<a.rows * a.stride).allSatisfy { a.base[$0] == b.base[$0] })
        }
    }

    @Test("a checkpoint of a model that was begun anew does not hide the newer model's")
    func ofOneModel() throws {
        let scratch = try Scratch()
        let directory = JobDirectory(
            job: JobID("j"), path: scratch.path("j"), isDurable: true,
            logger: Logger(label: "test"))
        let average = try ModelAverage(
            beginning: matrix(rows: 7, 1), matrix(rows: 7, -9), momentum: 0.5)
        var checkpoints = ModelCheckpoints(directory: directory)
        for (model, round) in [("old", 9), ("new", 2)] {
            try checkpoints.save(
                average, CheckpointMark(model: model, round: round, momentum: 0.5, columns: 5))
        }
        var others = ModelCheckpoints(directory: directory)
        let loaded = others.load(of: "new")
        #expect(loaded?.mark.round == 2)
        let none = others.load(of: "none")
        #expect(none?.mark.round == nil)
    }
}
