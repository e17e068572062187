import { jest } from '@jest/globals';

/** Holds what waits on `setTimeout` until jest.advanceTimersByTime(). Sockets and beats go on. Returns what undoes it. */
export function holdTimeouts(): () => void {
  jest.useFakeTimers({
    doNotFake: [
      ...(['Date', 'performance', 'hrtime', 'nextTick', 'queueMicrotask'] as const),
      ...(['setImmediate', 'clearImmediate', 'setInterval', 'clearInterval'] as const),
    ],
  });
  return () => void jest.useRealTimers();
}
