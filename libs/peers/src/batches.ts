/** Asks one question at a time: whoever comes while one is on its way is in the next one, with all others. */
export class Batches<Item, Answer> {
  private asking: Promise<unknown> = Promise.resolve();
  private next: { readonly items: Item[]; readonly answers: Promise<readonly Answer[]> } | undefined;

  constructor(
    private readonly ask: (items: readonly Item[]) => Promise<readonly Answer[]>,
    /** Hears once of a question that found no answer. All who were in it hear of it as well. */
    private readonly onFault: (error: unknown) => void,
  ) {}

  async answer(item: Item): Promise<Answer | undefined> {
    const { items, answers } = (this.next ??= this.begin());
    const at = items.push(item) - 1;
    return (await answers)[at];
  }

  private begin(): { readonly items: Item[]; readonly answers: Promise<readonly Answer[]> } {
    const items: Item[] = [];
    const answers = this.asking.then(() => {
      this.next = undefined;
      return this.ask(items);
    });
    this.asking = answers.catch(this.onFault);
    return { items, answers };
  }
}
