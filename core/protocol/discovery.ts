/** How a client on the same machine finds the backend of a root: `<root>/service.json`, mode 0600, written when it listens. */
import * as z from 'zod';

export const DISCOVERY_FILE = 'service.json';

export const discoverySchema = z.object({
  v: z.literal(1),
  /** `ws://127.0.0.1:PORT` */
  url: z.string(),
  port: z.number().int(),
  token: z.string(),
  pid: z.number().int(),
  /** Version of the package that the service runs from, and the major of its contract. */
  version: z.string(),
  major: z.number().int(),
  started: z.number(),
});
export type Discovery = z.infer<typeof discoverySchema>;

/** The content of a discovery file, or null where it is not one (half a file, an unknown version). */
export function parseDiscovery(text: string): Discovery | null {
  try {
    return discoverySchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
