// `sounder index delete`, `compact`, `info` and `verify`: an index that is there.

import ArgumentParser
import Files
import Protocol
import Retrieval
import Transport

struct IndexDeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete passages by their ids.",
        discussion: """
            They are not found any more from now on; `sounder index compact` gives their
            space back. Ids that are not there are counted and passed over.

            Examples:
              sounder index delete --index docs.index 4983 5836
              sounder index delete --index docs.index --ids gone.txt
            """)

    @Option(help: ArgumentHelp("Directory of the index.", valueName: "dir"))
    var index: String
    @Argument var id: [String] = []
    @Option(help: ArgumentHelp("File of ids, one a line.", valueName: "file"))
    var ids: String?
    @Flag(help: "One JSON object on standard output.")
    var json = false

    private struct Report: Encodable {
        let deleted: Int
        let unknown: Int
        let passages: Int
    }

    func run() throws {
        // By their bytes: strings are equal whatever their normalisation.
        var wanted = Set(id.map { Array($0.utf8) })
        if let ids {
            do throws(FileError) {
                let file = try MappedFile(path: ids)
                withExtendedLifetime(file) {
                    for line in file.bytes.split(separator: 0x0a) {
                        wanted.insert(Array(line.last == 0x0d ? line.dropLast() : line))
                    }
                }
            } catch { throw Fault(.input, "\(error)") }
        }
        guard !wanted.isEmpty else {
            throw Fault(.usage, "no id is named; give some, or pass --ids FILE")
        }
        let deleted: Int
        let left: Int
        do throws(IndexError) {
            let directory = try IndexDirectory.open(index, forWriting: true) { ManifestDigest() }
            deleted = try directory.delete(wanted.map { String(decoding: $0, as: UTF8.self) })
            left = directory.manifest.passages
        } catch { throw Fault(index: error) }
        try show(deleted, wanted.count - deleted, left)
    }

    private func show(_ deleted: Int, _ unknown: Int, _ passages: Int) throws(Fault) {
        if json {
            return try Terminal.outputJSON(
                Report(deleted: deleted, unknown: unknown, passages: passages))
        }
        Terminal.say(
            "deleted \(deleted) passages"
                + (unknown > 0 ? "; \(unknown) ids are not in the index" : "")
                + "; \(Double(passages).grouped) are left")
    }
}

struct IndexCompactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Make one segment of all, without what was deleted.",
        discussion: """
            Example:
              sounder index compact --index docs.index
            """)

    @Option(help: ArgumentHelp("Directory of the index.", valueName: "dir"))
    var index: String

    func run() throws {
        do throws(IndexError) {
            let directory = try IndexDirectory.open(index, forWriting: true) { ManifestDigest() }
            let before = directory.manifest.files.reduce(0) { $0 + $1.bytes }
            try directory.compactAll(threads: processorCount())
            let after = directory.manifest.files.reduce(0) { $0 + $1.bytes }
            Terminal.say(
                "\(directory.manifest.segments.count) segments, "
                    + "\(Double(directory.manifest.passages).grouped) passages, "
                    + "\((Double(after) / 1e6).fixed(1)) MB (before: "
                    + "\((Double(before) / 1e6).fixed(1)) MB)")
        } catch { throw Fault(index: error) }
    }
}

struct IndexInfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Say what an index holds.",
        discussion: """
            Of each field that --metadata-field kept: its name, its type, and how many
            passages have a value.

            Examples:
              sounder index info --index docs.index
              sounder index info --index docs.index --json
            """)

    @Option(help: ArgumentHelp("Directory of the index.", valueName: "dir"))
    var index: String
    @Flag(help: "The manifest on standard output.")
    var json = false

    func run() throws {
        let manifest: IndexManifest
        do throws(IndexError) {
            manifest = try IndexDirectory.open(index) { ManifestDigest() }.manifest
        } catch { throw Fault(index: error) }
        if json { return try Terminal.outputJSON(manifest) }
        let bytes = manifest.files.reduce(0) { $0 + $1.bytes }
        let deleted = manifest.segments.reduce(0) { $0 + $1.deleted }
        for (name, value) in [
            ("model", "\(manifest.model.name) (\(manifest.model.sha256.prefix(12)))"),
            ("passages", "\(Double(manifest.passages).grouped), \(deleted) deleted"),
            (
                "tokens",
                "\(Double(manifest.tokens).grouped) of \(manifest.dimension) × "
                    + manifest.form.rawValue
            ),
            ("segments", "\(manifest.segments.count)"),
            ("size", "\((Double(bytes) / 1e6).fixed(1)) MB"),
        ] { Terminal.output("\(name)\t\(value)") }
        for field in manifest.fields ?? [] {
            Terminal.output(
                "field\t\(field.name)\t\(field.type.rawValue)\t\(Double(field.passages).grouped)")
        }
        for (name, value) in manifest.model.settings.sorted(by: { $0.key < $1.key }) {
            Terminal.output("\(name)\t\(value)")
        }
    }
}

struct IndexVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read an index and compare it with the digests of its manifest.",
        discussion: """
            Example:
              sounder index verify --index docs.index
            """)

    @Option(help: ArgumentHelp("Directory of the index.", valueName: "dir"))
    var index: String

    func run() throws {
        do throws(IndexError) {
            let directory = try IndexDirectory.open(index) { ManifestDigest() }
            try directory.verify()
            Terminal.say(
                "\(index) is sound: \(directory.manifest.segments.count) segments, "
                    + "\(Double(directory.manifest.passages).grouped) passages")
        } catch { throw Fault(index: error) }
    }
}
