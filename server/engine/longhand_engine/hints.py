"""What to do about errors that are known; an error without a hint stands for itself."""

import errno

_BEYOND = (
    ("flash", "FlashAttention", "set model_init_kwargs: { attn_implementation: sdpa } and packing: false"),
    ("bitsandbytes", "bitsandbytes", "set optim: adamw_torch"),
    ("vllm", "vLLM", "set use_vllm: false"),
    ("liger", "Liger Kernel", "set use_liger_kernel: false"),
    ("deepspeed", "DeepSpeed", "leave `distributed` and `deepspeed` out"),
)
"""Packages that recipes may ask for and that no set-up brings: a word by which messages name them, their name, what to do without."""


def hint_for(error: BaseException) -> str | None:
    """One sentence for the user, or None."""
    name, message = type(error).__name__, str(error)
    if name == "OutOfMemoryError" or "out of memory" in message:
        return (
            "Lower per_device_train_batch_size and raise gradient_accumulation_steps by the same factor, turn gradient_checkpointing on, or "
            "shorten max_length or max_completion_length: longhand resume RUN STAGE --set KEY=VALUE goes on from the newest checkpoint with other values."
        )
    if isinstance(error, ImportError):
        for word, package, without in _BEYOND:
            if word in message.lower():
                return f"{package} is not part of the engine: install it into the engine's Python, or {without}."
        return "The engine is incomplete: set it up again."
    if (
        isinstance(error, OSError)
        and error.errno in (errno.ENOSPC, errno.EDQUOT)
        or "No space left on device" in message
    ):
        return "Make room on the disk, then resume; save_total_limit keeps fewer checkpoints."
    if "generation_batch_size" in message and "num_generations" in message:
        return "per_device_train_batch_size × steps_per_generation must be a multiple of num_generations."
    if "chat_template" in message or "chat template" in message:
        return "This model has no chat template: use prompts and completions that are texts, or set chat_template_path."
    if "Your setup doesn't support bf16" in message:
        return "Set bf16: false in the stage's config."
    if name == "CheckerError":
        return "Set up the engine again; `doctor` says what is missing."
    return None
