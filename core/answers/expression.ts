/**
 * Parses a formula into a tree: the arithmetic, powers, roots and functions that answers are made of. Longer than most files because
 * one recursive parser, whose parts call each other, is read most easily in one place.
 */

import { FUNCTIONS, tokenise, UnreadableError, type Token } from './tokens.ts';

export type Node =
  | { op: 'number'; value: number; digits: string }
  | { op: 'variable'; name: string }
  | { op: 'constant'; name: 'pi' | 'e' | 'i' | 'infinity' }
  | { op: 'add' | 'multiply' | 'divide' | 'power' | 'binomial'; left: Node; right: Node }
  | { op: 'negate' | 'factorial' | 'absolute' | 'floor' | 'ceil' | 'degrees' | 'percent'; of: Node }
  | { op: 'root'; of: Node; degree: Node }
  | { op: 'call'; name: string; of: Node; base?: Node };

const GREEK =
  /^(?:alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|vartheta|iota|kappa|lambda|mu|nu|xi|rho|sigma|tau|upsilon|phi|varphi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Sigma|Phi|Psi|Omega|ell|hbar)$/;
const DEPTH_LIMIT = 120;

/**
 * Parses a normalised formula. `tight` is the other reading where a product without a sign follows a slash: `1/2x` as 1/(2x); otherwise null.
 * @throws UnreadableError on anything else, and on formulas of more than 3,000 tokens or 120 levels.
 */
export function parse(text: string): { node: Node; tight: Node | null } {
  const parser = new Parser(tokenise(text), false);
  const node = parser.whole();
  return { node, tight: parser.isAmbiguous ? new Parser(tokenise(text), true).whole() : null };
}

class Parser {
  readonly #tokens: Token[];
  readonly #isTight: boolean;
  /** A product without a sign follows a slash. */
  isAmbiguous = false;
  #at = 0;
  #depth = 0;
  /** Bars that are open: a bar then closes. */
  #bars = 0;

  constructor(tokens: Token[], isTight: boolean) {
    this.#tokens = tokens;
    this.#isTight = isTight;
  }

  whole(): Node {
    const node = this.#sum();
    const rest = this.#tokens[this.#at];
    if (rest) throw new UnreadableError(`“${rest.text}” is unexpected`);
    return node;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #is(text: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.text === text && token.kind === 'sign';
  }

