import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { WatchdogSettings } from './watchdog.js';

const { app, ticks, tickMs } = workerData as WatchdogSettings;
let left = ticks;
parentPort!.on('message', () => {
  left = ticks;
});
setInterval(() => {
  left -= 1;
  if (left > 0) return;
  const msg = `not live for ${(ticks * tickMs) / 1_000} s: the process ends itself to be started again`;
  try {
    writeSync(2, `${JSON.stringify({ level: 'fatal', time: new Date().toISOString(), app, msg })}\n`);
  } finally {
    process.kill(process.pid, 'SIGKILL');
  }
}, tickMs);
