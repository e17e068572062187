import { runOffer } from './run-offer.js';
import { sayTo } from './say-to.js';

// The process of one run: `start-offer.ts` starts it with the folder of the site, the run, and where the relay is.
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort(new Error('SIGTERM')));
process.once('SIGINT', () => undefined); // Ctrl-C reaches it as well: `connect` ends it.
// The process of `connect` is gone, by SIGKILL as well.
const orphaned = (): void => stop.abort(new Error('the site was stopped'));
process.once('disconnect', orphaned);
if (!process.connected) orphaned(); // It was gone before this file was loaded.
const [path, run, relay] = process.argv.slice(2);
const { say, leave } = sayTo(process);
await runOffer(path!, run!, relay!, stop.signal, say);
await leave();
