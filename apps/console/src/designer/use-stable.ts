import { useCallback, useLayoutEffect, useRef } from 'react';

/** One function for as long as a component is there, which does what that of its last render does: what gets it need not be drawn anew. */
export function useStable<Args extends readonly unknown[], Result>(act: (...args: Args) => Result) {
  const latest = useRef(act);
  useLayoutEffect(() => void (latest.current = act));
  return useCallback((...args: Args): Result => latest.current(...args), []);
}
