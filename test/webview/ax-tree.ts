/** The page as a screen reader meets it: Chromium's accessibility tree, in the order in which it is read. */
import type { Page } from 'playwright-core';

export interface AxNode {
  role: string;
  name: string;
  /** Of a slider, a field: what it says of itself. */
  value: string;
  description: string;
  properties: Readonly<Record<string, unknown>>;
  children: AxNode[];
}

/** The tree of the page, or of the first element that `selector` names; what is hidden or means nothing is left out. */
export async function axTree(page: Page, selector = 'body'): Promise<AxNode> {
  const session = await page.context().newCDPSession(page);
  await session.send('DOM.enable');
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  const { root } = await session.send('DOM.getDocument', { depth: 0 });
  const { nodeId } = await session.send('DOM.querySelector', { nodeId: root.nodeId, selector });
  const { node } = await session.send('DOM.describeNode', { nodeId });
  await session.detach();
  const byId = new Map(nodes.map((one) => [one.nodeId, one]));
  const text = (of: { value?: unknown } | undefined) => (typeof of?.value === 'string' ? of.value : '');
  const build = (id: string): AxNode[] => {
    const one = byId.get(id);
    if (!one) return [];
    const children = (one.childIds ?? []).flatMap(build);
    const role = text(one.role);
    if (one.ignored || role === 'none' || role === 'generic' || role === 'InlineTextBox') return children;
    const properties = Object.fromEntries((one.properties ?? []).map(({ name, value }) => [name, value.value]));
    const value = String(one.value?.value ?? '');
    return [{ role, name: text(one.name), value, description: text(one.description), properties, children }];
  };
  const start = nodes.find(({ backendDOMNodeId }) => backendDOMNodeId === node.backendNodeId);
  if (!start) throw new Error(`${selector} is not in the accessibility tree.`);
  return { role: 'root', name: '', value: '', description: '', properties: {}, children: build(start.nodeId) };
}

/** All nodes below, in the order of reading. */
export function all(node: AxNode): AxNode[] {
  return node.children.flatMap((child) => [child, ...all(child)]);
}

/** The text as it is read on and on, without names of controls. */
export function readOut(node: AxNode): string {
  if (node.role === 'StaticText' || node.role === 'math' || node.role === 'MathMLMath') return node.name;
  return node.children.map(readOut).join(' ').replace(/\s+/g, ' ').trim();
}
