import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** Holds back what takes from the queue or sends to it, until queue and database are known to belong together. */
@Injectable()
export class Alignment implements OnModuleDestroy {
  /** Resolves once they belong together. Rejects when the app stops before. */
  readonly reached: Promise<void>;
  private resolve: () => void;
  private reject: (error: Error) => void;

  constructor() {
    this.reached = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.reached.catch(() => undefined);
  }

  /** Says that they belong together. */
  reach(): void {
    this.resolve();
  }

  onModuleDestroy(): void {
    this.reject(new Error('the listener stops before queue and database were aligned'));
  }
}
