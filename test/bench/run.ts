/** Runs one bench by name and prints its figures as JSON lines. */
export interface Figure {
  name: string;
  value: number | null;
  unit: string;
  /** With its direction: `<=150`, `>=20`. */
  target: string | null;
  /** What another tool reaches, with its name. */
  peer?: string | null;
}

/** True when the value meets the target; null when there is no target or no value. */
function meets(figure: Figure): boolean | null {
  const match = /^(<=|>=)(-?[\d.]+)$/.exec(figure.target ?? '');
  if (!match || figure.value === null) return null;
  return match[1] === '<=' ? figure.value <= Number(match[2]) : figure.value >= Number(match[2]);
}

const name = process.argv[2] ?? '';
const module = (await import(`./${name}.ts`)) as { bench: () => Promise<Figure[]> };
for (const figure of await module.bench()) {
  console.log(JSON.stringify({ peer: null, ...figure }));
  if (meets(figure) === false)
    console.error(`  missed: ${figure.name} is ${figure.value} ${figure.unit}, the target is ${figure.target}`);
}
process.exit(0);
