import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openArtifact } from './artifact-file.js';

describe('the file of an artifact', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'artifacts-'));
    chmodSync(root, 0o755);
    for (const party of ['alice', 'bob']) {
      mkdirSync(join(root, 'c', 't', party), { recursive: true });
      writeFileSync(join(root, 'c', 't', party, 'rows.csv'), party);
    }
    symlinkSync('../bob/rows.csv', join(root, 'c', 't', 'alice', 'link.csv'));
    symlinkSync('bob', join(root, 'c', 't', 'mallory'));
    execFileSync('mkfifo', [join(root, 'c', 't', 'alice', 'pipe')]);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const read = async (name: string): Promise<string> => {
    const handle = await openArtifact(root, 'c', 't', name);
    const text = await handle.readFile('utf8');
    await handle.close();
    return text;
  };

  test('is opened through no link, and nowhere else', async () => {
    expect(await read('alice/rows.csv')).toBe('alice');
    for (const name of [
      ...['alice/link.csv', 'mallory/rows.csv', 'alice/pipe', 'alice', 'alice/gone.csv', ''],
      ...['../t/alice/rows.csv', 'alice/../bob/rows.csv', 'alice/.lineage.json', '/etc/passwd', 'alice/rows.csv\0'],
    ]) {
      await expect(read(name)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    }
  });

  test('that a worker keeps for its party is said to be unreadable', async () => {
    chmodSync(join(root, 'c', 't', 'alice'), 0o700);
    const isRoot = process.geteuid?.() === 0;
    if (!isRoot) chmodSync(join(root, 'c', 't', 'alice', 'rows.csv'), 0);
    if (isRoot) process.seteuid!(65_534);
    try {
      await expect(read('alice/rows.csv')).rejects.toMatchObject({ code: 'ARTIFACT_UNREADABLE' });
    } finally {
      if (isRoot) process.seteuid!(0);
      chmodSync(join(root, 'c', 't', 'alice'), 0o755);
    }
  });
});
