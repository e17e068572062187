import { expect, it } from '@jest/globals';
import type { SignOffRow } from '#libs/repositories';
import type { ControlRequest } from '../controls/control-request.js';
import { SignOffsController } from './sign-offs.controller.js';

const row = { attempt: 2, who: ['key:boss'], form: null } as unknown as SignOffRow;

/** The attempt that the engine is asked to end, for a caller of this name, where these rows are read. */
async function askedOf(
  rows: readonly SignOffRow[],
  attempt: number | undefined,
  actor = 'key:boss',
  { role = 'viewer', ...answer }: { role?: string; decision?: 'approve' | 'reject'; answer?: unknown } = {},
): Promise<number> {
  let asked: number | undefined;
  const controls = { call: async (_: unknown, { command }: { command: { asked: number } }) => (asked = command.asked) };
  const controller = new SignOffsController(controls as never, { id: (id: string) => id } as never);
  const request = {
    query: {},
    reply: { request: { identity: { actor, role } } },
    databases: { engine: { query: async () => rows } },
  } as unknown as ControlRequest;
  await controller.answer(request, 'c', 't', {
    ...{ decision: 'approve' as const, ...answer },
    ...(attempt !== undefined && { attempt }),
  });
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

it('a role asks all of it and above', async () => {
  const asks = [{ ...row, who: ['role:operator'] }];
  for (const role of ['operator', 'author', 'admin']) expect(await askedOf(asks, 2, 'key:other', { role })).toBe(2);
  await expect(askedOf(asks, 2, 'key:other', { role: 'viewer' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
});

it('an answer is what the form asks for, and a refusal has none', async () => {
  const form = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };
  const given = (answer: object, of: object | null = form) => askedOf([{ ...row, form: of }], 2, 'key:boss', answer);
  expect(await given({ answer: { n: 1 } })).toBe(2);
  expect(await given({ decision: 'reject' })).toBe(2);
  for (const wrong of [{}, { answer: { n: 'x' } }, { decision: 'reject', answer: { n: 1 } }] as const) {
    await expect(given(wrong)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  }
  await expect(given({ answer: 1 }, null)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
});
