import { APPS, builtScript } from './parts/apps.js';
import { compactLine } from './parts/log-lines.js';
import { shownKey } from './parts/local-key.js';
import { runLauncher } from './parts/run-launcher.js';
import { migrateAll } from './parts/schema.js';

// `npm start`: the whole system in one terminal, until Ctrl-C. With --watch (`npm run dev`) an app starts again when a built file
// changes that it has loaded.
const watch = process.argv.includes('--watch');
const nodeOptions = watch ? ['--watch', '--watch-preserve-output'] : [];
const width = Math.max('launcher'.length, ...APPS.map(({ name }) => name.length));
const print = (name: string, text: string) => {
  for (const line of text.split('\n')) process.stdout.write(`${name.padEnd(width)} | ${line}\n`);
};

process.exitCode = await runLauncher(
  (config) => ({
    config,
    apps: APPS.map((app) => ({ ...app, nodeOptions, ...(watch ? { script: builtScript(app.name) } : {}) })),
    migrate: migrateAll,
    say: (words) => print('launcher', words),
    onLine: (app, line) => {
      const shown = compactLine(line);
      if (shown !== undefined) print(app, shown);
    },
  }),
  async (system) => {
    if (system.localKey) process.stdout.write(`${shownKey(system.localKey, process.stdout.isTTY)}\n`);
    process.stdout.write(`ready ${system.url}\n`);
    return undefined;
  },
  (words) => process.stderr.write(`${words}\n`),
);
