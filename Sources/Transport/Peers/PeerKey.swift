// The key that the coordinator hands to the workers of a job, so that they can fetch from each
// other.

public import Protocol

/// A pair of its own for each job: whoever was given it may fetch what the job's workers offer each
/// other. No list of workers has to be kept anywhere, and a worker that comes later is known to
/// all.
public struct PeerKey: Sendable, Equatable {
    let pair: KeyPair

    /// - Throws: `.configuration` if the messaging library was built without CURVE.
    public static func generate() throws(Fault) -> PeerKey { PeerKey(pair: try .generate()) }

    private init(pair: KeyPair) { self.pair = pair }

    /// Nil unless `text` is one that `text` made.
    public init?(_ text: String) {
        guard let secret = SecretKey(text), let open = secret.publicKey else { return nil }
        pair = KeyPair(publicKey: open, secretKey: secret)
    }

    /// For the units of the job and nobody else: it is the secret itself.
    public var text: String { pair.secretKey.text }
}
