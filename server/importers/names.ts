/**
 * The names under which files keep what Longhand wants to know, with how sure the name alone is (0 to 1). Written without
 * case, underscores, spaces and `[]`; a name with dots must match the end of the whole path, one without the last key.
 */
import { isMessages } from './messages.ts';

export type NameTable = Readonly<Record<string, number>>;

// prettier-ignore
export const completionNames: NameTable = {
  completion: 1, completions: 1, generations: 1, generatedresponses: 1, generatedresponse: 1, generatedcot: 1,
  generatedtext: 1, generation: 1, response: 1, responses: 1, modelanswer: 1, modelresponse: 1, modelresponses: 1,
  modeloutput: 1, modeloutputs: 1, modelcompletion: 1, llmresponse: 1, llmoutput: 1, fullmodelresponse: 1.1,
  originalresponse: 1, passrategenerations: 1, resps: 1, rollout: 1, rollouts: 1, 'rollouts.text': 1, 'outputs.text': 1,
  'choices.message.content': 1, 'choices.text': 1, 'response.body.choices.message.content': 1, 'completions.text': 1,
  'modelresponse.text': 1, output: 0.85, outputs: 0.85, outputtext: 0.85, trace: 0.85, traces: 0.85,
  reasoningtrace: 0.85, cot: 0.85, chainofthought: 0.85, longcot: 0.85, 'modelprediction.proof': 0.85, rationale: 0.7,
  deepseekattempt: 0.75, attempt: 0.7, code: 0.7, chosen: 0.7, bestfullmodelresponse: 0.5, prediction: 0.5,
  predictions: 0.5, text: 0.35, content: 0.35, solution: 0.3, answer: 0.2, value: 0.2,
};

// prettier-ignore
export const problemNames: NameTable = {
  problem: 1, question: 0.98, problemtext: 0.97, questiontext: 0.97, originalquestion: 0.95, originalproblem: 0.95,
  'rawinput.question': 0.9, 'doc.question': 0.9, 'doc.problem': 0.9, 'doc.query': 0.85, query: 0.8, instruction: 0.75,
  prompt: 0.7, inputtext: 0.65, input: 0.65, 'rawinput.problem': 0.9, statement: 0.6, userprompt: 0.7,
};

// prettier-ignore
/** Where the prompt stands as the model saw it, beside or instead of the bare problem. */
export const promptNames: NameTable = {
  prompt: 1, formattedprompt: 1, fullprompt: 1, input: 0.9, 'arguments.genargs0.arg0': 1, 'originprompt.data': 0.8,
};

// prettier-ignore
export const goldNames: NameTable = {
  goldanswer: 1, gold: 1, correctanswer: 1, groundtruth: 1, groundtruthanswer: 1, referenceanswer: 1, expectedanswer: 1,
  gts: 1, gt: 1, goldenanswer: 1, gtanswer: 1, 'rewardmodel.groundtruth': 1, 'review.gold': 0.95, finalanswer: 0.8,
  answer: 0.75, 'doc.answer': 0.72, 'rawinput.answer': 0.72, target: 0.7, targets: 0.65, reference: 0.6,
  label: 0.5, groundtruthsolution: 0.5, solution: 0.5,
};

// prettier-ignore
export const idNames: NameTable = {
  questionid: 1, problemid: 1, uniqueid: 0.95, problemidx: 0.95, promptid: 0.95, docid: 0.9, taskid: 0.85, customid: 0.85,
  id: 0.8, idx: 0.75, uuid: 0.7, uid: 0.7, 'extrainfo.index': 0.6, 'extrainfo.id': 0.6, index: 0.6,
};

// prettier-ignore
/** What a file records about a completion. */
export const factNames = {
  verdict: {
    answerscorrectness: 1, iscorrect: 0.98, correctnessmathverify: 1, correctness: 1, correct: 0.95, iscorrectanswer: 0.95,
    'review.result': 0.95, exactmatch: 0.9, mathverify: 0.9, verified: 0.9, passed: 0.9, correctnessllama: 0.85, acc: 0.8,
    accuracy: 0.75, score: 0.7, scores: 0.7,
  },
  finish: { finishreasons: 1, finishreason: 1, stopreason: 0.8, stopreasons: 0.8 },
  truncated: { truncated: 1, istruncated: 1 },
  tokens: {
    completiontokens: 1, ncompletiontokens: 1, ntokens: 0.95, numtokens: 0.95, tokencount: 0.9, generatedtokens: 0.9,
    responsetokens: 0.9, outputtokens: 0.8,
  },
  reward: { reward: 1, totalreward: 1, score: 0.8, scores: 0.75, passraterewards: 0.9 },
  advantage: { advantage: 1, advantages: 1 },
  step: { step: 1, globalstep: 1, trainingstep: 1 },
  epoch: { epoch: 1 },
  sample: { sampleindex: 1, rolloutindex: 0.9, sampleidx: 0.9, generationindex: 0.9 },
  model: { model: 1, modelname: 1, modelid: 0.9, llm: 0.8, generator: 0.7 },
  reasoning: {
    reasoningcontent: 1, 'message.reasoning': 0.95, thinking: 0.95, reasoning: 0.9, deepseekthinkingtrajectory: 0.9,
    thinkingtrajectories: 0.85, thinkingtrajectory: 0.85, thought: 0.7, thoughts: 0.7,
  },
  group: { groupid: 1, group: 0.8 },
  /** lm-eval repeats each completion under every filter. */
  set: { filter: 1, benchmark: 0.9, subsetname: 0.8 },
  checker: { checker: 1 },
  temperature: { temperature: 1 },
  top_p: { topp: 1 },
  top_k: { topk: 1 },
  max_tokens: { maxtokens: 1, maxnewtokens: 0.9, maxgentoks: 0.9 },
  seed: { seed: 1 },
} as const satisfies Record<string, NameTable>;
export type FactName = keyof typeof factNames;
// prettier-ignore
export const facts: readonly FactName[] = [
  'verdict', 'finish', 'truncated', 'tokens', 'reward', 'advantage', 'step', 'epoch', 'sample', 'model', 'reasoning', 'group',
  'set', 'checker', 'temperature', 'top_p', 'top_k', 'max_tokens', 'seed',
];

/** A path as the tables write it. */
export function plainName(path: string): string {
  const lower = path.toLowerCase().replace(/\[\d*\]/g, '');
  return lower.replace(/[^\p{L}\p{N}.]/gu, '');
}

/** How well a path fits a table: the name's own score, less where it lies deep inside the row. 0: not at all. */
export function nameScore(path: string, table: NameTable): number {
  const name = plainName(path);
  const parts = name.split('.');
  let best = 0;
  for (let from = 0; from < parts.length; from++) {
    const tail = parts.slice(from).join('.');
    if (Object.hasOwn(table, tail)) best = Math.max(best, table[tail]! - 0.03 * from);
  }
  return best;
}

/** True for an object that names a problem or a completion, or holds a conversation: a row and not what wraps rows. */
export function looksLikeRow(value: Record<string, unknown>): boolean {
  for (const [key, member] of Object.entries(value)) {
    if (isMessages(member)) return true;
    const text = typeof member === 'string' || (Array.isArray(member) && typeof member[0] === 'string');
    const name = plainName(key);
    if (typeof member === 'string' && ((problemNames[name] ?? 0) >= 0.7 || (completionNames[name] ?? 0) >= 0.85))
      return true;
    if (text && name !== 'responses' && (completionNames[name] ?? 0) >= 0.85) return true;
    if (name === 'choices' && Array.isArray(member)) return true;
  }
  return false;
}
