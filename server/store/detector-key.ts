import { DETECTOR } from '../../core/behaviours/detect.ts';

/** Under which the counts of behaviours are kept: another detector, or another version of it, reads the texts again. */
export const BEHAVIOURS_KEY = `${DETECTOR.name} ${DETECTOR.version}`;
