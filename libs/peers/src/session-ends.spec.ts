import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { boundFrames } from './session-ends.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('a site that sends pings and other frames', () => {
  const socket = { bytesRead: 0 };
  const session = Object.assign(new EventEmitter(), { socket, destroyed: false, destroy: () => undefined });
  const floods = jest.fn();
  const minutes = (count: number, pings: number, bytes: number): void => {
    for (let minute = 0; minute < count; minute += 1) {
      for (let ping = 0; ping < pings; ping += 1) session.emit('ping');
      socket.bytesRead += bytes;
      jest.advanceTimersByTime(60_000);
    }
  };
  beforeEach(() => {
    floods.mockClear();
    socket.bytesRead = 0;
    boundFrames(session as never, floods);
  });
  afterEach(() => {
    session.emit('close');
    session.removeAllListeners();
  });

  test('may do so for hours: each minute counts for itself', () => {
    minutes(120, 119, 65_536);
    expect(floods).not.toHaveBeenCalled();
  });

  test.each([
    ['pings', 120, 0],
    ['bytes', 0, 65_537],
  ])('floods its control plane by too many %s in one minute', (_, pings, bytes) => {
    minutes(1, pings, bytes);
    expect(floods).toHaveBeenCalled();
  });
});
