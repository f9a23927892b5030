// Which decoders these are.

import CZlib
import CZstd

extension Decompressor {
    /// The versions of the libraries that are linked, as they say themselves.
    public static var libraryVersions: [String: String] {
        [
            "zlib": String(cString: zlibVersion()), "zstd": String(cString: ZSTD_versionString()),
        ]
    }
}
