// What is done with rows, of documents or of tokens, behind the transformer.

import CKernels
import Glibc

struct RowSteps: Sendable {
    enum Step: Sendable {
        case dense(DenseModule)
        case layerNorm(LayerNorm)
        case normalize
        /// Keeps the first values of each row.
        case truncate(Int)
        case sigmoid, tanh
    }

    private(set) var steps: [Step] = []
    /// Values of a row behind the last step.
    private(set) var dimension: Int

    /// - width: of the rows that come.
    init(width: Int) { dimension = width }

    /// Whether the rows have length 1.
    var isNormalized: Bool { if case .normalize? = steps.last { true } else { false } }

    /// The modules of a folder.
    mutating func append(
        _ modules: [SentenceFolder.Step], isForTokens: Bool, precision: Precision
    ) throws(ModelError) {
        for module in modules {
            switch module {
            case .normalize: steps.append(.normalize)
            case .dense(let path):
                let module = try DenseModule(path, isForTokens: isForTokens, precision: precision)
                try append(module, of: "\(path)/config.json")
            }
        }
    }

    /// - path: of the file that says what `module` is, for messages.
    mutating func append(_ module: DenseModule, of path: String) throws(ModelError) {
        guard module.linear.inputs == dimension else {
            throw .configuration(
                path: path,
                reason: "it takes \(module.linear.inputs) values where there are \(dimension)")
        }
        dimension = module.linear.outputs
        steps.append(.dense(module))
    }

    /// Something that leaves the number of values as it is.
    mutating func append(_ step: Step) {
        if case .truncate(let kept) = step { dimension = kept }
        steps.append(step)
    }

    /// Takes a normalisation at the end away, and says whether there was one.
    mutating func removeNormalization() -> Bool {
        guard isNormalized else { return false }
        steps.removeLast()
        return true
    }

    /// - Parameter rows: [count, width], which may be changed.
    /// - Returns: [count, dimension], valid until the workspace is used again.
    func callAsFunction(
        _ rows: UnsafeMutablePointer<Float>, count: Int, width: Int, _ workspace: Workspace
    ) throws(ModelError) -> UnsafeMutablePointer<Float> {
        var (rows, width) = (rows, width)
        for step in steps { try apply(step, &rows, count: count, &width, workspace) }
        return rows
    }

    private func apply(
        _ step: Step, _ rows: inout UnsafeMutablePointer<Float>, count: Int, _ width: inout Int,
        _ workspace: Workspace
    ) throws(ModelError) {
        switch step {
        case .dense(let module):
            // Behind two Dense modules the buffers take turns.
            let slot: Workspace.Slot = rows == workspace.current(.inner) ? .context : .inner
            let to = try workspace.floats(slot, count * module.linear.outputs)
            try module(rows, rows: count, into: to, workspace)
            rows = to
            width = module.linear.outputs
        case .layerNorm(let norm): norm(rows, rows: count)
        case .truncate(let kept):
            for row in 1..<max(count, 1) {
                (rows + row * kept).update(from: rows + row * width, count: kept)
            }
            width = kept
        case .normalize:
            for row in 0..<count { _ = kernel_normalise_row(rows + row * width, width) }
        case .sigmoid:
            for place in 0..<count * width { rows[place] = 1 / (1 + expf(-rows[place])) }
        case .tanh: dense_activate(DENSE_TANH, rows, count * width)
        }
    }

    /// In words, in order.
    var sentences: [String] {
        steps.map { step in
            switch step {
            case .dense(let module): "dense \(module.linear.inputs) -> \(module.linear.outputs)"
            case .layerNorm: "layer norm"
            case .truncate(let kept): "first \(kept)"
            case .normalize: "normalize"
            case .sigmoid: "sigmoid"
            case .tanh: "tanh"
            }
        }
    }
}
