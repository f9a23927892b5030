// A hash of OpenSSL's libcrypto with bytes in it, as a value: a copy goes its own way.

import CCrypto

struct DigestState {
    private var context: Context

    /// - algorithm: SHA-256 or SHA-1, which every libcrypto has; what fails here and below is the
    ///   allocation of some hundred bytes, and then nothing in this process would work any more.
    init(_ algorithm: OpaquePointer) { context = Context(algorithm) }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        if !isKnownUniquelyReferenced(&context) { context = Context(copying: context) }
        check(EVP_DigestUpdate(context.pointer, bytes.baseAddress, bytes.count))
    }

    /// Two lower-case hexadecimal digits for each byte; of all bytes so far.
    var hexadecimal: String {
        // The end changes the context, and more bytes may follow.
        let end = Context(copying: context)
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
            var written: UInt32 = 0
            check(EVP_DigestFinal_ex(end.pointer, buffer.baseAddress, &written))
            count = Int(written)
        }
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    /// Owns one `EVP_MD_CTX`.
    private final class Context {
        let pointer: OpaquePointer

        private init() {
            guard let made = EVP_MD_CTX_new() else { preconditionFailure("no memory for a digest") }
            pointer = made
        }

        convenience init(_ algorithm: OpaquePointer) {
            self.init()
            check(EVP_DigestInit_ex(pointer, algorithm, nil))
        }

        convenience init(copying other: Context) {
            self.init()
            check(EVP_MD_CTX_copy_ex(pointer, other.pointer))
        }

        deinit { EVP_MD_CTX_free(pointer) }
    }
}

private func check(_ code: Int32) { precondition(code == 1, "libcrypto refuses to hash") }
