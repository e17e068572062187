import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeUnless } from '#libs/testing';
import { SupervisedApp } from './supervised-app.js';

const noFullDevice = !existsSync('/dev/full') && 'this system has no /dev/full';

describeUnless(noFullDevice, 'a supervised app whose log is on a full disk', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'supervised-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('runs on, and its log goes on when there is room', async () => {
    const logFile = join(folder, 'app.log');
    const script = join(folder, 'app.mjs');
    symlinkSync('/dev/full', logFile);
    writeFileSync(
      script,
      "process.on('SIGUSR2', () => console.log('again')); setInterval(() => {}, 1e6); console.log('begun');",
    );
    const said: string[] = [];
    let hear: (line: string) => void = () => undefined;
    const next = () => new Promise<string>((resolve) => (hear = resolve));
    const begun = next();
    const onLine = (line: string) => hear(line);
    const say = (words: string) => void said.push(words);
    const app = new SupervisedApp({ name: 'app', script, env: {}, logFile, onLine, say });
    try {
      expect(await begun).toBe('begun');
      unlinkSync(logFile);
      const again = next();
      process.kill(app.pid!, 'SIGUSR2');
      expect(await again).toBe('again');
    } finally {
      await app.stop(5_000);
    }
    expect(readFileSync(logFile, 'utf8')).toBe('lines missing here, which could not be written: 1\nagain\n');
    expect(said).toEqual(["the log of app can't be written: ENOSPC: no space left on device, write"]);
  });
});
