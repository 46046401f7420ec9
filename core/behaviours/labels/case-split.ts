/** The problem is divided into cases. */
import { cues, sentenceHits } from '../cues.ts';
import { passage, type LabelRules } from '../label.ts';

const scan = cues({
  strong: [
    /case (?:\d+|[ivx]+|[a-c])[:.)]/,
    /(?:two|three|four|several|different|both|\d+) (?:\w+ )?cases/,
    /by cases/,
    /casework/,
    /consider (?:the )?(?:following )?cases/,
    /cases? where/,
  ],
  weak: [/(?:first|second|third|other|last) case/, /in (?:this|that|either|each) case/],
  literal: [/情况[一二三四12345]/],
});

export const caseSplit: LabelRules = {
  label: 'case_split',
  find(reading) {
    return sentenceHits(reading, scan).map((hit) =>
      passage(reading, hit.step, hit.step, hit.words, hit.strong ? 0.9 : 0.6),
    );
  },
};
