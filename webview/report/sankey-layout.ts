/** Where the nodes and flows of a Sankey diagram lie. Pure. */

export interface Flow {
  from: string;
  to: string;
  n: number;
}

export interface PlacedNode {
  name: string;
  column: number;
  x: number;
  y: number;
  height: number;
  n: number;
}

export interface PlacedFlow<F extends Flow> {
  flow: F;
  /** From the middle of its start to the middle of its end. */
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  width: number;
}

export interface SankeyLayout<F extends Flow> {
  nodes: PlacedNode[];
  flows: PlacedFlow<F>[];
}

export const NODE_WIDTH = 8;
const GAP = 14;

/**
 * Columns by the longest way from a start; the height of a node is the larger of what comes in and what goes out; nodes stand in
 * the order of what feeds them. A flow that leads back (a circle) or carries nothing is left out.
 */
export function layout<F extends Flow>(given: readonly F[], width: number, height: number): SankeyLayout<F> {
  const flows = withoutCircles(given.filter(({ n }) => n > 0));
  const columns = columnsOf(flows);
  const last = Math.max(0, ...columns.values());
  const sums = new Map<string, { into: number; out: number }>();
  for (const name of columns.keys()) sums.set(name, { into: 0, out: 0 });
  for (const { from, to, n } of flows) {
    sums.get(from)!.out += n;
    sums.get(to)!.into += n;
  }
  const size = (name: string) => Math.max(sums.get(name)!.into, sums.get(name)!.out);
  const byColumn: string[][] = Array.from({ length: last + 1 }, () => []);
  for (const [name, column] of columns) byColumn[column]!.push(name);
  const scale = Math.min(
    ...byColumn.map((names) => {
      const total = names.reduce((sum, name) => sum + size(name), 0);
      return total > 0 ? (height - GAP * (names.length - 1)) / total : Infinity;
    }),
  );
  const nodes = new Map<string, PlacedNode>();
  for (const [column, names] of byColumn.entries()) {
    const middle = (name: string) => {
      const feeding = flows.filter(({ to }) => to === name);
      const weight = feeding.reduce((sum, { n }) => sum + n, 0);
      return weight === 0
        ? 0
        : feeding.reduce((sum, { from, n }) => sum + n * (nodes.get(from)!.y + nodes.get(from)!.height / 2), 0) /
            weight;
    };
    const middles = new Map(names.map((name) => [name, column === 0 ? 0 : middle(name)]));
    names.sort((a, b) => middles.get(a)! - middles.get(b)!);
    let y = 0;
    for (const name of names) {
      const tall = Math.max(1, size(name) * scale);
      const x = last === 0 ? 0 : (column * (width - NODE_WIDTH)) / last;
      nodes.set(name, { name, column, x, y, height: tall, n: size(name) });
      y += tall + GAP;
    }
    // A column that is not full stands in the middle.
    const lift = Math.max(0, (height - (y - GAP)) / 2);
    for (const name of names) nodes.get(name)!.y += lift;
  }
  return { nodes: [...nodes.values()], flows: place(flows, nodes, scale) };
}

/** Flows leave and enter a node in the order of their other ends, so that they cross as little as can be. */
function place<F extends Flow>(flows: F[], nodes: ReadonlyMap<string, PlacedNode>, scale: number): PlacedFlow<F>[] {
  const placed = flows.map((flow) => ({ flow, x0: 0, y0: 0, x1: 0, y1: 0, width: Math.max(1, flow.n * scale) }));
  for (const node of nodes.values()) {
    const ends = (side: 'from' | 'to', other: 'from' | 'to') =>
      placed
        .filter(({ flow }) => flow[side] === node.name)
        .sort((a, b) => nodes.get(a.flow[other])!.y - nodes.get(b.flow[other])!.y);
    let y = node.y;
    for (const one of ends('from', 'to')) {
      Object.assign(one, { x0: node.x + NODE_WIDTH, y0: y + one.width / 2 });
      y += one.width;
    }
    y = node.y;
    for (const one of ends('to', 'from')) {
      Object.assign(one, { x1: node.x, y1: y + one.width / 2 });
      y += one.width;
    }
  }
  return placed;
}

/** Each flow but those that would close a circle with the ones before them. */
function withoutCircles<F extends Flow>(flows: readonly F[]): F[] {
  const next = new Map<string, string[]>();
  const reaches = (from: string, to: string): boolean => {
    const seen = new Set<string>();
    const stack = [from];
    for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
      if (name === to) return true;
      if (seen.has(name)) continue;
      seen.add(name);
      stack.push(...(next.get(name) ?? []));
    }
    return false;
  };
  return flows.filter(({ from, to }) => {
    if (reaches(to, from)) return false;
    next.set(from, [...(next.get(from) ?? []), to]);
    return true;
  });
}

function columnsOf(flows: readonly Flow[]): Map<string, number> {
  const columns = new Map<string, number>();
  for (const { from, to } of flows) {
    if (!columns.has(from)) columns.set(from, 0);
    if (!columns.has(to)) columns.set(to, 0);
  }
  // No circle is left, so this ends after at most as many rounds as there are nodes.
  for (let changed = true; changed;) {
    changed = false;
    for (const { from, to } of flows) {
      if (columns.get(to)! > columns.get(from)!) continue;
      columns.set(to, columns.get(from)! + 1);
      changed = true;
    }
  }
  return columns;
}
