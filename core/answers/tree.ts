/** Questions about a formula's tree. */
import type { Node } from './expression.ts';

/** True when the formula has a sum, product, integral or limit, of which only the form is known. */
export function isOpaque(node: Node): boolean {
  return some(node, (one) => one.op === 'call' && one.name.startsWith('big:'));
}

/** True when the formula has a decimal literal, so that its value is rounded. */
export function hasDecimal(node: Node): boolean {
  return some(node, (one) => one.op === 'number' && one.digits.includes('.') && !/\.0*$/.test(one.digits));
}

function some(node: Node, holds: (one: Node) => boolean): boolean {
  if (holds(node)) return true;
  switch (node.op) {
    case 'number':
    case 'variable':
    case 'constant':
      return false;
    case 'add':
    case 'multiply':
    case 'divide':
    case 'power':
    case 'binomial':
      return some(node.left, holds) || some(node.right, holds);
    case 'root':
      return some(node.of, holds) || some(node.degree, holds);
    case 'call':
      return some(node.of, holds) || (node.base !== undefined && some(node.base, holds));
    default:
      return some(node.of, holds);
  }
}
