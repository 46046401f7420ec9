/** References to other stages, resolved when a stage starts; variables are put in when the run is planned. */
import { references } from '../../core/recipes/references.ts';

export interface StageReference {
  stage: string;
  /** `train`, `checkpoint.last`, … */
  output: string;
}

/** The stage and output that a whole text refers to, or null where it is no such reference. */
export function stageReference(value: unknown): StageReference | null {
  if (typeof value !== 'string') return null;
  const reference = references(value)[0];
  return reference?.whole && 'stage' in reference.target ? reference.target : null;
}
