/** JSON lines on standard input. */
import { createInterface } from 'node:readline';

export interface InputLine {
  number: number;
  text: string;
}

/** Every line that is not blank, with its number from 1. */
export async function* inputLines(input: NodeJS.ReadableStream): AsyncGenerator<InputLine> {
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    number++;
    const text = number === 1 ? line.replace(/^\uFEFF/, '') : line;
    if (text.trim() !== '') yield { number, text };
  }
}

/** Writes a line to standard output, no faster than its reader reads. */
export async function writeLine(text: string): Promise<void> {
  if (!process.stdout.write(`${text}\n`)) await new Promise((resolve) => process.stdout.once('drain', resolve));
}
