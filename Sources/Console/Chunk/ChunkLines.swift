// The passages of one document as lines of JSON.

import Documents
import Models

struct ChunkLines {
    private let document: String
    private let text: UnsafeRawBufferPointer

    init(document: String, _ text: UnsafeRawBufferPointer) {
        self.document = document
        self.text = text
    }

    func written(_ found: ChunkedText) -> WrittenDocument {
        var written = WrittenDocument()
        for (number, parent) in found.parents.enumerated() where !isBlank(parent) {
            append(parent, id: "\(document)#p\(number)", to: &written.parents)
            written.parentCount += 1
        }
        for (number, chunk) in found.chunks.enumerated() {
            guard !isBlank(chunk) else {
                written.blank += 1
                continue
            }
            let id = "\(document)#\(number)"
            append(chunk, id: id, to: &written.chunks)
            written.ids.append(id)
            written.ranges.append(chunk.bytes)
            written.tokens += chunk.tokens
        }
        return written
    }

    /// Whether it would be refused as an empty document.
    private func isBlank(_ chunk: TextChunk) -> Bool {
        text[chunk.bytes].allSatisfy { $0 == 0x20 || (0x09...0x0d).contains($0) }
    }

    private func append(_ chunk: TextChunk, id: String, to line: inout [UInt8]) {
        line += "{\"_id\":\(DocumentID.quoted(id)),".utf8
        line += "\"document\":\(DocumentID.quoted(document)),\"text\":\"".utf8
        appendText(chunk.bytes, to: &line)
        line += "\",\"start\":\(chunk.bytes.lowerBound),\"end\":\(chunk.bytes.upperBound)".utf8
        line += ",\"startCharacter\":\(chunk.characters.lowerBound)".utf8
        line += ",\"endCharacter\":\(chunk.characters.upperBound)".utf8
        line += ",\"tokens\":\(chunk.tokens)".utf8
        if let parent = chunk.parent {
            line += ",\"parent\":\(DocumentID.quoted("\(document)#p\(parent)"))".utf8
        }
        line += "}\n".utf8
    }

    /// Within quotes, on one line for every reader.
    private func appendText(_ range: Range<Int>, to line: inout [UInt8]) {
        var plain = range.lowerBound
        var place = plain
        while place < range.upperBound {
            let width = special(place, range.upperBound)
            guard width > 0 else {
                place += 1
                continue
            }
            line += text[plain..<place]
            let scalar = String(decoding: text[place..<place + width], as: UTF8.self)
            line += DocumentID.quoted(scalar).utf8.dropFirst().dropLast()
            place += width
            plain = place
        }
        line += text[plain..<range.upperBound]
    }

    /// Bytes of a scalar that cannot stand as it is, 0 for others.
    private func special(_ place: Int, _ end: Int) -> Int {
        switch text[place] {
        case 0x22, 0x5c, 0x7f, 0..<0x20: 1
        case 0xc2 where place + 1 < end && text[place + 1] < 0xa0: 2
        case 0xe2 where place + 2 < end && text[place + 1] == 0x80:
            [0xa8, 0xa9].contains(text[place + 2]) ? 3 : 0
        default: 0
        }
    }
}