  #isCommand(text: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.text === text && token.kind === 'command';
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw new UnreadableError(`“${text}” is missing`);
  }

  #sum(): Node {
    if ((this.#depth += 1) > DEPTH_LIMIT)
      throw new UnreadableError(`the formula is nested more than ${DEPTH_LIMIT} levels`);
    let node = this.#signed();
    for (;;) {
      if (this.#take('+')) node = { op: 'add', left: node, right: this.#product() };
      else if (this.#take('-')) node = { op: 'add', left: node, right: { op: 'negate', of: this.#product() } };
      else break;
    }
    this.#depth -= 1;
    return node;
  }

  #signed(): Node {
    let negative = false;
    while (this.#is('-') || this.#is('+')) {
      if (this.#take('-')) negative = !negative;
      else this.#at += 1;
    }
    const node = this.#product();
    return negative ? { op: 'negate', of: node } : node;
  }

  #product(): Node {
    let node = this.#factor();
    for (;;) {
      if (this.#take('*') || (this.#isCommand('cdot') && (this.#at += 1)))
        node = { op: 'multiply', left: node, right: this.#signedFactor() };
      else if (this.#take('/')) node = { op: 'divide', left: node, right: this.#divisor() };
      else if (this.#startsFactor()) {
        const next = this.#peek()!;
        const previous = this.#tokens[this.#at - 1]!;
        // `1 000`, `2 3` are no products.
        if (next.kind === 'number' && previous.kind === 'number')
          throw new UnreadableError('two numbers stand side by side');
        const right = this.#factor();
        node = isMixed(node, previous, right, next)
          ? { op: 'add', left: node, right }
          : { op: 'multiply', left: node, right };
      } else return node;
    }
  }

  #divisor(): Node {
    let node = this.#signedFactor();
    if (this.#startsFactor()) this.isAmbiguous = true;
    while (this.#isTight && this.#startsFactor()) node = { op: 'multiply', left: node, right: this.#factor() };
    return node;
  }

  #signedFactor(): Node {
    if (this.#take('-')) return { op: 'negate', of: this.#signedFactor() };
    this.#take('+');
    return this.#factor();
  }

  #startsFactor(): boolean {
    const token = this.#peek();
    if (!token) return false;
    if (token.kind === 'sign')
      return token.text === '(' || token.text === '{' || token.text === '[' || (token.text === '|' && this.#bars === 0);
    if (token.kind === 'command') return !/^(?:cdot|rfloor|rceil|pmod|bmod|mod|text)$/.test(token.text);
    return true;
  }

  /** An atom with its postfixes and its power. */
  #factor(): Node {
    let node = this.#atom();
    for (;;) {
      if (this.#take('!')) node = { op: 'factorial', of: node };
      else if (this.#take('%') || this.#take('\\%')) node = { op: 'percent', of: node };
      else if (this.#take("'")) node = { op: 'call', name: 'prime', of: node };
      else if (this.#is('^')) {
        this.#at += 1;
        if (this.#isCommand('circ') && (this.#at += 1)) node = { op: 'degrees', of: node };
        else if (
          this.#is('{') &&
          this.#tokens[this.#at + 1]?.text === 'circ' &&
          this.#tokens[this.#at + 2]?.text === '}'
        ) {
          this.#at += 3;
          node = { op: 'degrees', of: node };
        } else return this.#powered(node);
      } else return node;
    }
  }

  #powered(base: Node): Node {
    const power: Node = { op: 'power', left: base, right: this.#argument() };
    return this.#take('!') ? { op: 'factorial', of: power } : power;
  }

  /** What TeX takes as one argument: a group, a command with its arguments, one digit or one letter. */
  #argument(): Node {
    if (this.#take('-')) return { op: 'negate', of: this.#argument() };
    const token = this.#peek();
    if (!token) throw new UnreadableError('an argument is missing');
    if (token.kind === 'number') {
      this.#at += 1;
      return number(token.text);
    }
    if (this.#take('{')) {
      const node = this.#sum();
      this.#expect('}');
      return node;
    }
    return this.#atom();
  }

  /** The argument of `\frac` and `\sqrt`: without braces it is one digit. */
  #digitArgument(): Node {
    const token = this.#peek();
    if (token?.kind === 'number' && token.text.length > 1 && !token.text.includes('.')) {
      this.#tokens[this.#at] = { ...token, text: token.text.slice(1), spaced: false };
      return number(token.text[0]!);
    }
    return this.#argument();
  }

  #atom(): Node {
    const token = this.#peek();
    if (!token) throw new UnreadableError('the formula ends too early');
    this.#at += 1;
    if (token.kind === 'number') return this.#based(token);
    if (token.kind === 'name') return this.#named(token.text);
    if (token.kind === 'command') return this.#command(token.text);
    if (token.text === '(' || token.text === '{' || token.text === '[') {
      const node = this.#withoutBars(() => this.#sum());
      this.#expect(token.text === '(' ? ')' : token.text === '{' ? '}' : ']');
      return node;
    }
    if (token.text === '|') {
      this.#bars += 1;
      const node = this.#sum();
      this.#bars -= 1;
      this.#expect('|');
      return { op: 'absolute', of: node };
    }
    throw new UnreadableError(`“${token.text}” is unexpected`);
  }

  #withoutBars(read: () => Node): Node {
    const bars = this.#bars;
    this.#bars = 0;
    const node = read();
    this.#bars = bars;
    return node;
  }

  /** `204_5` is a number in base 5. */
  #based(token: Token): Node {
    if (!this.#is('_')) return number(token.text);
    this.#at += 1;
    const subscript = this.#argument();
    const base = subscript.op === 'number' ? subscript.value : NaN;
    if (!(base >= 2 && base <= 36) || !/^\d+$/.test(token.text))
      throw new UnreadableError('the subscript of a number is not a base');
    return { op: 'call', name: 'base', of: number(token.text), base: subscript };
  }

  #named(letter: string): Node {
    let name = letter;
    if (this.#take('_')) name += `_${this.#subscript()}`;
    if (name === 'e') return { op: 'constant', name: 'e' };
    if (name === 'i') return { op: 'constant', name: 'i' };
    // A letter that mathematics keeps for functions, directly before a bracket; any letter before (0), which is no product.
    const isAtZero = this.#tokens[this.#at + 1]?.text === '0' && this.#tokens[this.#at + 2]?.text === ')';
    if ((/^[fghFGHPQ](?:_|$)/.test(name) || isAtZero) && this.#is('(') && !this.#peek()!.spaced) {
      this.#at += 1;
      const of = this.#withoutBars(() => this.#sum());
      this.#expect(')');
      return { op: 'call', name, of };
    }
    return { op: 'variable', name };
  }

  #subscript(): string {
    let text = '';
    if (!this.#take('{')) {
      text = this.#peek()?.text ?? '';
      this.#at += 1;
      return text;
    }
    for (let depth = 0; this.#peek() && (depth > 0 || !this.#is('}')); this.#at += 1) {
      depth += this.#is('{') ? 1 : this.#is('}') ? -1 : 0;
      text += this.#peek()!.text;
    }
    this.#expect('}');
    return text;
  }

  #command(name: string): Node {
    switch (name) {
      case 'frac':
        return { op: 'divide', left: this.#digitArgument(), right: this.#digitArgument() };
      case 'binom':
        return { op: 'binomial', left: this.#digitArgument(), right: this.#digitArgument() };
      case 'sqrt':
        return this.#root();
      case 'pi':
        return { op: 'constant', name: 'pi' };
      case 'infty':
        return { op: 'constant', name: 'infinity' };
      case 'sum':
      case 'prod':
      case 'int':
      case 'lim':
        return this.#big(name);
      case 'lfloor':
      case 'lceil': {
        const of = this.#sum();
        const closer = name === 'lfloor' ? 'rfloor' : 'rceil';
        if (!this.#isCommand(closer)) throw new UnreadableError(`\\${closer} is missing`);
        this.#at += 1;
        return { op: name === 'lfloor' ? 'floor' : 'ceil', of };
      }
      case 'mathrm': {
        this.#expect('{');
        let word = '';
        while (this.#peek() && !this.#is('}')) {
          word += this.#peek()!.text;
          this.#at += 1;
        }
        this.#expect('}');
        if (FUNCTIONS.has(word)) return this.#call(word);
        return word.length === 1 ? this.#named(word) : { op: 'variable', name: word };
      }
      case 'overline':
      case 'vec':
      case 'angle':
      case 'hat':
      case 'bar':
      case 'dot':
      case 'ddot':
      case 'tilde':
        return { op: 'call', name, of: this.#argument() };
      default:
        if (FUNCTIONS.has(name)) return this.#call(name);
        if (GREEK.test(name)) return this.#greek(name);
        throw new UnreadableError(`\\${name} is not read`);
    }
  }

  /** A sum, product, integral or limit: its bounds as they are written, its body as a formula. */
  #big(name: string): Node {
    let bounds = '';
    for (;;) {
      if (this.#take('_')) bounds += `_${this.#subscript()}`;
      else if (this.#take('^')) bounds += `^${this.#subscript()}`;
      else break;
    }
    return { op: 'call', name: `big:${name}${bounds}`, of: this.#product() };
  }

  #greek(name: string): Node {
    return { op: 'variable', name: this.#take('_') ? `${name}_${this.#subscript()}` : name };
  }

  #root(): Node {
    let degree: Node = number('2');
    if (this.#take('[')) {
      degree = this.#sum();
      this.#expect(']');
    }
    return { op: 'root', of: this.#is('(') ? this.#atom() : this.#digitArgument(), degree };
  }

  /** `\sin^2 x`, `\log_2 8`, `\sin 2x \cos x`: without brackets the argument is the product up to the next function. */
  #call(name: string): Node {
    let base: Node | undefined;
    let power: Node | undefined;
    for (;;) {
      if (this.#take('_')) base = this.#digitArgument();
      else if (this.#take('^')) power = this.#argument();
      else break;
    }
    let of: Node;
    if (this.#is('(') || this.#is('{') || this.#is('[')) of = this.#factor();
    else {
      of = this.#factor();
      for (
        let token = this.#peek();
        this.#startsFactor() && !(token!.kind === 'command' && FUNCTIONS.has(token!.text)) && !this.#is('(');
        token = this.#peek()
      ) {
        of = { op: 'multiply', left: of, right: this.#factor() };
      }
    }
    const inverse =
      power?.op === 'negate' && power.of.op === 'number' && power.of.value === 1 && /^(?:sin|cos|tan)$/.test(name);
    const call: Node = { op: 'call', name: inverse ? `arc${name}` : name, of, ...(base ? { base } : {}) };
    return power && !inverse ? { op: 'power', left: call, right: power } : call;
  }
}

/** `918\frac{1}{2}`: a whole number directly before a fraction of whole numbers is a mixed number. */
function isMixed(left: Node, previous: Token, right: Node, next: Token): boolean {
  return (
    left.op === 'number' &&
    previous.kind === 'number' &&
    Number.isInteger(left.value) &&
    next.text === 'frac' &&
    right.op === 'divide' &&
    right.left.op === 'number' &&
    right.right.op === 'number' &&
    right.left.value < right.right.value
  );
}

function number(digits: string): Node {
  return { op: 'number', value: Number(digits), digits };
}
