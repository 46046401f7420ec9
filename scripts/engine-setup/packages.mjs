/** What is installed: the lines of the lock file that fit this machine, and how much that downloads. */

/** Packages that exist only to serve an NVIDIA GPU under PyPI's Linux build of torch. */
const acceleratorPackage = /^(nvidia-|cuda-|triton$)/;

/**
 * Reads a lock file of pinned versions (`uv pip compile` or `pip freeze`).
 *
 * @param {string} text
 * @returns {{ name: string, version: string, line: string }[]} `line`: the requirement with its marker and without hashes
 */
export function readLock(text) {
  const packages = [];
  for (const raw of text.replace(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const line = raw
      .replace(/\s+#.*$/, '')
      .replace(/\s+--hash=\S+/g, '')
      .trim();
    const match = /^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;]+)/.exec(line);
    if (match) packages.push({ name: normalize(match[1] ?? ''), version: match[2] ?? '', line });
  }
  return packages;
}

/** @param {string} name @returns {string} the name as the package index compares it */
export function normalize(name) {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/**
 * The requirements for one machine.
 *
 * PyPI's Linux torch is linked against NVIDIA's libraries, so they stay even where no GPU is; its compiler triton alone can
 * be left out then. Another build of torch (from PyTorch's own index) names its own.
 *
 * @param {{ name: string, line: string }[]} lock
 * @param {{ backend: string | null, platform: string, gpu: boolean }} machine `backend` null: PyPI's torch
 * @returns {{ lines: string[], noDeps: boolean, leftOut: string[] }} `noDeps`: the lines are complete by themselves
 */
export function requirementsFor(lock, { backend, platform, gpu }) {
  const pypiLinux = backend === null && platform === 'linux';
  const keep = (/** @type {string} */ name) =>
    !acceleratorPackage.test(name) || (pypiLinux && (gpu || name !== 'triton'));
  return {
    lines: lock.filter(({ name }) => keep(name)).map(({ line }) => line),
    noDeps: backend === null || !gpu,
    leftOut: lock.filter(({ name }) => !keep(name)).map(({ name }) => name),
  };
}

/**
 * Adds up the sizes in a `pylock.toml` that was made for this machine.
 *
 * @param {string} pylock
 * @returns {{ bytes: number, packages: number, unknown: string[] }} `unknown`: packages whose index gives no size
 */
export function downloadSize(pylock) {
  let bytes = 0;
  let packages = 0;
  const unknown = [];
  for (const block of pylock.split('[[packages]]').slice(1)) {
    packages += 1;
    const wheels = /^wheels = \[([\s\S]*?)\]\s*$/m.exec(block)?.[1];
    const sizes = [...(wheels ?? block).matchAll(/\bsize = (\d+)/g)].map((match) => Number(match[1]));
    if (sizes.length > 0) bytes += Math.max(...sizes);
    else unknown.push(/^name = "([^"]+)"/m.exec(block)?.[1] ?? '?');
  }
  return { bytes, packages, unknown };
}

/** @param {string} text such as `514.2MiB` @returns {number} bytes */
export function parseSize(text) {
  const match = /^([\d.]+)\s*([KMGT]?)i?B$/i.exec(text);
  if (!match) return 0;
  return Number(match[1]) * 1024 ** ['', 'K', 'M', 'G', 'T'].indexOf((match[2] ?? '').toUpperCase());
}

/** @param {number} bytes @returns {string} such as `2.9 GB`, decimal */
export function formatBytes(bytes) {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
}
