import { expect, test } from '@jest/globals';
import { sayTo } from './say-to.js';

test('a run leaves once what it said is written', async () => {
  const events: string[] = [];
  let written!: (error: Error | null) => void;
  const { say, leave } = sayTo({
    connected: true,
    send: (_: unknown, done: unknown) => {
      events.push('send');
      written = done as typeof written;
      return true;
    },
    disconnect: () => void events.push('disconnect'),
  });
  say({ kind: 'prepared' });
  const left = leave();
  await new Promise((resolve) => setImmediate(resolve));
  expect(events).toEqual(['send']);
  written(null);
  await left;
  expect(events).toEqual(['send', 'disconnect']);
});
