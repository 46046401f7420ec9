"""`python widened.py FROM TO`: the checkpoint FROM, a Qwen2 model, as one of the usual shape that writes the same texts.

vLLM's Qwen2 takes hidden size / heads for the width of a head, whatever `head_dim` says, and its CPU kernels want at least
32. The base that ships has 4 heads of 32 over a hidden size of 64. Here the hidden size becomes heads · head_dim: the new
columns are zero everywhere, and what the norms divide by is corrected, so that every logit stays what it was but for rounding.
"""

import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

# Which axis of a weight is the hidden size; what is not named has none.
OUT = ("o_proj.weight", "down_proj.weight")
IN = ("q_proj.weight", "k_proj.weight", "v_proj.weight", "gate_proj.weight", "up_proj.weight", "embed_tokens.weight")


def widened(source: Path, folder: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
    old: Qwen2Config = model.config
    width = old.num_attention_heads * old.head_dim
    share = old.hidden_size / width
    config = Qwen2Config.from_dict(
        old.to_dict() | {"hidden_size": width, "rms_norm_eps": old.rms_norm_eps * share, "head_dim": old.head_dim}
    )
    state = {}
    for name, weight in model.state_dict().items():
        if name.endswith("norm.weight"):
            # The mean of the squares is now over more columns: by this much it is smaller.
            found = torch.zeros(width)
            found[: old.hidden_size] = weight * share**0.5
        elif name.endswith(OUT):
            found = torch.zeros(width, weight.shape[1])
            found[: old.hidden_size] = weight
        elif name.endswith((*IN, "lm_head.weight")):
            found = torch.zeros(weight.shape[0], width)
            found[:, : old.hidden_size] = weight
        else:
            found = weight
        state[name] = found
    wide = Qwen2ForCausalLM(config)
    wide.load_state_dict(state)
    wide.generation_config = model.generation_config
    tokenizer = AutoTokenizer.from_pretrained(source)
    with torch.inference_mode():
        ids = torch.arange(64).unsqueeze(0) % config.vocab_size
        torch.testing.assert_close(wide(ids).logits, model(ids).logits, rtol=1e-4, atol=1e-4)
    shutil.rmtree(folder, ignore_errors=True)
    wide.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    widened(Path(sys.argv[1]), Path(sys.argv[2]))
