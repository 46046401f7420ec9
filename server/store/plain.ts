/**
 * A short text as the index keeps it: what SQLite's text cannot carry everywhere (lone surrogates; NUL, at which Node 22
 * ends a text that it reads) is U+FFFD. Long texts are kept as JSON or in parts, which carry everything.
 */
export const plain = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd');
