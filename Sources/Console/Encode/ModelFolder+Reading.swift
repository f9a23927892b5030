// The files of a model's folder that an encoder reads.

import Glibc
import Hub
import Models
import Protocol
import Transport

extension ModelFolder {
    /// The folder at `place`, else the snapshot of the model of that name in the cache.
    init(named place: String) throws(Fault) {
        // What is there but no folder is told as such.
        if access(place, F_OK) == 0 {
            try self.init(reading: place)
            return
        }
        let folder: String
        do throws(HubError) { folder = try ModelLocation.resolve(place) } catch {
            throw error.fault
        }
        try self.init(reading: folder)
    }

    /// The files that the vectors depend on, and no others: so what else is in the folder makes no
    /// other model of it.
    ///
    /// - Throws: a `Fault` with code `input` if it is not the folder of a model.
    init(reading path: String) throws(Fault) {
        guard let resolved = realpath(path, nil) else {
            let reason = String(cString: strerror(errno))
            throw Fault(.input, "cannot read the model \(path): \(reason); name its folder")
        }
        defer { free(resolved) }
        let folder = String(cString: resolved)
        var status = stat()
        guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw Fault(.input, "the model \(path) is not a folder; name the one with config.json")
        }
        guard stat("\(folder)/config.json", &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Fault(
                .input,
                "\(path) has no config.json; name a model's folder, with *.safetensors and "
                    + "tokenizer.json in it")
        }
        let names: [String]
        do throws(ModelError) { names = try FolderContents.names(in: folder) } catch {
            throw Fault(model: error)
        }
        var entries: [Entry] = []
        for name in names {
            entries.append(Entry(name: name, file: try InputFile(reading: "\(folder)/\(name)")))
        }
        self.init(path: folder, entries: entries)
    }
}
