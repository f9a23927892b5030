// How changes and steps of a training job are written.

package import Protocol
package import Tensors

extension TrainWords {
    package var deltaFormat: RowDelta.Format { RowDelta.Format(deltas) }
}

extension RowDelta.Format {
    package init(_ deltas: TrainWords.Deltas?) {
        switch deltas ?? .bf16 {
        case .bf16: self = .bf16
        case .int8: self = .int8
        }
    }
}
