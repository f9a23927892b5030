// Speed of MaxSim on random tokens, of filters, of BM25 on texts and of searches by one vector;
// runs over dumped token vectors; and a large index of synthetic passages with its questions.

import Files
import Glibc
import Retrieval
import Tensors

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "speed": try speed()
case "filters": try filters()
case "words" where arguments.count == 4:
    try words(documents: arguments[2], queries: arguments[3])
case "dense" where arguments.count > 5:
    try dense(
        rows: arguments[2], queries: arguments[3], output: arguments[4],
        probes: arguments[5...].compactMap { Int($0) })
case "runs" where arguments.count > 5:
    try runs(
        folder: arguments[2], output: arguments[3], threads: max(1, Int(arguments[4]) ?? 1),
        forms: Array(arguments[5...]))
case "collection" where arguments.count == 7:
    let numbers = arguments[3...].map { Int($0) ?? 1 }
    try collection(
        path: arguments[2], passages: numbers[0], segments: numbers[1], threads: numbers[2],
        seed: UInt64(numbers[3]))
case "ask" where arguments.count == 5:
    try await ask(index: arguments[2], address: arguments[3], seed: UInt64(arguments[4]) ?? 1)
case "bandwidth" where arguments.count == 3:
    bandwidth(threads: max(1, Int(arguments[2]) ?? 1))
default:
    print(
        "usage: LateInteractionBench speed | filters | words <documents> <queries> "
            + "| dense <vectors.npy> <queries.npy> <output> <probes> "
            + "| runs <tokens> <output> <threads> <forms> "
            + "| collection <directory> <passages> <segments> <threads> <seed> "
            + "| ask <index> <address> <seed> | bandwidth <threads>")
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let time = try clock.measure(body)
    return Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
}

/// The least of some repetitions.
func least(_ repetitions: Int, _ body: () throws -> Void) rethrows -> Double {
    var best = Double.infinity
    for _ in 0..<repetitions { best = min(best, try seconds(body)) }
    return best
}
