// Key files, and the list of keys that may connect.

import Transport

enum KeyTargets {
    static func keyFile(_ bytes: UnsafeRawBufferPointer) -> Bool {
        MemoryFile(bytes).withPath { path in
            guard let file = try? KeyFile.open(at: path) else { return false }
            let key = file.publicKey
            promise(PublicKey("\(key)") == key, "\(key) is another key when it is read again")
            promise(KeyRing.isName(file.name), "\(file.name) is no name")
            _ = try? KeyFile.secret(at: path)
            return true
        }
    }

    static func authorized(_ bytes: UnsafeRawBufferPointer) -> Bool {
        _ = MemoryDirectory.write(bytes, to: "authorized")
        guard let keys = try? KeyRing(directory: MemoryDirectory.path).authorized() else {
            return false
        }
        promise(Set(keys.map(\.name)).count == keys.count, "a name stands twice")
        promise(Set(keys.map(\.key)).count == keys.count, "a key stands twice")
        promise(keys.allSatisfy { KeyRing.isName($0.name) }, "something is no name")
        return true
    }
}
