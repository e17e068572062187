const LEAST_BYTES = 64 * 1024;

/** The size to state of a claimed party's file, in bytes: the next power of two, of at least 64 KiB. */
export function statedSize(bytes: number): number {
  let stated = LEAST_BYTES;
  while (stated < bytes) stated *= 2;
  return stated;
}
