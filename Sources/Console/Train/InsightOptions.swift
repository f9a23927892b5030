// What a training job is to tell of itself besides its vectors.

import ArgumentParser
import Files
import Protocol

struct InsightOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A page about the run, with plots, as one file.", valueName: "file"))
    var report: String?
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Words whose neighbours are looked up about 20 times during training.",
            valueName: "word"))
    var probe: [String] = []
    @OptionGroup var questions: QualityOptions

    /// Finds out before the training whether the page can be written.
    func checkReport() throws(Fault) {
        guard let report else { return }
        do throws(FileError) {
            // Taken away again by its own end, since it is not committed.
            _ = try AtomicFile(path: report)
        } catch { throw Fault(.output, "\(error)") }
    }

    func write(_ page: TrainingPage) throws(Fault) {
        guard let report else { return }
        do throws(FileError) {
            let file = try AtomicFile(path: report)
            try file.write(page.html)
            try file.commit()
        } catch { throw Fault(.output, "\(error)") }
    }
}
