// A table of fields as bytes, as MetadataLayout describes them.

extension MetadataBuilder {
    /// The whole table.
    public var bytes: [UInt8] {
        let names = fields.map { Array($0.utf8) }
        let directory = MetadataLayout.headerBytes + MetadataLayout.fieldBytes * fields.count
        let head = MetadataLayout.aligned(names.reduce(directory) { $0 + $1.count })
        var body: [UInt8] = []
        var entries: [UInt8] = []
        var nameOffset = directory
        for (column, name) in zip(columns, names) {
            let start = body.count
            column.write(to: &body)
            let sum = body[start...].withUnsafeBytes { MetadataLayout.checksum($0) }
            let type = MetadataLayout.types.firstIndex(of: column.type) ?? 0
            entries.append(littleEndian: UInt32(type))
            entries.append(littleEndian: UInt32(name.count))
            let numbers = [nameOffset, head + start, body.count - start]
            for number in numbers { entries.append(littleEndian: UInt64(number)) }
            entries.append(littleEndian: sum)
            for number in [column.present, column.strings.count, column.codes.count] {
                entries.append(littleEndian: UInt64(number))
            }
            nameOffset += name.count
        }
        var all = MetadataLayout.magic
        all.append(littleEndian: MetadataLayout.version)
        all.append(littleEndian: UInt32(fields.count))
        for number in [passages, head + body.count, 0, head] {
            all.append(littleEndian: UInt64(number))
        }
        all += entries + names.joined()
        all += [UInt8](repeating: 0, count: head - all.count)
        let sum = all.withUnsafeBytes { fingerprintFNV($0) }
        let place = MetadataLayout.checksumOffset
        withUnsafeBytes(of: sum.littleEndian) { all.replaceSubrange(place..<place + 8, with: $0) }
        return all + body
    }
}

extension ColumnBuilder {
    /// Appends the column, whose bytes are whole words.
    fileprivate func write(to bytes: inout [UInt8]) {
        for word in presence { bytes.append(littleEndian: word) }
        switch type {
        case .none: break
        case .integer, .number:
            for scalar in scalars { bytes.append(littleEndian: scalar) }
        case .boolean:
            for begin in stride(from: 0, to: passages, by: 64) {
                var word: UInt64 = 0
                for (bit, scalar) in scalars[begin..<min(begin + 64, passages)].enumerated() {
                    word |= scalar << UInt64(bit)
                }
                bytes.append(littleEndian: word)
            }
        case .string, .strings: writeStrings(to: &bytes)
        }
    }

    private func writeStrings(to bytes: inout [UInt8]) {
        let order = strings.withAllBytes { all in
            (0..<strings.count).sorted {
                compareBytes(
                    UnsafeRawBufferPointer(rebasing: all[strings.range($0)]),
                    UnsafeRawBufferPointer(rebasing: all[strings.range($1)])) < 0
            }
        }
        var rank = [UInt32](repeating: 0, count: order.count)
        for (place, code) in order.enumerated() { rank[code] = UInt32(place) }
        var end = 0
        bytes.append(littleEndian: UInt64(0))
        for code in order {
            end += strings.range(code).count
            bytes.append(littleEndian: UInt64(end))
        }
        if type == .strings {
            bytes.append(littleEndian: UInt32(0))
            for end in ends { bytes.append(littleEndian: end) }
            bytes.pad()
        }
        writeCodes(rank, to: &bytes)
        bytes.pad()
        strings.withAllBytes { all in
            for code in order { bytes += all[strings.range(code)] }
        }
        bytes.pad()
    }

    private func writeCodes(_ rank: [UInt32], to bytes: inout [UInt8]) {
        let width = MetadataLayout.width(strings: strings.count)
        func write(_ code: UInt32) {
            switch width {
            case 1: bytes.append(UInt8(code))
            case 2: bytes.append(littleEndian: UInt16(code))
            default: bytes.append(littleEndian: code)
            }
        }
        if type == .strings {
            for code in codes { write(rank[Int(code)]) }
            return
        }
        var begin: UInt32 = 0
        for end in ends {
            write(end > begin ? rank[Int(codes[Int(begin)])] : 0)
            begin = end
        }
    }
}

extension [UInt8] {
    /// Zeros up to a whole word. What stands before is a multiple of 8 bytes from the table's
    /// start.
    fileprivate mutating func pad() {
        self += [UInt8](repeating: 0, count: MetadataLayout.aligned(count) - count)
    }
}
