// Runs one program of the image in this process, so that signals reach it: no shell and no npm stand between.
const PROGRAMS = {
  api: 'apps/api/main.mjs',
  'status-listener': 'apps/status-listener/main.mjs',
  'compute-worker': 'apps/compute-worker/main.mjs',
  migrate: 'launcher/migrate.js',
  'verify-audit': 'launcher/verify-audit.js',
  'rotate-secrets': 'launcher/rotate-secrets.js',
  'metrics-key': 'launcher/metrics-key.js',
  doctor: 'launcher/doctor.js',
  'party-node': 'apps/party-node/bundle/main.mjs',
};

const [node, self, name = '', ...args] = process.argv;
if (!Object.hasOwn(PROGRAMS, name)) {
  process.stderr.write(`task-chain: no program ${JSON.stringify(name)}: ${Object.keys(PROGRAMS).join(', ')}\n`);
  process.exit(2);
}
process.argv = [node, self, ...args];
// Process 1 of a container gets no signal that it has no handler for: until the program has its own, a stop ends it at once.
const codes = { SIGTERM: 143, SIGINT: 130 };
const end = (signal) => process.listenerCount(signal) === 1 && process.exit(codes[signal]);
for (const signal of Object.keys(codes)) process.on(signal, end);
const program = await import(new URL(`../dist/${PROGRAMS[name]}`, import.meta.url).href);
await program.main?.(process);
for (const signal of Object.keys(codes)) process.off(signal, end);
