import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { promisify } from 'node:util';
import { generatePythonClient } from '../../tools/python-client.js';
import { describeSystem } from './system/index.js';
import { TEST_API_KEY } from './system/api-client.js';

const README = new URL('../../../clients/python/README.md', import.meta.url);

describeSystem('the Python client', 'postgres', {}, (check) => {
  const folder = mkdtempSync(join(tmpdir(), 'task-chain-python-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  check('is generated without a warning, and does what its README shows', async ({ api }) => {
    const python = await generatePythonClient(join(folder, 'task_chain_client'), 'none');
    const [, code] = /^```py\n([^]*?)^```/m.exec(readFileSync(README, 'utf8'))!;
    const { stdout } = await promisify(execFile)(python, ['-c', code!], {
      env: { ...process.env, PYTHONPATH: folder, TASK_CHAIN_URL: api.url, TASK_CHAIN_TOKEN: TEST_API_KEY },
    });
    expect(stdout.trim().split('\n')).toEqual([
      "SUCCESS [('first', 'SUCCESS'), ('second', 'SUCCESS')]",
      "INVALID_CHAIN [('NO_TASKS', '/tasks')]",
    ]);
  });
});
