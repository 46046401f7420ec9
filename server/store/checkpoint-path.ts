/**
 * The attempt of stage `stage` that a checkpoint's path or id names, or null: it is none of that stage's (the base model).
 * Known are `…/<stage>/attempt-2/checkpoints/checkpoint-40`, `run/<stage>/2/checkpoint-40`, and, as evaluations write it,
 * `attempt-2/checkpoints/checkpoint-40` below the stage's folder.
 */
export function checkpointAttempt(checkpoint: string, stage: string): number | null {
  const parts = checkpoint.split(/[/\\]/);
  for (let i = parts.length - 1; i > 0; i--) {
    const attempt = /^(?:attempt-)?(\d{1,9})$/.exec(parts[i] ?? '');
    if (attempt && parts[i - 1] === stage) return Number(attempt[1]);
  }
  const relative = /^attempt-(\d{1,9})$/.exec(parts[0] ?? '');
  return relative ? Number(relative[1]) : null;
}
