// Everything that a seed decides before the first event: the cluster, its work, what goes wrong.

public import Cluster

public enum Disaster: String, Sendable, CaseIterable {
    case killWorker, killMany, bearWorker, drainWorker, pauseWorker, cutWorker, swizzle
    case resetLink, flap, slowWorker, killCoordinator, losePower, pauseCoordinator, slowDisk
    case loseFiles, disturbClient
}

/// Shares are in thousandths, times in milliseconds.
public struct Options: Sendable {
    public var seed: UInt64
    public var policy = Policy()

    // The cluster and its work
    public var workers = 4
    /// Whether the scheduler is asked for contradictions all the time.
    public var looksInside = true
    public var slotsMax = 1
    public var clients = 2
    public var roundsMax = 4
    public var blocksMax = 24
    public var blockMilliseconds = 60
    /// Units take so much more or less than their blocks say, in percent.
    public var jitterPercent = 50
    public var someKnowOneKind = false
    public var hasPoison = false

    // Time
    public var faultyUntil = 20_000
    public var driftPPM = 0
    public var commitMax = 2
    public var planMax = 50
    public var bornWithin = 500
    /// What the coordinator's loop needs for one message.
    public var letterMicroseconds = 0

    // The network
    public var lossShare = 0
    public var duplicateShare = 0
    public var replayShare = 0
    public var delayMin = 1
    public var delayMax = 5
    public var spikeShare = 0
    public var reorders = false
    public var reconnectMax = 1_000
    public var queueMax = 256

    // Processes
    public var disasterEvery = 0
    public var disasters: [Disaster] = []
    public var restartMax = 5_000
    /// Whether somebody starts a new worker for one that died.
    public var replacesDead = true
    public var failShare = 0
    public var hangShare = 0
    public var wrongShare = 0
    public var fetchFailShare = 0
    public var slowShare = 0
    public var slowness = 10
    public var cancelShare = 0
    public var retryShare = 0
    /// Of the reductions, so many are followed by a checkpoint.
    public var checkpointShare = 1_000

    /// A cluster in which nothing goes wrong.
    public init(calm seed: UInt64) {
        self.seed = seed
        faultyUntil = 0
    }

    /// Whatever the seed says.
    public init(seed: UInt64) {
        self.seed = seed
        var chance = Chance(seed: seed ^ 0x5EED)
        drawWork(&chance)
        drawPolicy(&chance)
        drawNetwork(&chance)
        drawProcesses(&chance)
    }

    private mutating func drawWork(_ chance: inout Chance) {
        workers = chance.oneIn(20) ? chance.between(20, 80) : chance.between(1, 8)
        slotsMax = chance.oneIn(3) ? chance.between(2, 4) : 1
        clients = chance.between(1, workers > 10 ? 6 : 4)
        roundsMax = chance.between(1, 6)
        blocksMax = chance.pick([4, 12, 30, workers > 10 ? 300 : 60])
        blockMilliseconds = chance.pick([5, 20, 60, 150])
        someKnowOneKind = chance.oneIn(4)
        hasPoison = chance.oneIn(12)
        faultyUntil = chance.between(5, 40) * 1_000
    }

    private mutating func drawPolicy(_ chance: inout Chance) {
        policy.heartbeatMilliseconds = chance.pick([250, 1_000, 1_000, 3_000])
        policy.livenessMilliseconds = policy.heartbeatMilliseconds * chance.between(3, 6)
        policy.leaseMilliseconds = chance.pick([4_000, 8_000, 30_000])
        // Where it is small, a job may fail; the checker asks that it had reason to.
        policy.attemptsMax = hasPoison || chance.oneIn(4) ? 4 : 100_000
        policy.lossesMax = hasPoison || chance.oneIn(4) ? 16 : 100_000
        policy.lossesBeforeSplit = chance.between(1, 4)
        policy.backupMilliseconds = chance.pick([100, 2_000])
        policy.backupShareMax = chance.pick([0, 0.1, 1])
        policy.backupDoneShare = chance.pick([0, 0.75])
        policy.retryBackoffMilliseconds = chance.pick([50, 500])
        policy.retryBackoffMaxMilliseconds = chance.pick([1_000, 5_000])
        policy.jobsRunningMax = chance.between(1, 4)
        policy.unfetchedPerSlotMax = chance.between(1, 3)
        policy.stallMilliseconds = chance.pick([500, 2_000])
    }

