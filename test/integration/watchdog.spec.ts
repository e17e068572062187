import { expect } from '@jest/globals';
import { describeSystem } from './system/index.js';

/** Lets a signal hang the event loop, without the use of a core. */
const HANGS = `data:text/javascript,process.on('SIGUSR2',()=>Atomics.wait(new%20Int32Array(new%20SharedArrayBuffer(4)),0,0))`;

describeSystem('each app', 'postgres', { env: { NODE_OPTIONS: `--import=${HANGS}` } }, (check) => {
  check('has a watchdog that ends it when its event loop hangs', async (system) => {
    expect(system.apps.map(({ name }) => name).sort()).toEqual(['api', 'compute-worker', 'status-listener']);
    const ends = await Promise.all(
      system.apps.map(async (app) => {
        process.kill(app.pid, 'SIGUSR2');
        const how = await app.ended;
        const last = JSON.parse(app.lines.at(-1)!) as { readonly app: string; readonly msg: string };
        return [app.name, how, last.app, last.msg];
      }),
    );
    const msg = 'not live for 30 s: the process ends itself to be started again';
    expect(ends).toEqual(system.apps.map(({ name }) => [name, 'SIGKILL', name, msg]));
  });
});
