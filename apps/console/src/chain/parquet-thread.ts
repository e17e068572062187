import type { FirstRows } from './table-part.js';

/** A file that says that it holds more than it does may take for ever. */
const LONGEST_MS = 10_000;

/**
 * The first rows of a Parquet file, read in a worker, so that a hostile file cannot block the page. Undefined where
 * it cannot be read; rejects where the time is over or the signal was given, and the thread is ended then.
 */
export function parquetRowsInThread(file: ArrayBuffer, signal: AbortSignal): Promise<FirstRows | undefined> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./parquet-worker.js', import.meta.url), { type: 'module' });
    const end = (work: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      worker.terminate();
      work();
    };
    const stop = () => end(() => reject(signal.reason as Error));
    const timer = setTimeout(() => end(() => reject(new TooSlow())), LONGEST_MS);
    signal.addEventListener('abort', stop);
    worker.onmessage = ({ data }: MessageEvent<{ rows?: FirstRows }>) => end(() => resolve(data.rows));
    // It found no memory any more, or was not loaded.
    worker.onerror = () => end(() => resolve(undefined));
    worker.postMessage(file, [file]);
  });
}

/** A file that takes longer than anybody would wait. */
export class TooSlow extends Error {}
