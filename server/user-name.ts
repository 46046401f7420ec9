/** Who reads, where a client does not say: the user under whom the service runs. */
import { userInfo } from 'node:os';

/** Never empty: a container may know no name of its user. */
export function userName(): string {
  try {
    return userInfo().username || fallback();
  } catch {
    return fallback();
  }
}

const fallback = (): string => process.env['USER'] ?? process.env['USERNAME'] ?? 'reader';
