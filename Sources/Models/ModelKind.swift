// What kind of model a folder holds.

/// By what it makes of texts.
public enum ModelKind: String, Sendable, CaseIterable, Codable {
    /// A vector of each text.
    case embedding
    /// A vector of each token, of queries and documents.
    case lateInteraction = "late interaction"
    /// A score of a query and a document together.
    case crossEncoder = "cross-encoder"

    private struct Architectures: Decodable { let architectures: [String]? }

    /// As the folder's settings have it; nothing else is read or checked.
    public init(directory: String) throws(ModelError) {
        guard isDirectory(directory) else { throw .noDirectory(directory) }
        let folder = try SentenceFolder(directory)
        let config = try JSONFile.readIfThere(
            Architectures.self, "\(folder.checkpoint)/config.json")
        let architecture = config?.architectures?.first ?? ""
        let hasPooling = folder.isSentenceTransformers && !folder.poolings.isEmpty
        if try LateInteractionFolder(directory, folder).origin != .encoder {
            self = .lateInteraction
        } else if architecture.hasSuffix("ForSequenceClassification"), !hasPooling {
            self = .crossEncoder
        } else {
            self = .embedding
        }
    }
}
