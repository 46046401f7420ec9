"""The embedded server: the rolling batch behind the OpenAI API, for machines where no other server runs.

    python -u -m longhand_engine.serve --model DIR [--port 0] [--host 127.0.0.1] [--name NAME] [--batch 32] [--queue 1024]
        [--threads N] [--api-key-env VAR] [--address-file PATH] [--grace 3]

`--port 0` takes a free port. When it serves, it prints one line of JSON, `{"host", "port", "url", "model", "pid"}`, and
writes the same to `--address-file` (whole or not at all; the file goes away at the end). It computes in float32 on the CPU and
reads safetensors only. A host that is not loopback needs `--api-key-env`: the name of the variable that holds the key, which
every path but `/health` then wants as `Authorization: Bearer KEY`.

| path | what it does |
|---|---|
| `GET /health` | 200 `{"status": "ok", "active", "waiting"}` while it serves, 503 while it stops |
| `GET /v1/models` | the one model, with `root` (its folder) and `max_model_len` as vLLM has them |
| `POST /v1/completions` | `prompt`: a text, a list of token ids, or a list of both kinds |
| `POST /v1/chat/completions` | `messages` through the tokenizer's chat template |
| `POST /longhand/checkpoint` | `{"model": DIR, "name"?: NAME}`: serves another checkpoint from now on |

**Parameters**, with OpenAI's names and meaning: `model`, `n`, `seed`, `temperature`, `top_p`, `max_tokens`,
`max_completion_tokens`, `stop`, `logprobs`, `top_logprobs`, `stream`, `stream_options.include_usage`. With vLLM's: `top_k`,
`min_p`, `include_stop_str_in_output`, `skip_special_tokens`, `return_token_ids`, `add_special_tokens`,
`add_generation_prompt`, `continue_final_message`, `chat_template_kwargs`. Ours: `first_index`, the index of the first of the
`n` completions among those of the seed (default 0), so that they can be asked for one by one. `user`, `metadata`, `store`, `service_tier`,
`safety_identifier`, `prompt_cache_key` and `prompt_cache_retention` are accepted and change nothing. Others that these APIs define
(`presence_penalty`, `tools`, `best_of`, …) pass with the value that switches them off and are refused with any other, by name; so
is every name that nobody defines. The defaults are OpenAI's, whatever the checkpoint's generation_config.json says.

- A completion is a function of (weights, prompt, parameters, `seed`, `first_index` + its index below `n`), whatever else is in the batch.
- `temperature` below 1e-5 is greedy, as in vLLM. Log-probabilities are the model's, before temperature and filters. Each token
  of a chat's `logprobs` also has `entropy`, of the whole distribution in nats, which other servers do not say.
- Neither the stop text nor the end token is part of the content, unless `include_stop_str_in_output` (and for the end token
  `skip_special_tokens: false`) say so; both are among `token_ids`, `logprobs` and `usage`. Stop texts are looked for in the
  text with its special tokens; the first one in it counts. `stop_reason` is that text, null after an end token.
- A stream sends what is new at most every 50 ms a request; no character before all of its bytes are there; `[DONE]` at the end.
  One that fails ends with `data: {"error": …}` and neither `finish_reason` nor `[DONE]`.
- At most `--batch` sequences are computed at a time and `--queue` wait; what would go beyond gets 429 with `Retry-After`.
- A body has at most 16 MiB and comes within a minute.
- A client that goes away ends its sequences. SIGTERM: no new requests (503), `--grace` seconds for those in flight, exit 0.
- A request is computed whole by the checkpoint that was served when it came, named by `system_fingerprint` (a hash of the
  weights). A change of checkpoint waits for nobody: old and new requests take turns until the old ones are done.
"""
