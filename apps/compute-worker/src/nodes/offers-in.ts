import type { OfferSource } from '#libs/peers';
import type { Database, NodeOfferRepository, OfferOfNode } from '#libs/repositories';

/** What is offered to sites, out of the database. */
export function offersIn(db: Database, offers: NodeOfferRepository): OfferSource {
  return {
    async offers(connections) {
      const found = new Map<string, OfferOfNode[]>();
      for (const row of await offers.offersOf(db, connections)) {
        const list = found.get(row.connection);
        if (list) list.push(row);
        else found.set(row.connection, [row]);
      }
      return new Map(
        [...found].map(([connection, rows]) => [connection, rows.map(({ run, state }) => ({ run, state }))]),
      );
    },
    task: (connection, run) => offers.task(db, connection, run),
    async answer(connection, answer) {
      const { run, state } = answer;
      return state === 'RUNNING'
        ? offers.answer(db, connection, { run, state, fraction: answer.fraction, stage: answer.stage })
        : offers.answer(db, connection, { run, state, answer: JSON.stringify(answer) });
    },
  };
}
