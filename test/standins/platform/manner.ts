/** How a signed HTTP interaction is sent; everything but `right` has to be refused. */
export type Manner =
  | 'right'
  /** One bit of the signature is wrong: what Discord itself sends now and then. */
  | 'wrong'
  /** Signed by another key. */
  | 'other-key'
  /** Rightly signed an hour ago. */
  | 'stale'
  /** Rightly signed for an hour from now. */
  | 'future'
  | 'no-signature'
  | 'no-timestamp'
  /** Rightly signed; another body is sent. */
  | 'other-body'
  /** Hexadecimal of the wrong length. */
  | 'short'
  /** Not a number, rightly signed. */
  | 'nan-timestamp';

const HOUR = 3_600;

/** The timestamp that a request carries, seconds since the epoch as text. `now`: ms. */
export function timestampOf(manner: Manner, now: number): string {
  if (manner === 'nan-timestamp') return 'soon';
  const away = manner === 'stale' ? -HOUR : manner === 'future' ? HOUR : 0;
  return String(Math.floor(now / 1_000) + away);
}
