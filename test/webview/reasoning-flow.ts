/** Real completions for the pages: what ReasoningFlow published of AIME 2024. */
import { readFileSync } from 'node:fs';
import { fakeTrace, type FakeTrace } from './fake-host.ts';

interface ReasoningFlowLine {
  question_id: string;
  question: string;
  correct_answer: string;
  response: string;
}

/** Real completions of a file of ReasoningFlow, as the import of that file would show them. */
export function readReasoningFlow(path: string, model: string, from = 0): FakeTrace[] {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map((line, i) => {
    const { question_id, question, correct_answer, response } = JSON.parse(line) as ReasoningFlowLine;
    return fakeTrace(from + i, {
      completion: response,
      stage: 'import',
      step: null,
      problem: question_id,
      problemLabel: question_id,
      problemText: question,
      sourceId: question_id,
      gold: correct_answer,
      model,
      source: { file: path, line: i + 1 },
    });
  });
}
