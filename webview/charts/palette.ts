/** Colours of a drawing: those of the theme as it is, or dark on white for paper. */
import { cssColor, resolvedColor } from '../ui/theme.ts';

export interface Palette {
  background: string;
  text: string;
  muted: string;
  grid: string;
  /** Of a CSS variable. */
  color: (name: string) => string;
}

/** The colours of the light theme, by variable; each at least 4.5 : 1 on white. */
const onPaper: Record<string, string> = {
  '--lh-right': '#2a8049',
  '--lh-wrong': '#941a1a',
  '--lh-cut': '#926800',
  '--lh-grey': '#696969',
  '--lh-faint': '#808080',
  '--lh-grid': '#c8c8c8',
  '--lh-verification': '#485688',
  '--lh-backtracking': '#be5113',
  '--lh-subgoal': '#693eab',
  '--lh-backward_reasoning': '#047c5f',
  '--lh-uncertainty': '#563e00',
  '--lh-answer_commitment': '#4a6f12',
  '--lh-restart': '#a3245c',
  '--lh-case_split': '#1f6580',
  '--lh-loop': '#a02c2c',
  '--lh-marker': '#696969',
};

export const paper: Palette = {
  background: '#ffffff',
  text: '#1f1f1f',
  muted: '#5a5a5a',
  grid: '#dddddd',
  color: (name) => onPaper[name] ?? '#444444',
};

export function themePalette(): Palette {
  return {
    background: cssColor('--lh-bg'),
    text: cssColor('--lh-fg'),
    muted: resolvedColor('--lh-muted'),
    grid: resolvedColor('--lh-track'),
    color: resolvedColor,
  };
}
