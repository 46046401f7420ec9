/** The problem is divided into cases. */
import { sentenceLabel } from './sentence-label.ts';

export const caseSplit = sentenceLabel('case_split', {
  inside: {
    anchors: 'case casework subcase scenario possibilit situation 情况',
    strong: [
      /(?:sub)?case (?:\d{1,3}|[ivx]{1,5}|[a-d]) ?[:.)–-]/,
      /(?:two|three|four|five|six|several|different|both|separate|following|all|many|\d{1,3}) (?:\w+ ){0,2}(?:cases|scenarios|possibilities|situations)/,
      /(?:by|into|in|consider|considering|handle|split|check) (?:the )?(?:\w+ )?cases/,
      /casework/,
      /(?:first|second|third|fourth|other|last|remaining) (?:sub)?case/,
      /consider(?:ing)? the case/,
      /分(?:情况|类)(?:讨论)?|(?:第[一二三四五]种|两种|三种|各种)情况|情况[一二三四五1-9]/,
    ],
    weak: [/in (?:either|each|both) cases?/, /in (?:the )?case (?:where|when|that|of)/, /for (?:each|the|this) case/],
  },
  opening: {
    anchors: 'case subcase',
    strong: [/\W{0,6}(?:sub-?)?case (?:\d{1,3}|[ivx]{1,5}|[a-d])(?:\.\d+)?\b/],
  },
});
