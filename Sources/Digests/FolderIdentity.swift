// What a folder of files is named by: its content.

public enum FolderIdentity {
    /// SHA-256 of a line for each file in the order of their names: digest, two spaces, name. It is
    /// what `sha256sum` of the folder's files prints, summed again.
    public static func sum(_ files: [(name: String, digest: String)]) -> String {
        var sum = SHA256Stream()
        for (name, digest) in files.sorted(by: { $0.name < $1.name }) {
            sum.add(Array("\(digest)  \(name)\n".utf8))
        }
        return sum.digest
    }
}
