// A connection to the online plane of a cluster, and the cluster itself where it is the search's.

import Client
import Protocol
import Transport

final class SearchSession: Sendable {
    private let client: ClusterClient
    private let local: LocalCluster?
    /// How long workers may take to say that they are there, in a cluster of our own and in others.
    private static let patienceSeconds = (own: 15.0, standing: 3.0)

    private init(client: ClusterClient, local: LocalCluster?) {
        self.client = client
        self.local = local
    }

    static func open(
        _ options: ClusterOptions, workers: Int, threads: Int?
    ) async throws -> SearchSession {
        if let destination = try options.destination() { return try open(to: destination) }
        let context = try Context()
        let local = try LocalCluster(
            LocalCluster.Size(
                workers: workers, threads: threads ?? max(1, processorCount() / workers)))
        // It is there once it answers.
        let control = try await local.client(awaiting: workers, context: context)
        control.close()
        return SearchSession(client: try connection(to: local.destination, context), local: local)
    }

    static func open(to destination: Destination) throws -> SearchSession {
        SearchSession(client: try connection(to: destination, try Context()), local: nil)
    }

    private static func connection(
        to destination: Destination, _ context: Context
    ) throws -> ClusterClient {
        try ClusterClient(
            try destination.address.search(), plane: .search,
            name: "search-\(UInt32.random(in: 0...UInt32.max))", context: context,
            softwareVersion: softwareVersion, keys: destination.keys)
    }

    /// Says within five seconds if nobody answers.
    func welcome() async throws(Fault) { _ = try await client.welcome() }

    struct Heard: Sendable {
        let hits: [Hit]
        let found: Found
        /// From the question to this answer, without what was waited for workers.
        let milliseconds: Double
    }

    /// Asks until the user interrupts.
    func search(_ search: Search, _ question: Frame) async throws -> Heard {
        let answer = try await attended(nil) { try await self.ask(search, question) }
        guard let answer else { throw Fault(.cancelled, "interrupted") }
        return answer
    }

    /// Workers that were just started, or whose coordinator was, may not have said that they are
    /// there.
    private func ask(_ search: Search, _ question: Frame) async throws -> Heard {
        let patience = local == nil ? Self.patienceSeconds.standing : Self.patienceSeconds.own
        let until = monotonicMilliseconds() + Int64(patience * 1_000)
        while true {
            let began = monotonicSeconds()
            do throws(Fault) {
                let (hits, found) = try await client.search(search, question)
                let milliseconds = (monotonicSeconds() - began) * 1_000
                return Heard(hits: hits, found: found, milliseconds: milliseconds)
            } catch {
                guard error.code == .unavailable, error.retryable,
                    monotonicMilliseconds() < until, Interrupts.received == 0
                else { throw error }
            }
            try local?.watch()
            // A cluster of one's own is about to be there; others have other clients, too.
            try await Task.sleep(for: .milliseconds(local == nil ? 200 : 20))
        }
    }

    func close() {
        client.close()
        local?.stop(graceSeconds: 2)
    }
}
