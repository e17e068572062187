import { watchLiveness } from './watchdog.js';

/** A process of which the watchdog sees a second of 20 ms ticks: `well`, `sick`, or `blocked` after a sign of life. */
const how = process.argv[2];
const report = { status: how === 'sick' ? ('failing' as const) : ('ok' as const), checks: {} };
watchLiveness('test', async () => report, { ticks: 50, tickMs: 20, askEveryMs: 50 });
setTimeout(() => {
  if (how === 'blocked') for (;;);
}, 300);
setTimeout(() => process.exit(0), 3_000);
