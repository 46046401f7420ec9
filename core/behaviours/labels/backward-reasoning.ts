/** From the goal to what it needs. */
import { sentenceLabel } from './sentence-label.ts';

export const backwardReasoning = sentenceLabel('backward_reasoning', {
  inside: {
    anchors:
      'backward back reverse suppose assum answer order for suffice enough sufficient must want target goal iff if exactly 倒推 逆推 反推 从 只需',
    strong: [
      /work(?:ing|ed|s)? (?:our way |my way |it )?backwards?/,
      /work(?:ing)? back from/,
      /(?:think(?:ing)?|go(?:ing)?|reason(?:ing)?|start(?:ing)?|trac(?:e|ing)|solv(?:e|ing)|count(?:ing)?) backwards?/,
      /backwards? (?:from|induction|reasoning|chaining|approach)/,
      /reverse[- ]engineer\w{0,4}/,
      /(?:start|starting|begin|beginning|going|go) (?:from|with|at) the (?:answer|goal|target|end|desired|conclusion|last step|result that)/,
      /(?:suppose|assume|assuming|if) (?:that )?(?:the |our |my )?(?:final )?answer (?:is|were|was|equals)/,
      /in order (?:for|to) [^.;:?!\n]{1,90}?,? (?:we|it|there|one|\S+|this|that) (?:must|needs?|would (?:need|have)|has to|have to|should|requires?)/,
      /for (?:this|that|it|these|which|there|\S{1,24}) to (?:be|hold|happen|work|divide|exist|have|equal|vanish|occur|end|win|reach|become) [^.;:?!\n]{0,80}?(?:must|needs?|has to|have to|require[sd]?|it is necessary|should)/,
      /it (?:suffices|is enough|is sufficient|would suffice) to/,
      /(?:what|which) (?:\w+ ){0,4}(?:would|must|do|does|should) (?:\w+ ){0,5}(?:need(?:ed)?|required?|have been|give us|lead to)/,
      /倒推|逆推|反推|从(?:结论|目标|答案)出发|只需(?:证|要证)/,
    ],
    weak: [
      /(?:we|i) want (?:to (?:get|have|reach|end up with|show)|\S+ (?:to be|=|\\equiv)) [^.;:?!\n]{0,80}?(?:so|which means|that means|means|therefore|i\.e\.)/,
      /(?:is|are) (?:true |equivalent |satisfied )?(?:if and only if|iff|exactly when)/,
      /(?:the |our )?(?:goal|target) (?:is|was) [^.;:?!\n]{1,60}?(?:so|therefore|which means|that means) (?:we|i|it)/,
    ],
  },
  negatable: false,
});