    private mutating func drawNetwork(_ chance: inout Chance) {
        lossShare = chance.oneIn(2) ? chance.skewed(300) : 0
        duplicateShare = chance.oneIn(2) ? chance.skewed(300) : 0
        replayShare = chance.oneIn(2) ? chance.skewed(500) : 0
        delayMin = chance.pick([0, 1, 10, 100])
        delayMax = delayMin + chance.pick([1, 10, 200, 600])
        spikeShare = chance.oneIn(3) ? chance.below(20) : 0
        reorders = chance.oneIn(3)
        reconnectMax = chance.pick([100, 1_000, 6_000])
        queueMax = chance.oneIn(6) ? 8 : 256
    }

    private mutating func drawProcesses(_ chance: inout Chance) {
        driftPPM = chance.pick([0, 200, 10_000])
        commitMax = chance.pick([0, 5, 60])
        planMax = chance.pick([5, 200, 2_000])
        disasterEvery = chance.pick([300, 1_500, 5_000])
        disasters = Disaster.allCases.filter { _ in chance.oneIn(2) }
        if disasters.isEmpty { disasters = [.killWorker] }
        restartMax = chance.pick([200, 3_000, 10_000])
        failShare = chance.oneIn(2) ? chance.skewed(200) : 0
        hangShare = chance.oneIn(3) ? chance.skewed(60) : 0
        wrongShare = chance.oneIn(3) ? chance.skewed(100) : 0
        fetchFailShare = chance.oneIn(2) ? chance.skewed(150) : 0
        slowShare = chance.oneIn(3) ? chance.skewed(400) : 0
        cancelShare = chance.oneIn(3) ? chance.below(500) : 0
        retryShare = chance.oneIn(3) ? 500 : 0
        checkpointShare = chance.pick([0, 300, 1_000])
    }
}

extension Options: CustomStringConvertible {
    public var description: String {
        """
        seed \(seed): \(workers) workers with up to \(slotsMax) slots, \(clients) clients, jobs of \
        up to \(roundsMax) rounds and \(blocksMax) blocks of \(blockMilliseconds) ms\
        \(someKnowOneKind ? ", some workers know one kind" : "")\(hasPoison ? ", poison" : "")
          faulty until \(faultyUntil), drift \(driftPPM) ppm, commits \(commitMax), plans \
        \(planMax), restarts \(restartMax) ms, checkpoints \(checkpointShare)
          policy: heartbeat \(policy.heartbeatMilliseconds), liveness \
        \(policy.livenessMilliseconds), lease \(policy.leaseMilliseconds), stall \
        \(policy.stallMilliseconds), backoff \(policy.retryBackoffMilliseconds) to \
        \(policy.retryBackoffMaxMilliseconds) ms, \(policy.attemptsMax) attempts, \
        \(policy.lossesMax) losses, split after \(policy.lossesBeforeSplit), backups \
        \(policy.backupShareMax) from \(policy.backupDoneShare), \
        \(policy.jobsRunningMax) jobs at once, \(policy.unfetchedPerSlotMax) unfetched
          network: loss \(lossShare), duplicates \(duplicateShare), replay \(replayShare), \
        spikes \(spikeShare) per mille, delay \(delayMin) to \(delayMax), reconnect \
        \(reconnectMax) ms, queues of \(queueMax)\(reorders ? ", reordering" : "")
          units: fail \(failShare), hang \(hangShare), wrong \(wrongShare), fetch fails \
        \(fetchFailShare), slow workers \(slowShare), cancel \(cancelShare), retry \
        \(retryShare) per mille
          every \(disasterEvery) ms one of \(disasters.map(\.rawValue).joined(separator: ", "))
        """
    }
}
