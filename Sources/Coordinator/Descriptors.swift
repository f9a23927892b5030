// How many files and connections the system lets this process have open.

import Protocol
import Transport

enum Descriptors {
    /// For the journal, corpora, results and the messaging library itself.
    static let reserve = 96
    private static let least = 256
    private static let most = 65_536

    /// Raises the soft limit to the hard one.
    ///
    /// - Returns: descriptors that this process may have.
    /// - Throws: `.configuration` if they are too few to serve anybody: a listener without
    ///   descriptors uses a whole processor and accepts nobody.
    static func raiseLimit() throws(Fault) -> Int {
        guard let count = raiseDescriptorLimit(atMost: most) else { return least }
        guard count >= least else {
            throw Fault(
                .configuration,
                "this process may have \(count) files open, and a coordinator needs \(least) and "
                    + "two for each worker; raise the limit (ulimit -n)")
        }
        return min(count, most)
    }
}
