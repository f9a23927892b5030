// Encodes texts from a file, for scripts/fixtures/compare_tokenizers.py to check and to time.
//
//     swift run -c release TokenizerCheck TOKENIZER.JSON TEXTS IDS
//
// TEXTS holds the length of each text in bytes (32 bits), then its bytes; IDS will hold the number
// of ids of each text, then the ids. Prints one line of JSON.

import Glibc
import Tokenizers

func contents(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { fatalError("\(path) cannot be read") }
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    let size = ftell(file)
    rewind(file)
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        count = fread(buffer.baseAddress, 1, size, file)
    }
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let elapsed = try ContinuousClock().measure(body)
    return Double(elapsed.components.seconds)
        + Double(elapsed.components.attoseconds) / 1e18
}

let arguments = CommandLine.arguments
guard arguments.count == 4 else { fatalError("usage: TokenizerCheck TOKENIZER.JSON TEXTS IDS") }
var loaded: Tokenizer?
do {
    let loading = try seconds { loaded = try Tokenizer(path: arguments[1]) }
    guard let tokenizer = loaded else { fatalError("no tokenizer") }
    let texts = contents(arguments[2])
    var output: [Int32] = []
    var ids: [Int32] = []
    var scratch = Tokenizer.Scratch()
    var bytes = 0
    let encoding = texts.withUnsafeBytes { raw in
        seconds {
            var place = 0
            while place + 4 <= raw.count {
                let size = Int(raw.loadUnaligned(fromByteOffset: place, as: UInt32.self))
                let text = UnsafeRawBufferPointer(rebasing: raw[place + 4..<place + 4 + size])
                ids.removeAll(keepingCapacity: true)
                tokenizer.encode(text, limit: nil, into: &ids, using: &scratch)
                output.append(Int32(ids.count))
                output.append(contentsOf: ids)
                place += 4 + size
                bytes += size
            }
        }
    }
    output.withUnsafeBytes { raw in
        guard let file = fopen(arguments[3], "w") else { fatalError("cannot write the ids") }
        fwrite(raw.baseAddress, 1, raw.count, file)
        fclose(file)
    }
    print(
        "{\"loadMilliseconds\":\(loading * 1e3),\"seconds\":\(encoding),"
            + "\"megabytesPerSecond\":\(Double(bytes) / encoding / 1e6)}")
} catch {
    print("\(error)")
    exit(65)
}
