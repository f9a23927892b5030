"""Writes the ONNX models that the peers read: plain and fused, each in f32 and dynamic int8.

    python encoding_models.py MODEL-FOLDER TARGET-FOLDER

Mean pooling and normalisation are part of the graph, so that a peer returns one vector a text.
"""

import json
import pathlib
import sys
import warnings

NAMES = {"plain": "plain.onnx", "fused": "fused.onnx", "plain-int8": "plain-int8.onnx",
         "fused-int8": "fused-int8.onnx"}


def export(folder, target):
    """The graph as torch writes it, with a free number of texts and of tokens."""
    import torch
    import transformers

    class Encoder(torch.nn.Module):
        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask, token_type_ids):
            states = self.model(input_ids=input_ids, attention_mask=attention_mask,
                                token_type_ids=token_type_ids).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(states.dtype)
            mean = (states * mask).sum(1) / mask.sum(1)
            return torch.nn.functional.normalize(mean, dim=1)

    # Eager attention is what the fusion of ONNX Runtime knows how to recognise.
    model = transformers.AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    ids = torch.ones(2, 16, dtype=torch.long)
    mask = torch.ones_like(ids)
    mask[1, 10:] = 0
    inputs = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {name: {0: "texts", 1: "tokens"} for name in inputs} | {"vectors": {0: "texts"}}
    torch.onnx.export(
        Encoder(model), (ids, mask, torch.zeros_like(ids)), target, input_names=inputs,
        output_names=["vectors"], dynamic_axes=axes, opset_version=17, dynamo=False)


def fuse(folder, plain, target):
    """Attention, GELU and LayerNorm as single operators, which is the faster configuration."""
    from onnxruntime.transformers import optimizer

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    optimized = optimizer.optimize_model(
        str(plain), model_type="bert", num_heads=config["num_attention_heads"],
        hidden_size=config["hidden_size"])
    if not optimized.get_fused_operator_statistics()["Attention"]:
        sys.exit("the optimizer of ONNX Runtime recognised no attention in the exported graph")
    optimized.save_model_to_file(str(target))


def quantize(source, target):
    """Weights per channel; the reduced range is for processors without VNNI."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    flags = next((line for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("flags")), "").split()
    vnni = "avx512_vnni" in flags or "avx_vnni" in flags
    quantize_dynamic(str(source), str(target), per_channel=True, reduce_range=not vnni,
                     weight_type=QuantType.QInt8,
                     # Behind a fused operator, shapes and types cannot be inferred.
                     extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


def main():
    warnings.filterwarnings("ignore")
    folder, target = map(pathlib.Path, sys.argv[1:3])
    target.mkdir(parents=True, exist_ok=True)
    path = {name: target / file for name, file in NAMES.items()}
    export(folder, path["plain"])
    quantize(path["plain"], path["plain-int8"])
    fuse(folder, path["plain"], path["fused"])
    quantize(path["fused"], path["fused-int8"])


if __name__ == "__main__":
    main()
