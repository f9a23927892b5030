// The JSON files of a model's folder, of bounded size, with errors that name the file.

import Files
import FoundationEssentials

enum JSONFile {
    private static let bytesMax = 16 << 20

    /// - Returns: nil if there is no such file.
    static func readIfThere<Value: Decodable>(
        _ type: Value.Type, _ path: String
    ) throws(ModelError) -> Value? {
        guard isFile(path) else { return nil }
        return try read(type, path)
    }

    /// Keys in the file are snake_case, in Swift camelCase.
    static func read<Value: Decodable>(
        _ type: Value.Type, _ path: String
    ) throws(ModelError) -> Value {
        let file: MappedFile
        do throws(FileError) { file = try MappedFile(path: path) } catch { throw .file(error) }
        guard file.bytes.count <= bytesMax else {
            throw .file(.tooLarge(path: path, bytesMax: bytesMax))
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do { return try decoder.decode(type, from: Data(file.bytes)) } catch {
            throw .configuration(path: path, reason: sentence(error))
        }
    }

    private static func sentence(_ error: any Error) -> String {
        func place(_ path: [any CodingKey]) -> String {
            path.isEmpty ? "the file" : path.map(key).joined(separator: ".")
        }
        switch error as? DecodingError {
        case .keyNotFound(let key, _): return "it lacks the key \(self.key(key))"
        case .typeMismatch(_, let context): return "\(place(context.codingPath)) has another type"
        case .valueNotFound(_, let context): return "\(place(context.codingPath)) is null"
        case .dataCorrupted(let context):
            return "\(place(context.codingPath)) is not valid JSON for it"
        default: return "it is not valid JSON"
        }
    }

    /// As it stands in the file. Names with other characters in them were not converted.
    private static func key(_ key: any CodingKey) -> String {
        let name = key.stringValue
        guard name.first?.isLowercase ?? false, name.allSatisfy({ $0.isLetter || $0.isNumber })
        else { return name }
        return name.map { $0.isUppercase ? "_\($0.lowercased())" : "\($0)" }.joined()
    }
}
