import { describe, expect, it } from '@jest/globals';
import { sampleNewChain } from '#libs/testing';
import { auditDetailsOf } from './audit-details.js';

describe('the audit row of a new chain', () => {
  const chain = sampleNewChain([[]]);
  const [sample] = chain.tasks;
  const task = (taskType: string, parties: unknown, task_config: unknown) => ({
    ...{ ...sample!, taskType, params: { sf_init_config: { parties }, task_config } },
  });
  const detailsOf = (...tasks: ReturnType<typeof task>[]) => auditDetailsOf({ ...chain, tasks });

  it('names types, parties, datasets and recipients, each once', () => {
    const input_paths = { a: 'dataset:a/x@1', b: '${tasks.t.result.path}', c: 'dataset:c/not-a-party@1' };
    const encrypt = { input_data: { a: ['dataset:a/x@1', 'plain.csv'] }, recipients: ['age1y', 'age1x', 7] };
    expect(detailsOf(task('psi', ['b', 'a'], { input_paths }), task('encrypt', { a: {} }, encrypt))).toMatchObject({
      total_tasks: 2,
      task_types: ['encrypt', 'psi'],
      parties: ['a', 'b'],
      datasets: ['dataset:a/x@1'],
      recipients: ['age1x', 'age1y'],
    });
    for (const params of [null, 7, [], { task_config: null }]) {
      const details = auditDetailsOf({ ...chain, tasks: [{ ...sample!, params }] });
      expect(details).toMatchObject({ parties: [], datasets: [], recipients: [] });
      expect(details).not.toHaveProperty('omitted');
    }
  });

  it('says how many names it leaves out', () => {
    const many = Array.from({ length: 1_200 }, (_, i) => `dataset:a/x@${i + 1}`);
    const details = detailsOf(task('encrypt', ['a'], { input_data: { a: many } }));
    expect(details['datasets']).toHaveLength(1_000);
    expect(details['omitted']).toBe(200);
  });
});
