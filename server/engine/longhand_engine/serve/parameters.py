"""The bodies of requests: which parameters there are, which do nothing, and what is refused. Names: OpenAI's and vLLM's."""

import inspect
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import from_json

from ..sampling.requests import Request
from .checkpoint import Checkpoint, TooLong
from .errors import ApiError

# vLLM takes temperatures below this for greedy; dividing by much smaller ones would overflow.
GREEDY_BELOW = 1e-5
# OpenAI's default for a completion that is not a chat.
DEFAULT_MAX_TOKENS = 16
MOST_LOGPROBS = 20

# Defined by OpenAI, of no consequence for what is sampled here.
IGNORED = frozenset(
    ("user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention")
)
# Defined by OpenAI or vLLM, not done here: the values that switch them off pass. None always does.
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "repetition_penalty": (1,),
    "length_penalty": (1,),
    "logit_bias": ({},),
    "best_of": (1,),
    "echo": (False,),
    "suffix": ("",),
    "use_beam_search": (False,),
    "min_tokens": (0,),
    "ignore_eos": (False,),
    "stop_token_ids": ([],),
    "bad_words": ([],),
    "allowed_token_ids": (),
    "prompt_logprobs": (),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "parallel_tool_calls": (True, False),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},),
    "structured_outputs": (),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "reasoning_effort": (),
    "verbosity": (),
    "web_search_options": (),
    "documents": ([],),
    "chat_template": (),
    "spaces_between_special_tokens": (True,),
    "return_tokens_as_token_ids": (False,),
    "truncate_prompt_tokens": (),
    "priority": (0,),
}

Count = Annotated[int, Field(ge=1)]
Stop = Annotated[str, Field(min_length=1, max_length=256)]
TokenIds = list[Annotated[int, Field(ge=0)]]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class StreamOptions(_Body):
    include_usage: bool | None = None


class Sampled(_Body):
    """What both ways of asking share. None is a parameter that was not given."""

    model: str | None = None
    n: Annotated[int, Field(ge=1, le=1024)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**64)] | None = None
    first_index: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """Ours: which of the seed's completions is the first of the `n`, so that they can be asked for one by one."""
    temperature: Annotated[float, Field(ge=0)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    top_k: Annotated[int, Field(ge=-1)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    max_tokens: Count | None = None
    stop: Stop | Annotated[list[Stop], Field(max_length=16)] | None = None
    include_stop_str_in_output: bool | None = None
    skip_special_tokens: bool | None = None
    return_token_ids: bool | None = None
    add_special_tokens: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @model_validator(mode="after")
    def _streams(self) -> "Sampled":
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options is only for stream: true")
        return self

    @property
    def stops(self) -> tuple[str, ...]:
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    @property
    def wanted_logprobs(self) -> int | None:
        raise NotImplementedError

    def longest(self, room: int) -> int:
        """The most tokens of a completion, where `room` are left of the context."""
        raise NotImplementedError

    def request(self, prompt: list[int], checkpoint: Checkpoint) -> Request:
        """For the engine. What it refuses is refused when it is submitted."""
        room = checkpoint.context - len(prompt)
        if not prompt:
            raise ApiError(400, "the prompt has no tokens", parameter="prompt")
        if room < 1:
            message = f"the prompt has {len(prompt)} tokens, the context of the model is {checkpoint.context}"
            raise ApiError(400, message, code="context_length_exceeded")
        temperature = 1.0 if self.temperature is None else self.temperature
        return Request(
            prompt=prompt,
            n=self.n or 1,
            max_tokens=self.longest(room),
            temperature=0.0 if temperature < GREEDY_BELOW else temperature,
            top_p=1.0 if self.top_p is None else self.top_p,
            top_k=max(0, self.top_k or 0),
            min_p=self.min_p or 0.0,
            seed=self.seed,
            stop=self.stops,
            logprobs=self.wanted_logprobs,
            first=self.first_index or 0,
            scores=self.wanted_logprobs is not None,
        )


class CompletionBody(Sampled):
    prompt: str | TokenIds | list[str | TokenIds]
    logprobs: Annotated[int, Field(ge=0, le=MOST_LOGPROBS)] | None = None

    @property
    def wanted_logprobs(self) -> int | None:
        return self.logprobs

    def longest(self, room: int) -> int:
        return min(DEFAULT_MAX_TOKENS, room) if self.max_tokens is None else self.max_tokens

    def prompts(self, checkpoint: Checkpoint) -> list[list[int]]:
        given = self.prompt
        parts = given if isinstance(given, list) and any(not isinstance(p, int) for p in given) else [given]
        special = self.add_special_tokens is not False
        return [_encoded(p, checkpoint, special, "prompt") if isinstance(p, str) else p for p in parts]


class TextPart(_Body):
    type: Literal["text"]
    text: str


class Message(_Body):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart]
    name: str | None = None
    reasoning_content: str | None = None
    refusal: None = None


class ChatBody(Sampled):
    messages: Annotated[list[Message], Field(min_length=1)]
    max_completion_tokens: Count | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=MOST_LOGPROBS)] | None = None
    add_generation_prompt: bool | None = None
    continue_final_message: bool | None = None
    chat_template_kwargs: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _fits(self) -> "ChatBody":
        if self.top_logprobs and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs: true")
        if self.continue_final_message and self.add_generation_prompt:
            raise ValueError("continue_final_message and add_generation_prompt cannot both be true")
        if self.continue_final_message and self.messages[-1].role != "assistant":
            raise ValueError("continue_final_message needs a last message of the assistant")
        return self

    @property
    def wanted_logprobs(self) -> int | None:
        return (self.top_logprobs or 0) if self.logprobs else None

    def longest(self, room: int) -> int:
        wanted = self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens
        return room if wanted is None else wanted

    def prompts(self, checkpoint: Checkpoint) -> list[list[int]]:
        tokenizer, extra = checkpoint.tokenizer, self.chat_template_kwargs or {}
        if not tokenizer.chat_template:
            raise ApiError(400, f"{checkpoint.folder} has no chat template: use /v1/completions", parameter="messages")
        if own := sorted(set(extra) & set(inspect.signature(tokenizer.apply_chat_template).parameters)):
            message = f"chat_template_kwargs cannot set {', '.join(own)}"
            raise ApiError(400, message, parameter="chat_template_kwargs")
        messages = [_plain(message) for message in self.messages]
        going_on = bool(self.continue_final_message)
        opening = not going_on if self.add_generation_prompt is None else self.add_generation_prompt
        try:
            text = tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=opening, continue_final_message=going_on, **extra
            )
        except Exception as error:  # a template raises whatever it likes
            raise ApiError(400, f"the chat template refuses these messages: {error}", parameter="messages") from error
        # The template writes the special tokens itself.
        return [_encoded(text, checkpoint, bool(self.add_special_tokens), "messages")]


