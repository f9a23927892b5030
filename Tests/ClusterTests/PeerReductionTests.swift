// Reductions that workers share, as messages and as the scheduler sees them.

import Cluster
import Protocol
import Testing

@Suite("Shared reductions")
struct PeerReductionTests {
    private static let encoding = EncodeWords(
        corpus: Sample.corpus, partition: 1, partitions: 3, seed: .max,
        vocabulary: Sample.payload("v"))
    private static let exchange = Exchange(
        shards: 3, key: "secret", steps: Sample.payload("s"), stepsPrefix: "j/work/4/step")

    private static func training(_ exchange: Exchange?) -> UnitTask {
        .trainWords(
            TrainWordsUnit(
                encoding: encoding, settings: TrainWords(files: []), round: 4, rounds: 9,
                model: "m", rowsDue: 10, rowsDueBefore: 5, step: nil, whole: nil,
                exchange: exchange))
    }

    private static let reducing = UnitTask.reduceWords(
        ReduceWordsUnit(
            encoding: encoding, settings: TrainWords(files: []), round: 4, rounds: 9, model: "m",
            rowsDue: 10, workers: 3, shard: 2, exchange: exchange, sources: Sample.payload("p"),
            former: "m/4/j/7/2/1.1", whole: nil, velocities: nil))

    private static func pieces(_ parts: Int, first: Int = 0) -> ShardPieces {
        var pieces = ShardPieces(
            endpoint: PeerEndpoint(address: "tcp://10.0.0.1:7000", key: "k"), prefix: "m/4/u",
            first: first)
        for part in 0..<parts {
            pieces.add(
                input: PayloadReference(id: "", size: part, checksum: .max - UInt64(part)),
                output: PayloadReference(id: "", size: 2 * part, checksum: 7))
        }
        return pieces
    }

    @Test("units travel unchanged, and their kinds say who can run them")
    func units() throws {
        let unit = WorkUnitID(job: "j", round: 8, index: 2)
        let lease = Lease(epoch: 1, attempt: 1, token: .max)
        for task in [Self.training(nil), Self.training(Self.exchange), Self.reducing] {
            let message = Message(.assign(Assign(unit: unit, lease: lease, task: task)))
            let back = try Codec.decode(try Codec.encode(message))
            #expect(back.header == message.header)
        }
        #expect(Self.training(nil).kind == "train-words")
        #expect(Self.training(Self.exchange).kind == UnitTask.sharedTrainingKind)
        #expect(Self.training(nil).outputsCount == 2)
        #expect(Self.training(Self.exchange).outputsCount == 1)
        #expect(Self.reducing.kind == UnitTask.reductionKind && Self.reducing.outputsCount == 5)
    }

    @Test("pieces are found by their part, and those that cannot be are refused")
    func pieces() {
        let all = Self.pieces(3)
        #expect(all.complaint(shards: 3) == nil)
        #expect(all.complaint(shards: 4) != nil)
        let source = all.source(of: 2)
        #expect(
            source.input == PayloadReference(id: "m/4/u/input/2", size: 2, checksum: .max - 2))
        #expect(source.output == PayloadReference(id: "m/4/u/output/2", size: 4, checksum: 7))
        let one = Self.pieces(1, first: 5)
        #expect(one.complaint(first: 5, shards: 1) == nil)
        #expect(one.complaint(first: 4, shards: 1) != nil)
        #expect(one.source(of: 5).input.id == "m/4/u/input/5")
        var large = Self.pieces(2)
        large.add(
            input: PayloadReference(id: "", size: Limits.payloadBytesMax + 1, checksum: 1),
            output: Sample.payload(""))
        #expect(large.complaint(shards: 3) != nil)
        let long = ShardPieces(
            endpoint: PeerEndpoint(address: "a", key: nil),
            prefix: String(repeating: "p", count: 190))
        #expect(long.complaint(shards: 0) != nil)
    }

    @Test("units of reductions are no work of their own, so progress stands still for them")
    func progress() {
        var stage = Stage()
        stage.join("a", "b")
        stage.start(Sample.round([10, 30], stage: "training", count: 2))
        for given in stage.last.assigned { stage.happens(given.finished()) }
        let reducing = Sample.round([0, 0], stage: "training", count: 2)
        stage.happens(.roundPlanned("j", reducing, measures: [:]))
        #expect(stage.status()?.progress == Progress(done: 40, total: 80))
        for given in stage.last.assigned { stage.happens(given.finished()) }
        let next = Sample.round([10, 30], stage: "training", index: 1, count: 2)
        stage.happens(.roundPlanned("j", next, measures: [:]))
        #expect(stage.status()?.progress == Progress(done: 40, total: 80))
    }

    @Test("slots are counted by what workers run, without those that leave")
    func slots() {
        var stage = Stage()
        stage.join("a")
        for worker in ["b", "c"] as [WorkerID] {
            stage.happens(
                .workerJoined(
                    worker,
                    Sample.capabilities(slots: 2, kinds: ["count-words", UnitTask.reductionKind])))
        }
        #expect(stage.scheduler.slots(running: UnitTask.reductionKind) == 4)
        stage.happens(.workerDraining("c"))
        #expect(stage.scheduler.slots(running: UnitTask.reductionKind) == 2)
        #expect(stage.scheduler.slots(running: "count-words") == 3)
    }
}
