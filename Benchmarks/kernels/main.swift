// Times skip-gram training on an encoded corpus and scores the vectors on analogies.
//
// usage: kernel-bench IDS COUNTS THREADS EPOCHS ALPHA DIM [QUESTIONS]
// IDS: Int32 stream, -1 after each sentence; COUNTS: lines "word count" in order of ids;
// QUESTIONS: Int32 ids a b c d of analogies, all below 30,000.

import CKernels
import Foundation
import Tensors
import WordVectors

func integers(_ path: String) throws -> [Int32] {
    try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped).withUnsafeBytes {
        Array($0.bindMemory(to: Int32.self))
    }
}

/// Share of analogies whose 3CosAdd answer (Levy and Goldberg 2014) among the first 30,000 is right.
func accuracy(_ vectors: Matrix, questions: [Int32]) throws -> Double {
    let rows = min(30_000, vectors.rows)
    let unit = try Matrix(rows: rows, columns: vectors.columns)
    for row in 0..<rows {
        unit.row(row).update(from: vectors.row(row), count: vectors.columns)
        _ = kernel_normalise_row(unit.row(row), vectors.columns)
    }
    let query = try Matrix(rows: 1, columns: vectors.columns)
    var scores = [Float](repeating: 0, count: rows)
    var right = 0
    for question in stride(from: 0, to: questions.count - 3, by: 4) {
        let (a, b, c) = (questions[question], questions[question + 1], questions[question + 2])
        for column in 0..<vectors.columns {
            query.base[column] =
                unit.row(Int(b))[column] - unit.row(Int(a))[column] + unit.row(Int(c))[column]
        }
        kernel_scores_f32(
            query.base, 1, query.stride, unit.base, rows, unit.stride, unit.columns, &scores)
        for word in [a, b, c] { scores[Int(word)] = -.infinity }
        if let best = scores.max(), scores[Int(questions[question + 3])] == best { right += 1 }
    }
    return Double(right) / Double(questions.count / 4)
}

let arguments = CommandLine.arguments
guard arguments.count >= 7, let threads = Int(arguments[3]), let epochs = Int(arguments[4]),
    let alpha = Float(arguments[5]), let dim = Int(arguments[6])
else {
    FileHandle.standardError.write(
        Data("usage: kernel-bench IDS COUNTS THREADS EPOCHS ALPHA DIM [QUESTIONS]\n".utf8))
    exit(64)
}
let ids = try integers(arguments[1])
let counts = try String(contentsOfFile: arguments[2], encoding: .utf8).split(separator: "\n")
    .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
let settings = try WordTrainingSettings(dim: dim, alpha: alpha)
let trainer = try WordTrainer(settings: settings, counts: counts)
let parameters = try WordParameters(
    settings: settings, vocabulary: counts.count, threads: threads)
print("\(String(cString: kernels_isa_name())), \(threads) threads, \(counts.count) words")
try ids.withUnsafeBufferPointer { ids in
    for epoch in 0..<epochs {
        let slices = WordTrainer.slices(of: 0..<ids.count, in: ids, count: threads)
        let (begin, end) = (Double(epoch) / Double(epochs), Double(epoch + 1) / Double(epochs))
        let summary = try trainer.train(
            parameters, ids: ids, slices: slices, progress: begin...end, stream: UInt64(epoch))
        print(
            "epoch \(epoch): \(Int(summary.wordsPerSecond / 1000)) k words/s, "
                + "\(summary.trainedTokens) trained, loss \(summary.loss ?? 0)")
    }
}
if arguments.count > 7 {
    let share = try accuracy(parameters.input, questions: integers(arguments[7]))
    print("analogies \((share * 10000).rounded() / 100) %")
}
