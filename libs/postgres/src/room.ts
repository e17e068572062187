/**
 * Writes 300 KB to a temporary file of PostgreSQL and gives the room back: no rights are needed, and no row or log is written. The
 * rows of a function go to a file above work_mem.
 */
const PROBE = `
SELECT count(*) FROM set_config('work_mem', '64kB', true) AS low, LATERAL generate_series(1, 10000 + 0 * length(low))`;

const DISK_FULL = '53100';

/** Rejects, in words, where PostgreSQL answers and its disk is full: reading goes on then, and nothing can be written. */
export async function requireRoom(query: (text: string) => Promise<unknown>): Promise<void> {
  try {
    await query(PROBE);
  } catch (error) {
    if ((error as { code?: unknown }).code !== DISK_FULL) throw error;
    throw new Error('there is no room on the disk of PostgreSQL', { cause: error });
  }
}
