/** From the goal to what it needs. */
import { sentenceLabel } from './sentence-label.ts';

export const backwardReasoning = sentenceLabel('backward_reasoning', {
  inside: {
    anchors:
      'backward back reverse answer goal target desired conclusion suffice enough sufficient what 倒 逆 反 从 只',
    strong: [
      /work(?:ing|ed|s)? (?:our way |my way |it )?backwards?/,
      /work(?:ing)? back from/,
      /(?:think(?:ing)?|go(?:ing)?|reason(?:ing)?|start(?:ing)?|trac(?:e|ing)|solv(?:e|ing)|count(?:ing)?) backwards?/,
      /backwards? (?:from|induction|reasoning|chaining|approach)/,
      /reverse[- ]engineer\w{0,4}/,
      /(?:start|starting|begin|beginning|going|go) (?:from|with|at) the (?:answer|goal|target|desired|conclusion)/,
      /(?:suppose|assume|assuming|if) (?:that )?(?:the |our |my )?(?:final )?answer (?:is|were|was|equals)/,
      /it (?:suffices|is enough|is sufficient|would suffice) to/,
      /倒推|逆推|反推|从(?:结论|目标|答案)出发|只需(?:证|要证)/,
    ],
    weak: [
      /what (?:\w+ ){0,3}(?:would|must|do|does|should) (?:\w+ ){0,4}(?:need(?:ed)?|required?|have been|give us|lead to)/,
    ],
  },
  opening: {
    anchors: 'order for',
    strong: [
      /\W{0,6}(?:(?:so|now|but|and|then|thus|therefore|hence|also|because),? )?in order (?:for|to) [^.;:?!\n]{1,90}?,? (?:we|it|there|one|this|that|\S{1,20}) (?:must|needs?|would (?:need|have)|has to|have to|should|requires?)/,
      /\W{0,6}(?:(?:so|now|but|and|then|thus|therefore|hence|also|because),? )?for (?:this|that|it|these|which|there|\S{1,24}|the \w{1,20}|all \w{1,20}) to (?:be|hold|happen|work|divide|exist|have|equal|vanish|occur|end|win|reach|become)\b[^.;:?!\n]{0,80}?(?:must|needs?|has to|have to|requires?|required|it is necessary|should)/,
    ],
  },
  negatable: false,
});
