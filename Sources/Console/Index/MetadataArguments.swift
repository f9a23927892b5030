// The flag that names fields of documents, and what it means for an index.

import ArgumentParser
import Documents
import FoundationEssentials
import Protocol
import Retrieval

struct MetadataArguments: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Fields kept for --filter and --show: NAME, NAME:TYPE or NAME=FIELD:TYPE.",
            discussion: """
                FIELD is a key of JSON or a path (metadata.year), a column's name of \
                .csv, its number in .tsv. \
                TYPE is string, strings, integer, number or boolean. Without it values \
                are kept as JSON has them; of .csv and .tsv they are strings. A list of \
                strings is several values.
                """,
            valueName: "field"))
    var metadataField: [String] = []

    /// - Returns: nil if there are none.
    /// - Throws: a `Fault` naming what is no field.
    func fields() throws(Fault) -> [String]? {
        metadataField.isEmpty ? nil : try Self.list(metadataField).map(\.text)
    }

    static func list(_ texts: [String]) throws(Fault) -> [MetadataField] {
        do throws(DocumentError) { return try MetadataField.list(texts) } catch {
            throw Fault(.usage, "--metadata-field: \(error)")
        }
    }

    /// The fields of documents that are added to an index: those that it was built with, read as
    /// these flags say, and of the types that it has by now.
    ///
    /// - Throws: a `Fault` for a field that the index lacks.
    func fields(of manifest: IndexManifest) throws(Fault) -> [String]? {
        let given = try Self.list(metadataField)
        let texts = manifest.building?["metadataFields"].flatMap {
            try? JSONDecoder().decode([String].self, from: Data($0.utf8))
        }
        var fields = try Self.list(texts ?? [])
        for field in given {
            guard let place = fields.firstIndex(where: { $0.name == field.name }) else {
                let known = fields.isEmpty ? "none" : fields.map(\.name).joined(separator: ", ")
                throw Fault(
                    .usage,
                    "--metadata-field \(field.name): the index has no such field (it has "
                        + "\(known)); build it anew to have it")
            }
            fields[place] = MetadataField(
                name: field.name, source: field.source, kind: field.kind ?? fields[place].kind)
        }
        for (place, field) in fields.enumerated() where field.kind == nil {
            let type = manifest.fields?.first { $0.name == field.name }?.type
            fields[place] = MetadataField(
                name: field.name, source: field.source,
                kind: type.flatMap { MetadataField.Kind(rawValue: $0.rawValue) })
        }
        return fields.isEmpty ? nil : fields.map(\.text)
    }
}
