import { useState } from 'react';

/** What a field is stays while it has the focus, though what is typed in it calls for another one: that takes its place once it is left. */
export function useHeld<Of>(now: Of) {
  const [held, hold] = useState<{ readonly as: Of }>();
  const focus = { onFocus: () => hold({ as: now }), onBlur: () => hold(undefined) };
  return [held === undefined ? now : held.as, focus] as const;
}
