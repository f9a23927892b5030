// The worker's end of the online plane: questions in and hits out, on threads of their own.

import Logging
import Protocol
import Retrieval
import Synchronization
import Transport

/// Hears questions on one thread and answers them on another, so that the coordinator hears of
/// this worker however long an answer takes. What a model has to score waits for a third one.
final class SearchServer: Sendable {
    enum Event: Sendable {
        case answered(Message)
        case stop
    }

    private struct Question: Sendable {
        let score: Score
        let body: Frame
        let deadline: Int64
        private let end: ServerEnd

        init(_ score: Score, _ body: Frame, until end: ServerEnd) {
            self.score = score
            self.body = body
            self.end = end
            deadline = monotonicMilliseconds() + Int64(score.deadlineMilliseconds)
        }

        var isGivenUp: Bool { end.hasCome || deadline <= monotonicMilliseconds() }

        /// - Parameter work: gives nil where somebody else answers.
        /// - Returns: nil, too, where nobody waits for the answer any more.
        func answer(since began: Double, _ work: () throws(Fault) -> [Hit]?) -> Message? {
            if isGivenUp { return nil }
            var scored = Scored(ticket: score.ticket, shards: score.shards, microseconds: 0)
            var body: Frame?
            do throws(Fault) {
                guard let hits = try work() else { return nil }
                body = Hits.encode(hits)
            } catch {
                scored.fault = error
            }
            scored.microseconds = Int((monotonicSeconds() - began) * 1_000_000)
            return Message(.scored(scored), body: body)
        }
    }

    /// A question whose passages were read.
    private struct PairQuestion: Sendable {
        let question: Question
        let query: ShardQuery
        let passages: [ShardHit]
        let began: Double
    }

    private let end: ServerEnd
    private let events: Mailbox<Event>
    private let questions: Mailbox<Question?>
    private let link: OwnedThread
    private let scoring: OwnedThread
    private let pairing: OwnedThread

    /// - Parameters:
    ///   - makeScorer: called on the thread that alone uses it.
    ///   - makePairScorer: likewise.
    init(
        to address: Address, as name: WorkerID, keys: ClientKeys, context: Context, logger: Logger,
        makeScorer: @escaping @Sendable () -> ShardScorer,
        makePairScorer: @escaping @Sendable () -> PairScorer
    ) throws {
        let end = ServerEnd()
        self.end = end
        let events = try Mailbox<Event>()
        let questions = try Mailbox<Question?>()
        let pairs = try Mailbox<PairQuestion?>()
        self.events = events
        self.questions = questions
        let hello = Hello(
            softwareVersion: softwareVersion, role: .worker, name: name,
            capabilities: Capabilities(
                kinds: [], slots: 1, threads: 1, instructionSet: "", host: "", processID: 0))
        link = try OwnedThread(name: "search") {
            do throws(TransportError) {
                var loop = try SearchLink(address, hello, keys, context, events: events) {
                    questions.post(Question($0, $1, until: end))
                }
                while try loop.turn() {}
            } catch {
                logger.error("this worker answers no searches any more: \(error)")
            }
        }
        scoring = try OwnedThread(name: "scoring") {
            let scorer = makeScorer()
            Self.serve(questions) { question in
                let began = monotonicSeconds()
                let answer = question.answer(since: began) { () throws(Fault) in
                    switch try scorer.answer(question.score, question.body) {
                    case .hits(let hits): return hits
                    case .pairs(let query, let passages):
                        pairs.post(
                            PairQuestion(
                                question: question, query: query, passages: passages, began: began))
                        return nil
                    }
                }
                if let answer { events.post(.answered(answer)) }
            }
            pairs.post(nil)
        }
        pairing = try OwnedThread(name: "pairs") {
            let scorer = makePairScorer()
            Self.serve(pairs) { pair in
                let question = pair.question
                let answer = question.answer(since: pair.began) { () throws(Fault) in
                    try scorer.hits(
                        question.score, pair.query, pair.passages,
                        isGivenUp: { question.isGivenUp })
                }
                if let answer { events.post(.answered(answer)) }
            }
        }
    }

    /// Hands over what comes, until nil comes.
    private static func serve<Item: Sendable>(_ box: Mailbox<Item?>, _ work: (Item) -> Void) {
        while true {
            for item in box.next(timeoutMilliseconds: 1_000) {
                guard let item else { return }
                work(item)
            }
        }
    }

    /// What waits is left: nobody could get the answers any more.
    func stop() {
        end.come()
        events.post(.stop)
        questions.post(nil)
        link.join()
        scoring.join()
        pairing.join()
    }
}

/// Whether a server is told to end, for all who work for it.
private final class ServerEnd: Sendable {
    private let flag = Atomic<Bool>(false)

    var hasCome: Bool { flag.load(ordering: .relaxed) }

    func come() { flag.store(true, ordering: .relaxed) }
}
