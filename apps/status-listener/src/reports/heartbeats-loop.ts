import { Injectable } from '@nestjs/common';
import { LANE, type Lane } from '#libs/queues';
import { NotesLoop } from './notes-loop.js';

/** Answers heartbeats. They have their own lane, since a worker without an answer stops what it runs. */
@Injectable()
export class HeartbeatsLoop extends NotesLoop {
  override readonly name = 'heartbeats';
  protected override readonly lane: Lane = LANE.heartbeats;
}
