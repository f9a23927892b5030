// From what a training goes on, and what it leaves for a later one.

import ArgumentParser
import Files
import Protocol
import Transport
import WordJobs

struct GrowthOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Go on from the checkpoint of an earlier training: its words stay, new ones join.",
            valueName: "file"))
    var continueFrom: String?
    @Option(
        help: ArgumentHelp(
            "Where a checkpoint goes: all that a later training needs to go on.",
            valueName: "file"))
    var checkpoint: String?

    /// Finds out before the training whether the checkpoint can be written.
    func checkWriting() throws(Fault) {
        guard let checkpoint else { return }
        do throws(FileError) {
            // Taken away again by its own end, since it is not committed.
            _ = try AtomicFile(path: checkpoint)
        } catch { throw Fault(.output, "\(error)") }
    }

    /// Lets the job go on from the checkpoint, once that is found sound and of the same model.
    func apply(to spec: inout TrainWords) throws(Fault) {
        if spec.loss == .hierarchicalSoftmax, checkpoint != nil {
            throw Fault(
                .usage,
                "with --loss hierarchical-softmax a vocabulary cannot grow, because its tree "
                    + "would be another one; leave out --checkpoint")
        }
        guard let path = continueFrom else { return }
        spec.checkpoint = try InputFile(reading: path)
        let earlier = try reading { try WordCheckpoint(path: path) }
        if let complaint = earlier.complaint(spec) { throw Fault(.usage, complaint) }
    }
}
