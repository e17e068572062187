import type { JsonObject } from '../task-type.js';

/** What a result itself holds of a map by column, in bytes of JSON; the report holds all. */
const MAX_INLINE_BYTES = 48 * 1024;

/** As many columns as a result has room for, or as fit into `room` bytes. */
export function fitting(
  columns: JsonObject,
  room: number = MAX_INLINE_BYTES,
): { inline: JsonObject; truncated: boolean } {
  let bytes = 0;
  const entries = Object.entries(columns).filter((entry) => {
    bytes += Buffer.byteLength(JSON.stringify(entry));
    return bytes <= room;
  });
  return { inline: Object.fromEntries(entries), truncated: entries.length < Object.keys(columns).length };
}
