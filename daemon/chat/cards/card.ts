import type { ChatPicture } from '../../../contracts/chat.ts';
import type { ChatTopic } from '../../../contracts/estate/chat.ts';
import type { LedgerRecord, RecordType } from '../../../contracts/record.ts';
import type { Block, Tone } from '../../../contracts/reply.ts';
import type { ChatDeps } from '../deps.ts';
import type { Offering } from '../offers.ts';

/** Something to be said because of a record, on whichever platforms there are. */
export interface Card {
  topic: ChatTopic;
  tone: Tone;
  title: string;
  blocks: Block[];
  /** Said where this interaction was asked, and on its platform alone, instead of in the channel of the topic. */
  where?: string;
  /** The card of an earlier record to change, as `ChatState.opened` knows it; where that was never said, nothing is. */
  changes?: string;
  /** People to call. */
  call?: readonly string[];
  button?: Omit<Offering, 'post'>;
  picture?: ChatPicture;
  /** Name of the thread that it opens. */
  thread?: string;
  /** The live message of this job. */
  job?: string;
}

/** Cards of one area: which records have any. At most PARTS for one record, always in the same order. */
export interface CardSource {
  types: readonly RecordType[];
  cards(record: LedgerRecord, deps: ChatDeps): Promise<Card[]> | Card[];
}
