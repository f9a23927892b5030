// Where workers listen for each other beside a coordinator's Unix socket, and what dead ones left.

import Glibc

extension Address {
    private static let peerMark = ".peer-"
    /// A worker that starts now may have made its file and not listen yet.
    private static let leftAfterSeconds = 60

    /// Where a worker that came to this Unix socket can be reached by others; nil elsewhere, and
    /// where the path would be too long.
    public func peer(of process: Int32) -> Address? {
        guard case .ipc = place else { return nil }
        return try? beside(port: 0, suffix: Self.peerMark + "\(process)")
    }

    /// Removes the socket files of workers that were killed: nobody listens there any more.
    public func removeLeftPeers() {
        guard case .ipc(let path) = place, let slash = path.lastIndex(of: "/") else { return }
        let folder = String(path[..<slash])
        let prefix = path[path.index(after: slash)...] + Self.peerMark
        for entry in entries(of: folder) where entry.hasPrefix(prefix) {
            let file = "\(folder)/\(entry)"
            var status = stat()
            guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK,
                status.st_mtim.tv_sec < time(nil) - Self.leftAfterSeconds,
                !UnixSocket.isListening(file)
            else { continue }
            unlink(file)
        }
    }

    /// The socket file of an address that this process has listened at goes with it.
    func removeOwnSocket() {
        if case .ipc(let path) = place { unlink(path) }
    }
}
