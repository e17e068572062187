import { expect, it } from '@jest/globals';
import type { SignOffRow } from '#libs/repositories';
import type { ControlRequest } from '../controls/control-request.js';
import { SignOffsController } from './sign-offs.controller.js';

const row = { attempt: 2, who: ['key:boss'], form: null } as unknown as SignOffRow;

/** The attempt that the engine is asked to end, for a caller of this name, where these rows are read. */
async function askedOf(rows: readonly SignOffRow[], attempt: number | undefined, actor = 'key:boss'): Promise<number> {
  let asked: number | undefined;
  const controls = { call: async (_: unknown, { command }: { command: { asked: number } }) => (asked = command.asked) };
  const controller = new SignOffsController(controls as never, { id: (id: string) => id } as never);
  const request = {
    query: {},
    reply: { request: { identity: { actor, role: 'viewer' } } },
    databases: { engine: { query: async () => rows } },
  } as unknown as ControlRequest;
  await controller.answer(request, 'c', 't', { decision: 'approve', ...(attempt !== undefined && { attempt }) });
  return asked!;
}

it('an answer ends the question that was read and checked, and no other', async () => {
  expect(await askedOf([row], undefined)).toBe(2);
  expect(await askedOf([row], 2)).toBe(2);
  await expect(askedOf([row], undefined, 'key:viewer')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(askedOf([row], 2, 'key:viewer')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  // Whoever guesses which attempt asks next is checked by nobody: it may be open by the time that the engine looks.
  for (const [rows, attempt] of [
    [[], 1],
    [[], undefined],
    [[row], 3],
    [[row], 1],
  ] as const) {
    expect(await askedOf(rows, attempt, 'key:viewer')).toBe(0);
  }
});
