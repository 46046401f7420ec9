/** What a command prints: for people, or with `--json` one object on the last line of standard output. */

export class Output {
  readonly json: boolean;

  constructor(json: boolean) {
    this.json = json;
  }

  /** A line for people; with `--json` it goes to standard error, since standard output belongs to the object. */
  line(text = ''): void {
    if (this.json) process.stderr.write(`${text}\n`);
    else process.stdout.write(`${text}\n`);
  }

  /** The result: the object with `--json`, otherwise the lines. */
  result(object: unknown, lines: readonly string[]): void {
    if (this.json) process.stdout.write(`${JSON.stringify(object)}\n`);
    else for (const line of lines) process.stdout.write(`${line}\n`);
  }

  error(text: string): void {
    process.stderr.write(`longhand: ${text}\n`);
  }
}

/** Rows as text with aligned columns; numbers are aligned to the right. The first row is the head. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(widest[i] ?? 0, cell.length)),
    [],
  );
  const numeric = widths.map((_, i) => rows.slice(1).every((row) => /^[-–+\d. %[\],s]*$/.test(row[i] ?? '')));
  return rows.map((row) =>
    row
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** `1 h 5 min`, `3 min 20 s`, `45 s`, `3.1 s`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
