import * as z from 'zod';
import { common, modelSchema } from './common.ts';

const name = z.string().regex(/^[A-Za-z][\w.-]{0,63}$/, 'a name is a letter, then letters, digits, ., _ or -');
/** The names of the worker's own settings are not free. */
const inputName = name.refine((text) => !['program', 'inputs', 'outputs'].includes(text), 'this name is taken');

/** Any program, as a stage. A trainer of Hugging Face's reports its progress without being told to. */
export const commandStageSchema = z.strictObject({
  ...common,
  kind: z.literal('command'),
  program: z
    .array(z.string())
    .min(1)
    .describe('The program and its arguments, one each; no shell reads them. `python` is the engine’s own.'),
  inputs: z
    .record(inputName, modelSchema)
    .optional()
    .describe(
      'References and paths by name: `{inputs.NAME}` in the arguments, LONGHAND_INPUT_<NAME> in the environment.',
    ),
  outputs: z
    .record(name, z.string().min(1))
    .optional()
    .describe(
      'Files or folders that it must leave, by the name for references, relative to its working folder; `{outputs.NAME}` in the arguments, LONGHAND_OUTPUT_<NAME> in the environment.',
    ),
});
