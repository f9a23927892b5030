// Asks a running cluster about an index of synthetic passages: a number a line, an answer a line.

import Client
import FoundationEssentials
import Glibc
import Protocol
import Retrieval
import Tensors
import Transport

private struct Reply: Encodable {
    let question: Int
    /// Client, coordinator, and the slowest worker by its own clock.
    let milliseconds: Double
    let coordinatorMilliseconds: Double
    let slowestMilliseconds: Double
    /// Rank of the passage that the question was made of, from 1; nil if it is not there.
    let rank: Int?
    let hits: Int
}

/// Lines of standard input are numbers of questions; `open N` only has the shards opened.
func ask(index path: String, address: String, seed: UInt64) async throws {
    let manifest = try IndexManifest.read("\(path)/\(IndexManifest.fileName)")
    let tokens = try SyntheticTokens(seed: seed)
    let client = try ClusterClient(
        try Address(address).search(), plane: .search, name: "bench-\(getpid())",
        context: try Context(), softwareVersion: softwareVersion)
    defer { client.close() }
    _ = try await client.welcome()
    let shards = manifest.shards(at: path)
    while let line = readLine() {
        let words = line.split(separator: " ")
        guard let number = words.last.flatMap({ Int($0) }) else { continue }
        let draw = SplitMix.derive(seed ^ 0x3c3c, UInt64(number))
        let passage = Int(draw % UInt64(manifest.passages))
        var question = ShardQuery(.maxSim)
        question.dimension = SyntheticTokens.dimension
        question.vectors = try tokens.query(from: passage)
        if words.count > 1 {
            question.ids = ["p\(passage)"]
        } else {
            question.probes = 8
            // As `sounder search` shares them out.
            question.candidates = (3 * 512 / 2 + shards.shards.count - 1) / shards.shards.count
        }
        try await reply(number, "p\(passage)", question, shards, client)
    }
}

private func reply(
    _ number: Int, _ id: String, _ question: ShardQuery, _ shards: IndexShards,
    _ client: ClusterClient
) async throws {
    // One replica: a slow answer is not asked of another worker as well.
    let search = Search(
        index: shards, top: 10, deadlineMilliseconds: 60_000, replicas: 1)
    let body = Frame(try question.encoded())
    let began = monotonicSeconds()
    let (hits, found) = try await client.search(search, body)
    let spent = (monotonicSeconds() - began) * 1_000
    let answer = Reply(
        question: number, milliseconds: spent,
        coordinatorMilliseconds: Double(found.microseconds) / 1_000,
        slowestMilliseconds: Double(found.slowestMicroseconds) / 1_000,
        rank: hits.firstIndex { $0.id == id }.map { $0 + 1 }, hits: hits.count)
    print(String(decoding: try JSONEncoder().encode(answer), as: UTF8.self))
    fflush(nil)
}

extension IndexManifest {
    /// A segment is a shard.
    fileprivate func shards(at path: String) -> IndexShards {
        func file(_ entry: FileEntry) -> IndexFile {
            IndexFile(name: entry.file, bytes: entry.bytes, sha256: entry.sha256)
        }
        return IndexShards(
            path: path, common: [file(encoder)], shards: segments.map { [file($0.file)] })
    }
}
