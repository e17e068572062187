/** What the browser keeps for this user: how the page looks, and nothing that opens anything. */
export const kept = {
  read: (name: 'language' | 'theme'): string | null => localStorage.getItem(`task-chain.${name}`),
  write: (name: 'language' | 'theme', value: string): void => localStorage.setItem(`task-chain.${name}`, value),
};
