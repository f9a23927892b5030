// Fan-out of questions: who is asked, what counts, and what happens at the deadline.

import Cluster
import Protocol
import Testing

@Suite("Search broker")
struct SearchBrokerTests {
    private static let names = (0..<4).map { WorkerID("w\($0)") }
    private static let model = ModelSource(
        folder: ModelFolder(path: "/m", entries: []), identity: "", digests: [])

    /// A broker with workers, and the effects of what was told to it last.
    private struct Desk {
        var broker = SearchBroker(livenessMilliseconds: 5_000)
        var effects = SearchEffects()
        var now = Moment(milliseconds: 1_000)

        init(workers: Int) {
            for name in SearchBrokerTests.names.prefix(workers) {
                broker.joined(name, at: now, into: &effects)
            }
        }

        mutating func ask(
            _ ticket: UInt64, shards: Int = 4, deadline: Int = 1_000, partial: Bool = false,
            replicas: Int = 2, ofPairs: Bool = false
        ) -> [SearchEffects.Request] {
            effects = SearchEffects()
            let file = IndexFile(name: "s", bytes: 1, sha256: String(repeating: "0", count: 64))
            let search = Search(
                index: IndexShards(
                    path: "/index", common: [], shards: Array(repeating: [file], count: shards)),
                top: 3, deadlineMilliseconds: deadline, allowsPartial: partial, replicas: replicas,
                model: ofPairs ? SearchBrokerTests.model : nil)
            broker.asked(search, ticket: ticket, at: now, into: &effects)
            return effects.requests
        }

        /// The worker answers with one hit a shard, whose score is the shard's number.
        mutating func answer(_ request: SearchEffects.Request, fault: Fault? = nil) {
            effects = SearchEffects()
            let hits =
                fault != nil
                ? []
                : request.shards.sorted(by: >).map {
                    Hit(score: Float($0), shard: UInt32($0), passage: 0, id: "d\($0)")
                }
            let scored = Scored(
                ticket: request.ticket, shards: request.shards, microseconds: 10, fault: fault)
            broker.scored(scored, hits, by: request.worker, at: now, into: &effects)
        }

        mutating func join(_ worker: WorkerID) { broker.joined(worker, at: now, into: &effects) }

        mutating func comeBack(_ worker: WorkerID) {
            effects = SearchEffects()
            broker.returned(worker, at: now, into: &effects)
        }

        mutating func leave(_ worker: WorkerID) { broker.left(worker, at: now, into: &effects) }

        /// Workers that are `alive` are heard all the while.
        mutating func wait(_ milliseconds: Int, alive: [WorkerID] = SearchBrokerTests.names) {
            effects = SearchEffects()
            for _ in 0..<max(milliseconds / 10, 1) {
                now = now + 10
                for name in alive { broker.heard(name, at: now) }
                broker.tick(at: now, into: &effects)
            }
        }

        var outcome: SearchEffects.Outcome? { effects.answers.first?.outcome }
    }

    @Test("every shard is asked once, and the best hits of all come back in order")
    func merged() {
        var desk = Desk(workers: 2)
        let requests = desk.ask(7)
        #expect(requests.flatMap(\.shards).sorted() == [0, 1, 2, 3])
        #expect(Set(requests.map(\.worker)).count == 2)
        for request in requests { desk.answer(request) }
        guard case .found(let hits, let missing, let slowest) = desk.outcome else {
            Issue.record("\(String(describing: desk.outcome))")
            return
        }
        #expect(hits.map(\.id) == ["d3", "d2", "d1"])
        #expect(missing.isEmpty)
        #expect(slowest == 10)
        #expect(desk.broker.underWay == 0)
    }

    @Test("what a frozen worker owes is asked of the replica, and others go first from then on")
    func frozen() {
        var desk = Desk(workers: 4)
        for ticket in 1...5 { for request in desk.ask(UInt64(ticket)) { desk.answer(request) } }
        let requests = desk.ask(10)
        let frozen = requests[0]
        for request in requests.dropFirst() { desk.answer(request) }
        desk.wait(30)
        #expect(desk.effects.requests.flatMap(\.shards) == frozen.shards)
        #expect(desk.effects.requests.allSatisfy { $0.worker != frozen.worker })
        for request in desk.effects.requests { desk.answer(request) }
        #expect(desk.outcome != nil)
        // One question shows it that we are still there; the others leave it alone.
        let probed = desk.ask(11)
        #expect(probed.count { $0.worker == frozen.worker } == 1)
        #expect(Set(probed.filter { $0.worker != frozen.worker }.flatMap(\.shards)).count == 4)
        #expect(desk.ask(12).allSatisfy { $0.worker != frozen.worker })
        desk.answer(frozen)
        #expect(desk.ask(13).contains { $0.worker == frozen.worker })
    }

