/** Normalises a problem's text for its id: NFC, every run of white space one space, trimmed. */
export function normalizeProblem(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim();
}
