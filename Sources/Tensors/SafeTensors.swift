// The vocabulary of the safetensors format: element types and tensor descriptions.

/// The element types of safetensors, by the names its headers use.
public enum SafeTensorsType: String, Sendable, CaseIterable {
    case f64 = "F64", f32 = "F32", f16 = "F16", bf16 = "BF16"
    case i64 = "I64", i32 = "I32", i16 = "I16", i8 = "I8"
    case u64 = "U64", u32 = "U32", u16 = "U16", u8 = "U8"
    case bool = "BOOL", f8e4m3 = "F8_E4M3", f8e5m2 = "F8_E5M2"

    /// Bytes of one element.
    public var byteCount: Int {
        switch self {
        case .f64, .i64, .u64: 8
        case .f32, .i32, .u32: 4
        case .f16, .bf16, .i16, .u16: 2
        case .i8, .u8, .bool, .f8e4m3, .f8e5m2: 1
        }
    }
}

/// One tensor of a safetensors file: row-major, little-endian.
public struct SafeTensorsEntry: Sendable, Equatable {
    public var name: String
    public var type: SafeTensorsType
    public var shape: [Int]

    public init(name: String, type: SafeTensorsType, shape: [Int]) {
        self.name = name
        self.type = type
        self.shape = shape
    }

    /// Bytes of the tensor, nil when they overflow.
    public var byteCount: Int? {
        var bytes = type.byteCount
        for extent in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
            guard !overflow, extent >= 0 else { return nil }
            bytes = product
        }
        return bytes
    }
}
