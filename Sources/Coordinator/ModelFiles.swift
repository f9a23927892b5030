// The model of a job as the coordinator serves it: checked, named by its content, offered.

import Digests
import Glibc
import Protocol
import Transport

struct ModelFiles {
    let job: JobID
    let payloads: PayloadTable
    private static let blockBytes = 1 << 20

    /// - Throws: a `Fault` naming the first file that is missing, unreadable or changed.
    func open(_ folder: ModelFolder) throws(Fault) -> ModelSource {
        var digests: [String] = []
        let id = "\(job)/model"
        for (index, entry) in folder.entries.enumerated() {
            let now = try InputFile(reading: entry.file.path)
            guard now == entry.file else {
                throw Fault(
                    .input,
                    "\(folder.path)/\(entry.name) has changed since the job was "
                        + "submitted; submit it again")
            }
            try payloads.bulk.offer(
                id: "\(id)/\(index)", file: now.path, size: now.size, staysOpen: false)
            digests.append(try Self.digest(of: now))
        }
        let identity = FolderIdentity.sum(
            Array(zip(folder.entries.map(\.name), digests)).map { ($0.0, $0.1) })
        return ModelSource(
            folder: folder, identity: identity, digests: digests, id: id)
    }

    private static func digest(of file: InputFile) throws(Fault) -> String {
        let descriptor = Glibc.open(file.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw Fault(.input, "cannot read \(file.path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: blockBytes, alignment: 16)
        defer { block.deallocate() }
        var sum = SHA256Stream()
        var count = 0
        while true {
            let got = read(descriptor, block.baseAddress, block.count)
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else {
                throw Fault(.input, "cannot read \(file.path): \(String(cString: strerror(errno)))")
            }
            if got == 0 { break }
            count += got
            sum.add(UnsafeRawBufferPointer(rebasing: block[..<got]))
        }
        guard count == file.size, try InputFile(reading: file.path) == file else {
            throw Fault(.input, "\(file.path) changed while it was read; submit the job again")
        }
        return sum.digest
    }
}
