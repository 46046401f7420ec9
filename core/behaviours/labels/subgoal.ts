/** A step is announced, on any scale, or the problem is split into steps. */
import { sentenceLabel } from './sentence-label.ts';

/** What is done in a step. Naming is not among them ("let's denote"). */
const DO =
  'find|compute|calculate|determine|solve|evaluate|derive|express|simplify|expand|factor|rewrite|write (?:out|down)|set up|introduce|assign|consider|analy[sz]e|examine|explore|look|list|enumerate|count|apply|use|try|start|begin|break|split|work|proceed|focus|go|move|recap|summarize|figure|think (?:about|of|in)|approach|tackle|substitute|plug|subtract|add|multiply|divide|combine|isolate|eliminate|differentiate|integrate|draw|visualize|sketch|place|represent|model|construct|generate|get|take|do|plot|parametrize|parameterize|compare|prove|show|establish|identify|understand|continue|formalize|translate|organize|test|put|make|choose|pick|outline|maximize|minimize|first|next|then|see (?:how|what|whether|if)|convert|check|double-check|verify|confirm|recheck|recompute|revisit|reconsider';

/** A result in the sentence itself: the step is done, not announced. */
const DONE = /=[^=:]{1,80}=|= ?-?[\d.,/()\\{}^a-z ]+[.]$/;

export const subgoal = sentenceLabel(
  'subgoal',
  {
    inside: {
      anchors:
        'let goal task aim plan objective strategy idea step break need want have 首先 接下来 下一步 我们需要 第',
      strong: [
        new RegExp(
          `let(?:'s|’s| us| me) (?:(?:just|also|now|first|next|then|again|actually|quickly|briefly|try to|see if (?:i|we) can|go ahead and|start by|begin by|instead) )*(?:${DO})`,
        ),
        /(?:our|the|my|main|next|first) (?:goal|task|aim|plan|strategy|objective|approach|idea|next step|first step) (?:is|here is|will be|would be)/,
        /break (?:it|this|that|the problem|things|everything) (?:down|into|up)/,
        /(?:i|we) (?:need|have|want) to (?:find|compute|calculate|determine|solve|figure|show|count|express|evaluate|get|understand|minimize|maximize)/,
        /首先|接下来|下一步|我们需要(?:求|找|计算)|第[一二三四五]步/,
      ],
    },
    opening: {
      anchors:
        'i we first second third fourth fifth sixth next then now finally step to perhaps maybe for similarly comput calculat find simplif solve evaluat expand factor combin determin rewrite substitut plug express consider apply use using convert different multipl divid subtract add write set check #',
      strong: [
        new RegExp(
          `\\W{0,6}(?:(?:so|okay|ok|alright|now|and|but|well|hmm|wait|first|next|then|also|therefore|thus|hence|finally),? ){0,3}(?:i|we)(?:'ll| will|’ll| should| could| can| might| need to| have to| want to| must| am going to| are going to|'d| would)(?: (?:now|first|then|also|just|next|like to|try to|start by|need to))* (?:${DO})`,
        ),
        /\W{0,6}(?:first|second|third|fourth|fifth|sixth|next|then|now|finally)(?:ly)?,? (?:(?:i|we)(?:'ll|’ll| will| need| must| should| can| want| have to| are going to| find| compute| calculate| determine| solve| add| subtract| multiply| divide| simplify| evaluate| substitute| use| apply| express| consider| look| count)|let|find|compute|calculate|determine|solve|express|evaluate|consider|simplify|substitute|use|apply|to|for)/,
        /\W{0,6}(?:\*\*)?step (?:\d{1,3}|one|two|three|four|five)\b/,
        /#{1,6} (?![\\$\d-])[^\n]{1,120}$/,
        /\W{0,6}(?:first|second|third|fourth|fifth|sixth|next), i need/,
        /\W{0,6}(?:now,? |next,? |then,? )?check\b[^\n]{0,100}:$/,
        /\W{0,6}(?:compute|calculate|find|determine|evaluate|solve|simplify|expand|factor) [^\n=]{2,120}[.]$/,
        new RegExp(
          `\\W{0,6}(?:(?:now|next|then|so|first|similarly|also|finally),? )?(?:compute|calculate|find|simplify|solve|evaluate|expand|factor|combine|determine|rewrite|substitute|plug in|express|consider|apply|use|using|convert|differentiate|multiply|divide|subtract|add|write|set)\\b[^\\n]{0,140}:$`,
        ),
      ],
      weak: [
        /\W{0,6}(?:so |now,? |thus,? |next,? )?to (?:find|determine|solve|compute|calculate|get|maximize|minimize|evaluate|simplify|proceed)\b/,
        /\W{0,6}(?:perhaps|maybe) (?:i|we) (?:can|could|should|need to) (?!approach|think)/,
        /\W{0,6}(?:for|similarly,? for) [^\n.]{1,80}:$/,
      ],
    },
  },
  (sentence) => DONE.test(sentence),
);
