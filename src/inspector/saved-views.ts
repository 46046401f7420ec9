/** The lists of traces that a reader named, and the list's columns: checking those that come from outside, changing. Pure. */
import { LonghandError } from '../../core/protocol/errors.ts';
import type { TraceSortKey } from '../../core/protocol/traces.ts';
import type { ListColumns, SavedView, SavedViewChange } from '../../core/protocol/webview.ts';
import { at, textAt } from '../shape.ts';

const MAX_VIEWS = 100;
/** Longest name of a view and longest query, in UTF-16 units. */
const MAX_NAME = 100;
const MAX_QUERY = 10_000;
const MAX_COLUMNS = 60;

/** What came from a page or an older version is not trusted to be what its type says. Null where it is no view. */
export function asSavedView(value: unknown): SavedView | null {
  const name = textAt(value, 'name')?.trim();
  const query = textAt(value, 'query');
  if (!name || query === undefined || name.length > MAX_NAME || query.length > MAX_QUERY) return null;
  const key = textAt(value, 'sort', 'key');
  const columns = asIds(at(value, 'columns'));
  return {
    ...{ name, query },
    ...(key && { sort: { key: key as TraceSortKey, descending: at(value, 'sort', 'descending') === true } }),
    ...(columns && { columns }),
  };
}

/** Ids and widths that are such; the page knows which of the columns there are. */
export function asListColumns(value: unknown): ListColumns {
  const shown = asIds(at(value, 'shown'));
  const widths = Object.entries(at(value, 'widths') ?? {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] >= 8 && entry[1] <= 2000,
  );
  return {
    ...(shown && { shown }),
    ...(widths.length > 0 && { widths: Object.fromEntries(widths.slice(0, MAX_COLUMNS)) }),
  };
}

function asIds(value: unknown): string[] | null {
  if (!Array.isArray(value)) return null;
  const ids = value.filter((id): id is string => typeof id === 'string' && id.length <= 50);
  return ids.length > 0 ? ids.slice(0, MAX_COLUMNS) : null;
}

/**
 * The views after a change.
 *
 * @throws `invalid_params` for a view or a name that is none, `not_found`, `not_runnable` where the name is taken or as many views
 *   are there as are kept
 */
export function changedViews(views: readonly SavedView[], change: SavedViewChange): SavedView[] {
  const named = (name: string | undefined) => views.findIndex((view) => view.name === name);
  const wrongName = () => new LonghandError('invalid_params', `A name has 1 to ${MAX_NAME} characters.`);
  if (at(change, 'save') !== undefined) {
    const view = asSavedView(at(change, 'save'));
    if (!view) throw wrongName();
    const others = views.filter(({ name }) => name !== view.name);
    if (others.length >= MAX_VIEWS)
      throw new LonghandError('not_runnable', `${MAX_VIEWS} views are kept. Delete one of them to save another.`);
    return [...others, view];
  }
  if (at(change, 'rename') !== undefined) {
    const index = named(textAt(change, 'rename', 'from'));
    const to = textAt(change, 'rename', 'to')?.trim() ?? '';
    if (index < 0) throw new LonghandError('not_found', 'That view is not there any more.');
    if (!to || to.length > MAX_NAME) throw wrongName();
    if (named(to) >= 0 && named(to) !== index)
      throw new LonghandError('not_runnable', `There is a view named “${to}” already.`);
    return views.map((view, i) => (i === index ? { ...view, name: to } : view));
  }
  const gone = textAt(change, 'remove', 'name');
  return views.filter(({ name }) => name !== gone);
}