    /// Three workers that hold everything: the first is late after 20 ms, the second after 120.
    private func desk() -> (desk: Desk, requests: [SearchEffects.Request]) {
        var desk = Desk(workers: 3)
        for ticket in 1...5 {
            let requests = desk.ask(UInt64(ticket), shards: 24, replicas: 3)
            for request in requests where request.worker != Self.names[1] { desk.answer(request) }
            desk.wait(40)
            for request in requests where request.worker == Self.names[1] { desk.answer(request) }
        }
        let requests = desk.ask(10, shards: 24, replicas: 3)
        for request in requests where request.worker == Self.names[2] { desk.answer(request) }
        return (desk, requests)
    }

    @Test("who owes shards of a question gets no more time by another shard of it")
    func debts() throws {
        var (desk, requests) = desk()
        desk.wait(30)
        let hedges = desk.effects.requests
        try #require(hedges.contains { $0.worker == Self.names[1] })
        for request in hedges where request.worker == Self.names[2] { desk.answer(request) }
        desk.wait(100)
        let owed = try #require(requests.first { $0.worker == Self.names[1] }).shards
        #expect(Set(desk.effects.requests.flatMap(\.shards)).isSuperset(of: owed))
    }

    @Test("who answers some of the shards that it owes still owes the others")
    func partialAnswers() throws {
        var (desk, requests) = desk()
        desk.wait(30)
        let hedges = desk.effects.requests
        let hedge = try #require(hedges.first { $0.worker == Self.names[1] })
        for request in hedges where request.worker == Self.names[2] { desk.answer(request) }
        desk.answer(try #require(requests.first { $0.worker == Self.names[1] }))
        desk.wait(200)
        #expect(Set(desk.effects.requests.flatMap(\.shards)).isSuperset(of: hedge.shards))
    }

    @Test("what a worker owes is asked again when its connection is made anew, and nothing else")
    func reconnected() throws {
        var desk = Desk(workers: 2)
        let requests = desk.ask(7, deadline: 1_000)
        let done = try #require(requests.first)
        let owed = try #require(requests.last)
        desk.answer(done)
        desk.wait(20)
        desk.comeBack(done.worker)
        #expect(desk.effects.requests.isEmpty)
        desk.comeBack(owed.worker)
        let again = try #require(desk.effects.requests.first)
        #expect(desk.effects.requests.count == 1)
        #expect(again.worker == owed.worker && again.shards == owed.shards)
        #expect(again.milliseconds == 980)
        desk.answer(again)
        #expect(desk.outcome != nil)
    }

    @Test("who is quick with segments is not late with pairs, and the other way about")
    func efforts() {
        var desk = Desk(workers: 2)
        for ticket in 1...5 { for request in desk.ask(UInt64(ticket)) { desk.answer(request) } }
        let first = desk.ask(10, deadline: 60_000, ofPairs: true)
        desk.wait(1_500)
        #expect(desk.effects.requests.isEmpty)
        for request in first { desk.answer(request) }
        // Three times 1.5 s is what a model may take from now on, and segments no more than before.
        let pairs = desk.ask(11, deadline: 60_000, ofPairs: true)
        desk.wait(4_000)
        #expect(desk.effects.requests.isEmpty)
        desk.wait(600)
        #expect(!desk.effects.requests.isEmpty)
        for request in pairs { desk.answer(request) }
        _ = desk.ask(12)
        desk.wait(30)
        #expect(!desk.effects.requests.isEmpty)
    }

    @Test("an answer that comes twice counts once")
    func twice() {
        var desk = Desk(workers: 2)
        let requests = desk.ask(1)
        desk.answer(requests[0])
        desk.answer(requests[0])
        #expect(desk.outcome == nil)
        desk.answer(requests[1])
        guard case .found(let hits, _, _) = desk.outcome else {
            Issue.record("no answer")
            return
        }
        #expect(Set(hits.map(\.shard)).count == 3)
    }

    @Test(
        "at the deadline it is an error that names the silent, or what is there if that is wanted")
    func deadline() {
        var desk = Desk(workers: 2)
        var requests = desk.ask(1, deadline: 200, replicas: 1)
        desk.answer(requests[0])
        desk.wait(200)
        guard case .failed(let fault) = desk.outcome else {
            Issue.record("no error")
            return
        }
        #expect(fault.message.contains(requests[1].worker.text))
        #expect(fault.message.contains("200 ms"))
        requests = desk.ask(2, deadline: 200, partial: true, replicas: 1)
        let answered = requests.first { $0.shards.count < 4 } ?? requests[0]
        desk.answer(answered)
        desk.wait(200)
        guard case .found(_, let missing, _) = desk.outcome else {
            Issue.record("nothing is found")
            return
        }
        #expect(missing == (0..<4).filter { !answered.shards.contains($0) })
    }

    @Test("a lost worker's shards are asked of who is left, without waiting")
    func lost() {
        var desk = Desk(workers: 3)
        let requests = desk.ask(1, replicas: 2)
        for request in requests.dropFirst() { desk.answer(request) }
        desk.effects = SearchEffects()
        desk.leave(requests[0].worker)
        #expect(desk.effects.requests.flatMap(\.shards) == requests[0].shards)
        #expect(desk.ask(2).flatMap(\.shards).sorted() == [0, 1, 2, 3])
    }

    @Test("a worker that joins has its share of the shards from then on")
    func joining() {
        var desk = Desk(workers: 1)
        #expect(Set(desk.ask(1, replicas: 1).map(\.worker)).count == 1)
        desk.join(Self.names[1])
        #expect(Set(desk.ask(2, replicas: 1).map(\.worker)).count == 2)
        desk.leave(Self.names[0])
        #expect(desk.ask(3, replicas: 1).map(\.worker) == [Self.names[1]])
    }

    @Test("a shard that one worker cannot read is asked of another, and refused if nobody can")
    func unreadable() {
        var desk = Desk(workers: 2)
        let broken = Fault(.data, "segment s is damaged")
        let first = desk.ask(1)[0]
        desk.answer(first, fault: broken)
        #expect(desk.effects.requests.map(\.shards) == [first.shards])
        let second = desk.effects.requests[0]
        desk.answer(second, fault: broken)
        #expect(desk.outcome == .failed(broken))
    }

    @Test("52: without workers, and when too many ask, it is said at once")
    func refused() {
        var desk = Desk(workers: 0)
        #expect(desk.ask(1).isEmpty)
        guard case .failed(let fault) = desk.outcome else {
            Issue.record("no error")
            return
        }
        #expect(fault.code == .unavailable)
        #expect(!fault.isUnacquainted, "its client would greet anew and ask again, without a word")
        desk = Desk(workers: 1)
        for ticket in 0..<UInt64(Limits.searchesMax) { _ = desk.ask(ticket) }
        _ = desk.ask(UInt64(Limits.searchesMax))
        #expect(desk.broker.underWay == Limits.searchesMax)
        #expect(desk.outcome != nil)
    }

    @Test(
        "whatever workers do, a question is answered once, in time, and whole unless it is partial")
    func seeds() {
        for seed in UInt64(0)..<300 {
            var random = SeededGenerator(seed: seed)
            var desk = Desk(workers: 4)
            var flying: [(at: Moment, SearchEffects.Request)] = []
            var answers: [UInt64: Int] = [:]
            var asked: [UInt64: (until: Moment, partial: Bool)] = [:]
            func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &random) }
            func settle() {
                for request in desk.effects.requests where roll(10) > 0 {
                    flying.append((desk.now + roll(20) * roll(20), request))
                }
                for answer in desk.effects.answers {
                    answers[answer.ticket, default: 0] += 1
                    guard let question = asked[answer.ticket] else { continue }
                    #expect(desk.now - question.until <= 10, "seed \(seed)")
                    if case .found(let hits, let missing, _) = answer.outcome {
                        #expect(missing.isEmpty || question.partial, "seed \(seed)")
                        #expect(hits.count == min(3, 4 - missing.count), "seed \(seed)")
                    }
                }
                desk.effects = SearchEffects()
            }
            for step in 0..<200 {
                if step < 150, roll(3) == 0 {
                    let partial = roll(2) == 0
                    asked[UInt64(step)] = (desk.now + 100, partial)
                    _ = desk.ask(UInt64(step), deadline: 100, partial: partial)
                    settle()
                }
                let name = Self.names[roll(4)]
                if roll(20) == 0 { desk.leave(name) }
                settle()
                if roll(10) == 0 { desk.join(name) }
                settle()
                desk.wait(10, alive: Self.names)
                settle()
                for (index, item) in flying.enumerated().reversed() where item.at <= desk.now {
                    flying.remove(at: index)
                    let fault = roll(10) == 0 ? Fault(.data, "broken") : nil
                    desk.answer(item.1, fault: fault)
                    settle()
                }
            }
            #expect(answers.count == asked.count, "seed \(seed)")
            #expect(answers.values.allSatisfy { $0 == 1 }, "seed \(seed)")
            #expect(desk.broker.underWay == 0, "seed \(seed)")
        }
    }
}
