/** The solution is begun again from the start. */
import { sentenceLabel } from './sentence-label.ts';

export const restart = sentenceLabel('restart', {
  inside: {
    anchors:
      'over scratch begin start redo restart rework rederive derive resolve solve recalculate calculate beginning again 重 从',
    strong: [
      /(?:let me|let's|let’s|let us|i(?:'ll|’ll| will| should| need to| have to)|we (?:should|need to|have to|must)|maybe|perhaps) (?:\w+ ){0,2}(?:start|begin) (?:this |it |the problem )?(?:over|again|afresh|from (?:scratch|the (?:very )?(?:beginning|start)))/,
      /(?:start|starting|begin|beginning) (?:over|from scratch|all over)/,
      /(?:let me|let's|let’s|let us|i(?:'ll|’ll| will| should| need to)|we (?:should|need to)) (?:\w+ )?(?:redo|restart|rework|re-?derive|re-?solve|re-?calculate everything)/,
      /(?:do|work|go|run|derive|compute|solve|think|count|try) (?:\w+ ){0,4}(?:again|over) from (?:scratch|the (?:very )?(?:beginning|start))/,
      /from scratch/,
      /重新(?:开始|计算|考虑|推导)|从头(?:开始|再来)/,
    ],
    weak: [
      /(?:let me|let's|let’s|let us) try (?:this |it |that )?(?:all )?over again/,
      /back to the (?:very )?(?:beginning|start)/,
    ],
  },
  opening: {
    anchors: 'starting beginning',
    strong: [/\W{0,4}(?:starting|beginning) again/],
  },
});
