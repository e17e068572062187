import { spawnSync } from 'node:child_process';

const FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

// The tests are built ES modules. Jest runs those only under the first flag, which `npx jest` does not set.
if (!process.execArgv.includes(FLAGS[0]) && !process.env.NODE_OPTIONS?.includes(FLAGS[0])) {
  const { status } = spawnSync(process.execPath, [...FLAGS, ...process.argv.slice(1)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

const project = (displayName, ...folders) => ({
  displayName,
  testMatch: folders.map((folder) => `<rootDir>/${folder}/**/*.spec.{js,mjs}`),
  roots: ['<rootDir>/dist', '<rootDir>/tools'],
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/dist/test/setup/error-classes.js'],
  moduleFileExtensions: ['js', 'mjs', 'cjs', 'json', 'node'],
  // CommonJS packages require() these two ES modules: Node can, Jest cannot before Node 24.9.
  transform: { '/node_modules/(content-disposition|cookie)/.+\\.js$': ['@swc/jest', { module: { type: 'commonjs' } }] },
  transformIgnorePatterns: ['/node_modules/(?!(content-disposition|cookie)/)'],
});

/** Components, as they are written: the console is built by Vite, not by tsc. Each file asks for the environment `jsdom` itself. */
const components = {
  ...project('console'),
  testMatch: ['<rootDir>/apps/console/src/**/*.spec.tsx'],
  roots: ['<rootDir>/apps/console/src'],
  setupFiles: ['<rootDir>/apps/console/jsdom-parts.ts'],
  moduleFileExtensions: ['tsx', 'ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  moduleNameMapper: { '^(\\.{1,2}/.+)\\.js$': ['$1.tsx', '$1.ts', '$1.js'] },
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic' } },
          target: 'es2022',
        },
        module: { type: 'es6' },
      },
    ],
  },
};

/** Percent of each lib's lines that the unit tests run in Jest's own thread: parties of libs/compute run in threads of theirs. */
const FLOORS = {
  'chain-domain': 99,
  'chain-engine': 78,
  'chain-view': 100,
  compute: 59,
  consent: 100,
  'dag-planner': 100,
  'local-postgres': 88,
  network: 90,
  peers: 99,
  platform: 93,
  postgres: 98,
  queues: 95,
  repositories: 96,
  tracing: 85,
};

/** @type {import('jest').Config} */
export default {
  projects: [
    project('unit', 'dist/{libs,apps,clients,launcher,bench,test/setup}'),
    project('tools', 'tools', 'dist/tools'),
    components,
    ...['deploy', 'integration', 'attacks', 'fuzz', 'simulation', 'faults', 'mutants', 'e2e'].map((name) =>
      project(name, `dist/test/${name}`),
    ),
  ],
  globalSetup: '<rootDir>/dist/test/setup/global-setup.js',
  globalTeardown: '<rootDir>/dist/test/setup/global-teardown.js',
  reporters: ['default', '<rootDir>/dist/test/setup/counting-reporter.js'],
  testSequencer: '<rootDir>/dist/test/setup/long-first.js',
  // Of two cores: most of the long suites wait for leases, time-outs and starts of apps. A run of all takes 3,000 s of the
  // processor, and with two workers 7,200 s of waiting and work.
  maxWorkers: 4,
  workerIdleMemoryLimit: '512MB',
  // For what hangs. A fault that kills apps at 30 points took 300 s on a machine of half the speed.
  testTimeout: 900_000,
  cacheDirectory: '<rootDir>/.cache/jest',
  coverageProvider: 'v8',
  coverageDirectory: '.cache/coverage',
  coverageReporters: ['json-summary', 'html'],
  // Measured by `npm run coverage` when the tests moved to Jest, rounded down. A floor only rises.
  coverageThreshold: Object.fromEntries(Object.entries(FLOORS).map(([lib, lines]) => [`./libs/${lib}/`, { lines }])),
  collectCoverageFrom: ['dist/libs/*/src/**/*.js', '!**/*.spec.js', '!**/*-for-tests.js', '!dist/libs/testing/**'],
};
