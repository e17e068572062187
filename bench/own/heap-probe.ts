// Preloaded into an app: on SIGUSR2 it collects its garbage and adds its memory to a file, a line of JSON each time.
import { appendFileSync } from 'node:fs';

process.on('SIGUSR2', () => {
  globalThis.gc!();
  globalThis.gc!();
  appendFileSync(process.env.HEAP_FILE!, `${JSON.stringify(process.memoryUsage())}\n`);
});
