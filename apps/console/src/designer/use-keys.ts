import { useEffect, useRef, type RefObject } from 'react';

const KEYS = {
  z: 'undo',
  'shift+z': 'redo',
  y: 'redo',
  c: 'copy',
  x: 'cut',
  v: 'paste',
  a: 'all',
} as const;
type Named = (typeof KEYS)[keyof typeof KEYS];

/**
 * Keys of a page, from wherever its focus is: what is chosen may be copied from the form, and after a task is removed nothing has the focus. They are
 * not for where text is typed, nor for dialogs, which are outside of `area`; and where text is chosen to be copied, it is.
 */
export function useKeys(area: RefObject<HTMLElement | null>, act: (command: Named) => void): void {
  const latest = useRef(act);
  useEffect(() => void (latest.current = act));
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const { target, key } = event;
      if (!(event.ctrlKey || event.metaKey) || !(target instanceof Element)) return;
      // The focus is in the page, or on what holds it, which has it where nothing else has.
      if (area.current === null || !(area.current.contains(target) || target.contains(area.current))) return;
      if (target.closest('input, textarea, [contenteditable], .ant-select')) return;
      const name = `${event.shiftKey ? 'shift+' : ''}${key.toLowerCase()}`;
      if (!Object.hasOwn(KEYS, name)) return;
      const command = KEYS[name as keyof typeof KEYS];
      const takesText = !target.closest('.canvas') && getSelection()?.isCollapsed === false;
      if (takesText && (command === 'copy' || command === 'cut')) return;
      event.preventDefault();
      latest.current(command);
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [area]);
}
