// From what a user calls a model to the directory of its files; never asks the network.

/// What every command that takes `--model` resolves it with.
public enum ModelLocation {
    /// An existing directory as it is, else the snapshot of `ORG/NAME` or `ORG/NAME@REVISION` in
    /// the cache (branch `main` unless told otherwise).
    /// - Throws: `.notInCache`, whose sentence tells how to fetch the model, or `.noDirectory`
    ///   where `place` can be nothing but a path.
    public static func resolve(
        _ place: String, cache: HubCache? = nil
    ) throws(HubError) -> String {
        if FileSystem.isDirectory(place) { return place }
        let slashes = place.utf8.count { $0 == UInt8(ascii: "/") }
        let isPath = place.hasPrefix("/") || place.hasPrefix(".") || place.hasPrefix("~")
        // A revision may hold slashes of its own.
        if isPath || place.isEmpty || (slashes > 1 && !place.contains("@")) {
            throw .noDirectory(place)
        }
        let name = try ModelName(place)
        let searched: HubCache
        if let cache { searched = cache } else { searched = try HubCache(directory: nil) }
        guard let path = searched.snapshot(of: name) else {
            throw .notInCache(name: "\(name)", cache: searched.directory)
        }
        return path
    }
}
