// Rotary position embeddings (Su et al. 2021): queries and keys are turned by their positions.

import CKernels
import Glibc

struct Rotary: Sendable {
    /// Angle of each pair from one position to the next.
    let frequencies: [Float]
    /// What cosines and sines are multiplied with.
    var sharpness: Float = 1
    /// Whether neighbours pair, as in GPT-J, rather than the halves.
    var pairsNeighbours = false

    /// Cosines and sines [tokens, pairs] of the positions of the longest document.
    struct Angles {
        let cosines: UnsafeMutablePointer<Float>
        let sines: UnsafeMutablePointer<Float>
    }

    /// - cosines, sines: two slots of the workspace that nothing else uses meanwhile.
    func angles(
        _ batch: TokenBatch, _ cosines: Workspace.Slot, _ sines: Workspace.Slot,
        _ workspace: Workspace
    ) throws(ModelError) -> Angles {
        let longest = batch.longest
        let angles = Angles(
            cosines: try workspace.floats(cosines, longest * frequencies.count),
            sines: try workspace.floats(sines, longest * frequencies.count))
        var place = 0
        for position in 0..<longest {
            for frequency in frequencies {
                let angle = Float(position) * frequency
                angles.cosines[place] = cosf(angle) * sharpness
                angles.sines[place] = sinf(angle) * sharpness
                place += 1
            }
        }
        return angles
    }

    /// Turns the queries and keys that stand in front of each row of `projections`.
    func turn(
        _ projections: UnsafeMutablePointer<Float>, _ batch: TokenBatch, _ heads: AttentionHeads,
        by angles: Angles
    ) {
        let stride = heads.projectionWidth
        for tokens in batch.documents {
            dense_rotate(
                projections + tokens.lowerBound * stride, tokens.count,
                heads.count + heads.keyCount, heads.width, stride, 2 * frequencies.count,
                angles.cosines, angles.sines, pairsNeighbours ? 1 : 0)
        }
    }
}
