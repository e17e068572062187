/** Runs spec files by Jest, one after another, for the process that started this one. */
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runCLI } from 'jest';

/** How a spec file went: the messages of its failures, none where it passed. */
export interface Report {
  readonly failures: string[];
  readonly ms: number;
  /** Of this process alone. */
  readonly cpuMs: number;
  /** Bytes that this process holds: Jest keeps what it has loaded. */
  readonly rss: number;
}

process.on('message', ({ tree, spec }: { tree: string; spec: string }) => {
  void run(tree, spec).then((report) => process.send!(report));
});

async function run(tree: string, spec: string): Promise<Report> {
  const { default: all } = await import(pathToFileURL(join(tree, 'jest.config.mjs')).href);
  const { displayName: _, ...project } = all.projects[0];
  const path = join(tree, spec);
  const config = JSON.stringify({
    ...{ ...project, rootDir: tree, roots: [dirname(path)], testTimeout: all.testTimeout },
    testEnvironment: fileURLToPath(new URL('./first-failure.js', import.meta.url)),
  });
  const began = performance.now();
  const used = process.cpuUsage();
  const { results } = await runCLI(
    { $0: '', _: [path], config, runTestsByPath: true, runInBand: true, silent: true, reporters: [], watchman: false },
    [tree],
  );
  const failures = results.testResults.flatMap(({ testExecError, testResults }) => [
    ...(testExecError === undefined || testExecError === null ? [] : [String(testExecError.message)]),
    ...testResults
      .filter(({ status }) => status === 'failed')
      .map((test) => `${test.fullName}\n${test.failureMessages.join('\n')}`),
  ]);
  const { user, system } = process.cpuUsage(used);
  return { failures, ms: performance.now() - began, cpuMs: (user + system) / 1_000, rss: process.memoryUsage.rss() };
}
