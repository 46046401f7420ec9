/** `--set k=v`: changes values in a recipe's text, its comments and order kept, so that the run's recipe.yaml is what ran. */
import { isMap, isSeq, parseDocument, type Document } from 'yaml';
import { LonghandError } from '../../core/protocol/errors.ts';
import { suggestion } from '../../core/recipes/nearest.ts';

/**
 * `vars.NAME` or `NAME` sets a variable that the recipe declares; `stages.ID.KEY…` sets a value of a stage.
 * @throws LonghandError `invalid_params` for what the recipe does not have
 */
export function applySet(text: string, set: Readonly<Record<string, unknown>>): string {
  if (Object.keys(set).length === 0) return text;
  const document = parseDocument(text);
  if (document.errors.length > 0) return text;
  for (const [key, value] of Object.entries(set)) document.setIn(pathOf(document, key), value);
  return document.toString({ lineWidth: 0 });
}

function pathOf(document: Document, key: string): (string | number)[] {
  const [first = '', ...rest] = key.split('.');
  if (first === 'stages') return stagePath(document, rest, key);
  const name = first === 'vars' && rest.length > 0 ? rest.join('.') : key;
  const vars = document.get('vars');
  const names = isMap(vars) ? vars.items.map((item) => String(item.key)) : [];
  if (!names.includes(name)) throw unknown('variable', name, names);
  return ['vars', name];
}

function stagePath(document: Document, [id = '', ...keys]: string[], key: string): (string | number)[] {
  const stages = document.get('stages');
  const ids = isSeq(stages) ? stages.items.map((item) => (isMap(item) ? String(item.get('id')) : '')) : [];
  const index = ids.indexOf(id);
  if (index < 0) throw unknown('stage', id, ids);
  if (keys.length === 0) throw new LonghandError('invalid_params', `${key} names a stage and no value of it.`);
  return ['stages', index, ...keys];
}

function unknown(what: string, name: string, known: string[]): LonghandError {
  return new LonghandError('invalid_params', `the recipe has no ${what} “${name}”${suggestion(name, known)}`);
}
