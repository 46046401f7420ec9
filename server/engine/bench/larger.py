"""A Qwen2 model of about 5M parameters from random weights, with the tokenizer of the base that ships.

    python server/engine/bench/larger.py FOLDER
"""

import sys
from pathlib import Path

import torch
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM
from transformers.utils import logging

BASE = Path(__file__).parents[1] / "longhand_engine" / "tiny" / "base"


def make_larger(folder: Path) -> int:
    """Writes it; how many parameters it has."""
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=256,
        intermediate_size=768,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        # No end token: every completion has the same length, so neither side gains by early ends.
        eos_token_id=None,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Qwen2ForCausalLM(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model.num_parameters()


if __name__ == "__main__":
    logging.disable_progress_bar()
    make_larger(Path(sys.argv[1]))
