// How changes and steps of a training job are written.

package import Protocol
package import Tensors

extension TrainWords {
    package var deltaFormat: RowDelta.Format {
        switch deltas ?? .bf16 {
        case .bf16: .bf16
        case .int8: .int8
        }
    }
}
