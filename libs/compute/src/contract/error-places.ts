/**
 * The safe part of an unexpected error: its kind and its places in the code, never its message, which may
 * quote data.
 */
export function placesOf(error: unknown): { readonly name: string; readonly code?: string; readonly places: string[] } {
  if (!(error instanceof Error)) return { name: typeof error, places: [] };
  const { code } = error as NodeJS.ErrnoException;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { name: error.name, ...(code && { code }), places: frames.slice(0, 8).map((line) => line.trim()) };
}
