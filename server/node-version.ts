/** The oldest Node that has `node:sqlite` without a flag. */
export const OLDEST_NODE = [22, 13] as const;

export function nodeIsNewEnough(version = process.versions.node): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}
