/** A chain of so many tasks: levels of 100, each task after three of the level before. */
export function largeChain(size: number): { chain_name: string; tasks: readonly object[] } {
  const tasks = Array.from({ length: size }, (_, at) => {
    const [level, place] = [Math.floor(at / 100), at % 100];
    const parents = level === 0 ? [] : [0, 1, 37].map((step) => (level - 1) * 100 + ((place + step) % 100));
    return {
      task_id: `step-${at}`,
      task_type: 'diagnostic',
      depends_on: parents.map((each) => `step-${each}`),
      task_params: { task_config: {} },
    };
  });
  return { chain_name: `${size} tasks`, tasks };
}
