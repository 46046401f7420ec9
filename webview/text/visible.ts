/** Texts of a model as they are shown: nothing in them is unseen, turns what stands around, or takes all of the room. */

/** More accents on one letter than any language has: they would be drawn on and on over the lines around. */
const FLOOD = /(\p{M}{8})(\p{M}+)/gu;

/** More signs joined to one than any emoji or script has: the browser takes them for one letter, and works on all of it for each part. */
const CHAIN = /((?:[^\u200d]{1,3}\u200d){8})((?:[^\u200d]{1,3}\u200d)+)/gu;

/** What may have to be shown by another sign. */
const SIGNS =
  // eslint-disable-next-line no-control-regex
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff]/;

/**
 * Control characters, those that turn the direction of text or take no room, and floods of accents and joiners, as visible signs: one for one,
 * so that every offset stays. What is copied comes from the raw text.
 */
export function visible(given: string): string {
  const raw = given
    .replace(FLOOD, (_, drawn: string, more: string) => drawn + '\u25cc'.repeat(more.length))
    .replace(CHAIN, (_, drawn: string, more: string) => drawn + more.replaceAll('\u200d', '\u2423'));
  if (!SIGNS.test(raw)) return raw;
  return (
    raw
      // eslint-disable-next-line no-control-regex
      .replace(/[\0-\x08\x0b\x0c\x0e-\x1f]|\r(?!\n)/g, (sign) => String.fromCharCode(0x2400 + sign.charCodeAt(0)))
      .replace(/\x7f/g, '\u2421')
      .replace(/[\x85\u2028\u2029]/g, '\u2424')
      .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\u21c4')
      .replace(/[\u00ad\u115f\u1160\u180e\u200b\u2060-\u2065\u3164\ufeff\uffa0\ufff9-\ufffb]/g, '\u2423')
      // Tags: letters that nobody sees, of two units each.
      .replace(/\udb40[\udc00-\udc7f]/g, '\u2423\u2423')
      .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|[\x80-\x9f]/g, '\ufffd')
  );
}

/** Most units of a text that is shown beside others: an answer may be as long as its trace. */
const BRIEF = 300;

/** The beginning of a text, for a cell or a line among others. */
export function brief(text: string): string {
  return text.length <= BRIEF ? visible(text) : `${visible(text.slice(0, BRIEF))}…`;
}
