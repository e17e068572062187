import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { itUnless } from '#libs/testing';
import type { LogLevel } from '../config/config.js';
import { createLogger, NestLogger } from './logging.js';

function capture(level: LogLevel = 'info') {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger('api', level, { write: (line) => void lines.push(JSON.parse(line)) });
  return { logger, lines };
}

describe('logging', () => {
  it('writes JSON lines that name app, level and time', () => {
    const { logger, lines } = capture();
    logger.info({ chain_id: 'chain-1' }, 'created');
    logger.debug('not at this level');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ app: 'api', level: 'info', msg: 'created', chain_id: 'chain-1' });
    expect(Date.parse(lines[0]!.time as string)).not.toBeNaN();
  });

  const noFullDevice = !existsSync('/dev/full') && 'this system has no /dev/full';
  itUnless(noFullDevice, 'goes on when its output is a file on a full disk', () => {
    const module = new URL('./logging.js', import.meta.url).href;
    const program = `import { createLogger } from '${module}';
      const logger = createLogger('api', 'info');
      for (let line = 0; line < 20_000; line += 1) logger.info('x'.repeat(100));
      process.stderr.write('went on');`;
    const full = openSync('/dev/full', 'w');
    const args = ['--input-type=module', '-e', program];
    const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });
    closeSync(full);
    expect([status, stderr]).toEqual([0, 'went on']);
  });

  it('hides credentials and task parameters at any usual depth', () => {
    const { logger, lines } = capture();
    const headers = { authorization: 'Bearer hush', cookie: 'hush', 'set-cookie': 'hush', accept: 'json' };
    logger.info({ req: { headers }, headers, password: 'hush', body: { tasks: { task_params: { key: 'hush' } } } });
    expect(JSON.stringify(lines[0])).not.toContain('hush');
    expect(JSON.stringify(lines[0])).toContain('json');
  });

  it('keeps what Nest passes: context, error and details', () => {
    const { logger, lines } = capture();
    const nest = new NestLogger(logger);
    nest.log('started', 'NestFactory');
    nest.error(new Error('broken'), 'Chains');
    nest.warn('slow', { ms: 12 }, 'Chains');
    nest.log({ port: 1 });
    nest.verbose('not at this level', 'Chains');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatchObject({ level: 'info', context: 'NestFactory', msg: 'started' });
    expect(lines[1]).toMatchObject({ level: 'error', context: 'Chains', msg: 'broken', err: { message: 'broken' } });
    expect(lines[2]).toMatchObject({ level: 'warn', context: 'Chains', msg: 'slow', details: [{ ms: 12 }] });
    expect(lines[3]).toMatchObject({ data: { port: 1 } });
  });
});
