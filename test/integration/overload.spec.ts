import { expect } from '@jest/globals';
import { chain, describeSystem, eventually, task } from './system/index.js';

describeSystem('too many waiting tasks', 'postgres', { env: { MAX_WAITING_TASKS: '3' } }, (check) => {
  check('refuse new chains over HTTP until some have gone, and say when to try again', async ({ api }) => {
    const body = chain([task('a'), task('b'), task('c')]);
    const id = await api.create(body);
    const refused = await api.call('/chains', { method: 'POST', body });
    expect(refused).toMatchObject({ status: 503, body: { code: 'OVERLOADED', status: 503 } });
    expect(refused.headers.get('retry-after')).toBe('10');
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    await api.expect(200, `/chains/${id}`, { method: 'DELETE' });
    await eventually('there is room', async () => {
      const { status } = await api.call('/chains', { method: 'POST', body });
      return status === 201 ? true : undefined;
    });
  });
});
