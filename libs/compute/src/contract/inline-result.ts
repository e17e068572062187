import type { JsonObject } from './task-type.js';

/** The room for a map by column in a result, in bytes of JSON; the report holds all. */
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

/** Cuts each party's list of columns to its share of `room` bytes. */
export function fittingNames(
  lists: Readonly<Record<string, readonly string[]>>,
  room: number = MAX_INLINE_BYTES,
): { inline: Record<string, string[]>; truncated: boolean } {
  const share = room / Object.keys(lists).length;
  let truncated = false;
  const inline = Object.entries(lists).map(([party, names]) => {
    let bytes = 0;
    const over = names.findIndex((name) => (bytes += Buffer.byteLength(JSON.stringify(name)) + 1) > share);
    truncated ||= over >= 0;
    return [party, over < 0 ? [...names] : names.slice(0, over)] as const;
  });
  return { inline: Object.fromEntries(inline), truncated };
}
