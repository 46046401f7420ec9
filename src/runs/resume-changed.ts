/** Resume a training with other values of its config: a smaller batch after the GPU ran out of memory. */
import * as vscode from 'vscode';
import { LonghandError } from '../../core/protocol/errors.ts';
import type { StageInfo } from '../../core/protocol/methods.ts';
import { requireTrust } from '../trust.ts';
import { resumable, type RunCommands } from './actions.ts';
import { hasConfig } from './model.ts';

export async function resumeStageChanged({ backends, store, targets }: RunCommands, argument: unknown): Promise<void> {
  requireTrust('resuming a stage');
  const title = 'Resume Stage with Other Values';
  const fits = (stage: StageInfo) => resumable(stage) && hasConfig(stage);
  const picked = await targets.stage(argument, title, fits, 'No training has stopped or failed.');
  if (!picked) return;
  const { readPairs } = await import('../on-demand.ts');
  let text: string | undefined = '';
  let prompt = `Keys of the config of ${picked.stage.id}, from its newest checkpoint on; the others stay as they are.`;
  for (;;) {
    text = await vscode.window.showInputBox({
      ...{ title, prompt, value: text },
      placeHolder: 'per_device_train_batch_size=2 gradient_accumulation_steps=16',
      ignoreFocusOut: true,
      validateInput: (typed) => (readPairs(typed) ? null : 'KEY=VALUE is needed; several with a space between them.'),
    });
    const config = text === undefined ? null : readPairs(text);
    if (!config) return;
    try {
      await backends.call('stages/resume', { run: picked.run.run, stage: picked.stage.id, config });
      break;
    } catch (error) {
      if (!LonghandError.is(error, 'invalid_params')) throw error;
      // What was typed is there to be mended.
      prompt = error.message;
    }
  }
  await store.refresh(picked.run.run);
}
