import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeUnless, itUnless } from '#libs/testing';
import { PartyGroup } from './party-group.js';

const LIMITS = { memoryBytes: 1e9, tasks: 64 };
const PROGRAM = fileURLToPath(new URL('./party-group-for-tests.js', import.meta.url));

const mount = existsSync('/proc/self/mounts')
  ? /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/self/mounts', 'latin1'))?.[1]
  : undefined;
const controllers =
  mount === undefined ? [] : readFileSync(join(mount, 'cgroup.controllers'), 'latin1').trim().split(' ');
const noRoot = process.getuid?.() !== 0 && 'only root may make a cgroup to delegate';
const without = (name: string) => !controllers.includes(name) && `this machine has no controller ${name} of cgroup v2`;

describe('the group of a party', () => {
  test('is made nowhere but in a cgroup that is delegated and empty', () => {
    const root = mkdtempSync(join(tmpdir(), 'cgroup-'));
    try {
      mkdirSync(join(root, 'unit', 'main'), { recursive: true });
      for (const [name, text] of [
        ['cgroup.procs', '17\n'],
        ['cgroup.controllers', 'cpu memory pids\n'],
        ['cgroup.subtree_control', ''],
      ] as const) {
        writeFileSync(join(root, 'unit', name), text);
      }
      expect(PartyGroup.make(LIMITS, root, '/unit/main')).toBeUndefined();
      expect(PartyGroup.make(LIMITS, root, '/')).toBeUndefined();
      expect(PartyGroup.make(LIMITS, root, '/none/main')).toBeUndefined();
      expect(readFileSync(join(root, 'unit', 'cgroup.subtree_control'), 'latin1')).toBe('');
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});

const noV2 = mount === undefined && 'this machine has no cgroup v2';

describeUnless(noRoot || noV2, 'the group of a party, by the kernel', () => {
  const unit = join(mount ?? '', `task-chain-test-${process.pid}`);
  const main = join(unit, 'main');
  beforeAll(() => {
    const asked = controllers.filter((name) => name === 'memory' || name === 'pids').map((name) => `+${name}`);
    if (asked.length > 0) writeFileSync(join(mount!, 'cgroup.subtree_control'), asked.join(' '));
    mkdirSync(main, { recursive: true });
  });
  afterAll(() => {
    rmdirSync(main);
    rmdirSync(unit);
  });
  const inMain = (what: string): unknown => {
    const script = `echo $$ > ${main}/cgroup.procs && exec ${process.execPath} ${PROGRAM} ${unit} ${what}`;
    const { stdout, stderr, status } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    return JSON.parse(stdout);
  };

  test('ends processes that left their session, and removes what a worker left that was killed', () => {
    const left = join(unit, 'party-4194999-left');
    mkdirSync(left);
    const { said } = inMain('bomb') as { said: string };
    expect(Number(said)).toBeGreaterThan(0);
    expect(readFileSync(join(unit, 'cgroup.events'), 'latin1')).toContain('populated 0');
    expect(existsSync(left)).toBe(false);
  });

  itUnless(without('pids'), 'allows so many processes and threads', () => {
    const { said } = inMain('bomb') as { said: string };
    expect(Number(said)).toBeLessThan(40);
  });

  itUnless(without('memory'), 'is ended for its memory', () => {
    expect(inMain('memory')).toEqual({ said: '', wasFull: true });
  });
});
