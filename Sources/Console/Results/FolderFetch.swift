// Fetches the folder of a finished job: files first, each with its digest, the manifest last.

import Client
import Digests
import Files
import FoundationEssentials
import Glibc
import Protocol
import Transport

struct FolderFetch {
    let bulk: BulkExchange
    /// Those that were dealt with before; one more ends the fetch.
    private let interrupts = Interrupts.received
    private static let deadlineSeconds = 600.0
    private static let rangeBytes = 16 << 20

    init(_ destination: Destination, context: Context) throws {
        let name = "fetch-\(UInt32.random(in: 0...UInt32.max))"
        bulk = try BulkExchange(
            connectingTo: destination.address.bulk(), as: WorkerID(name), role: .client,
            context: context, softwareVersion: softwareVersion, keys: destination.keys)
    }

    /// Fetches and writes while `cluster`, if it is the job's own, lives, until an interrupt.
    ///
    /// - Parameters:
    ///   - overwrites: whether another result may be replaced.
    func save<Manifest: FolderManifest>(
        _ status: JobStatus, to destination: FolderDestination<Manifest>, overwrites: Bool = true,
        from cluster: LocalCluster? = nil
    ) async throws -> Manifest {
        let beside = cluster.map { "\($0.directory)/state/results/\(status.job)" }
        let written = try await attended(cluster, interrupts: interrupts) {
            try await withTaskCancellationHandler {
                try await onOwnThread("fetch") {
                    try write(status, to: destination, overwrites: overwrites, beside: beside)
                }
            } onCancel: {
                // Whatever is being fetched fails, so that nobody waits for it.
                bulk.stop()
            }
        }
        guard let written else { throw Self.interruption(of: destination) }
        return written
    }

    private static func interruption<Manifest>(
        of destination: FolderDestination<Manifest>
    ) -> Fault {
        Fault(
            .cancelled,
            "interrupted; \(destination.path) is not complete, and has no \(Manifest.fileName)")
    }

    /// - Parameters:
    ///   - overwrites: whether another result may be replaced.
    ///   - beside: where the coordinator keeps the files, if they are about to go with it: then
    ///     they need not be copied.
    private func write<Manifest: FolderManifest>(
        _ status: JobStatus, to destination: FolderDestination<Manifest>, overwrites: Bool,
        beside: String?
    ) throws -> Manifest {
        defer { withExtendedLifetime(destination) {} }
        guard let output = status.outputs.first(where: { $0.name == Manifest.fileName }) else {
            throw Fault(
                .payloadMissing,
                "job \(status.job) has no \(Manifest.noun); it may not be finished")
        }
        let bytes = try bulk.fetch(
            output.payload, from: .coordinator, deadlineSeconds: Self.deadlineSeconds
        ).bytes
        let manifest: Manifest
        do { manifest = try JSONDecoder().decode(Manifest.self, from: Data(bytes)) } catch {
            throw Fault(.data, "the manifest of job \(status.job) cannot be read: \(error)")
        }
        if let there = destination.manifest, there != manifest {
            guard overwrites else {
                throw Fault(
                    .output,
                    "\(destination.path) holds another \(Manifest.noun); name another "
                        + "--output, or pass --overwrite")
            }
            destination.removeManifest()
        }
        for file in manifest.resultFiles {
            guard Interrupts.received == interrupts else {
                throw Self.interruption(of: destination)
            }
            guard file.name.utf8.allSatisfy({ $0 != 0x2f && $0 != 0 }), !file.name.hasPrefix(".")
            else { throw Fault(.data, "the manifest names the file \(file.name.debugDescription)") }
            let path = "\(destination.path)/\(file.name)"
            if Self.isThere(file, at: path) { continue }
            if let beside, Self.adopt("\(beside)/\(file.name)", file, as: path) { continue }
            try fetch(file, of: status.job, to: path)
        }
        destination.removeOthers(than: manifest)
        do throws(FileError) {
            let file = try AtomicFile(path: "\(destination.path)/\(Manifest.fileName)")
            try file.write(bytes)
            try file.commit()
        } catch { throw Fault(.output, "\(error)") }
        return manifest
    }

    /// Whether the file was fetched before.
    private static func isThere(_ file: CollectionManifest.File, at path: String) -> Bool {
        guard let there = try? MappedFile(path: path), there.bytes.count == file.bytes else {
            return false
        }
        var sum = SHA256Stream()
        sum.add(there.bytes)
        return sum.digest == file.sha256
    }

    /// Gives a file of a coordinator that goes away a second name; false if that cannot be done.
    private static func adopt(
        _ source: String, _ file: CollectionManifest.File, as path: String
    ) -> Bool {
        var status = stat()
        guard stat(source, &status) == 0, Int(status.st_size) == file.bytes else { return false }
        let folder = String(decoding: path.utf8.dropLast(file.name.utf8.count), as: UTF8.self)
        let temporary = "\(folder).\(file.name).\(UInt32.random(in: 0...UInt32.max)).partial"
        guard link(source, temporary) == 0 else { return false }
        let descriptor = open(temporary, O_RDONLY | O_CLOEXEC)
        if descriptor >= 0 {
            // Its coordinator had no reason to wait for the disk.
            fsync(descriptor)
            close(descriptor)
        }
        if rename(temporary, path) == 0 { return true }
        unlink(temporary)
        return false
    }

    private func fetch(
        _ file: CollectionManifest.File, of job: JobID, to path: String
    ) throws {
        do {
            let target = try AtomicFile(path: path)
            var sum = SHA256Stream()
            while target.byteCount < file.bytes {
                let frame = try bulk.fetchRange(
                    id: "\(job)/result/\(file.name)", offset: target.byteCount,
                    length: min(Self.rangeBytes, file.bytes - target.byteCount),
                    from: .coordinator, deadlineSeconds: Self.deadlineSeconds)
                try frame.withUnsafeBytes { bytes in
                    sum.add(bytes)
                    try target.write(bytes)
                }
            }
            guard sum.digest == file.sha256 else {
                throw Fault(
                    .data,
                    "\(file.name) of job \(job) does not have the digest that its manifest "
                        + "names; fetch it again")
            }
            try target.commit()
        } catch let error as FileError { throw Fault(.output, "\(error)") }
    }
}
