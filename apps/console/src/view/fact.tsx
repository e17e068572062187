import type { ReactNode } from 'react';

/** A name and its value in a list of facts: where a line has no room for both, both go to the next one. */
export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
