import type { PartyProgram } from '../party/party-program.js';

const SLICE_MS = 100;

/** Keeps a core busy for `cpu_ms` and reports progress. It never yields: only the end of its process stops it sooner. */
export const run: PartyProgram<{ readonly cpu_ms: number }, null> = async (context, { cpu_ms: total }) => {
  const start = performance.now();
  for (let next = SLICE_MS; ; next += SLICE_MS) {
    let now = performance.now() - start;
    while (now < Math.min(next, total)) now = performance.now() - start;
    if (now >= total) return null;
    context.progress(now / total, 'burning CPU');
  }
};