def _encoded(text: str, checkpoint: Checkpoint, special: bool, parameter: str) -> list[int]:
    try:
        return checkpoint.encode(text, special=special)
    except TooLong as error:
        raise ApiError(400, str(error), parameter=parameter, code="context_length_exceeded") from error


def _plain(message: Message) -> dict[str, str]:
    content = message.content if isinstance(message.content, str) else "".join(p.text for p in message.content)
    extra = {"name": message.name, "reasoning_content": message.reasoning_content}
    return {"role": message.role, "content": content} | {k: v for k, v in extra.items() if v is not None}


class CheckpointBody(_Body):
    model: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)] | None = None


Body = TypeVar("Body", bound=_Body)


def parse(kind: type[Body], body: bytes) -> Body:
    """A request's body, or ApiError 400 that names what is wrong in it."""
    try:
        given = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise ApiError(400, f"the body is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise ApiError(400, "the body is not a JSON object")
    if issubclass(kind, Sampled):
        given = {k: v for k, v in given.items() if k not in IGNORED}
        for name in [k for k in given if k in NEUTRAL]:
            value = given.pop(name)
            if value is not None and value not in NEUTRAL[name]:
                off = " or ".join(repr(v) for v in NEUTRAL[name])
                hint = f"leave it out, or give {off}" if off else "leave it out"
                raise ApiError(
                    400, f"{name} is not supported here: {hint}", parameter=name, code="unsupported_parameter"
                )
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise _described(error) from error


def _described(error: ValidationError) -> ApiError:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    unknown = [str(d["loc"][-1]) for d in details if d["type"] == "extra_forbidden"]
    if unknown:
        message = f"unknown parameter: {', '.join(name[:80] for name in unknown[:8])}"
        return ApiError(400, message, parameter=unknown[0][:80], code="unknown_parameter")
    # The alternatives of a union are reported one by one: the first says enough.
    first = details[0]
    name = str(first["loc"][0]) if first["loc"] else None
    message = first["msg"].removeprefix("Value error, ")
    where = ".".join(str(part) for part in first["loc"][:2]) if name else ""
    return ApiError(400, f"{where}: {message}" if where else message, parameter=name, code="invalid_value")
