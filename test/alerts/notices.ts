import type { Notice } from '../../daemon/alerts/channel.ts';

/** What somebody hostile would put into an alert (attacks 51 and 52, and markup of every platform). */
export const HOSTILE =
  '@everyone <!channel> <@U123> [pay](http://evil.example) *bold* `code` <script>alert(1)</script> & "quoted"';

/** As a message is handed to a channel: control characters are gone already. */
export const notice = (more: Partial<Notice> = {}): Notice => ({
  id: `msg_${'0123456789ab'.repeat(2)}`,
  at: Date.UTC(2026, 0, 2, 3, 4, 5),
  event: 'raised',
  tone: 'bad',
  estate: 'The shop',
  title: 'PAGE: The front page is down',
  text: '',
  alerts: [
    {
      key: 'probe:web',
      severity: 'page',
      source: 'probe',
      title: 'The front page is down',
      text: 'expected 200, got 503\nConnection to 203.0.113.7:443',
      place: 'shop/prod',
      seq: 41,
      opened: Date.UTC(2026, 0, 2, 3, 4, 0),
      resolved: null,
      ack: null,
      incident: 'inc_0123456789abcdef',
    },
  ],
  others: 0,
  hints: ['reeve alerts ack probe:web', 'reeve alerts silence --key probe:web --for 2h'],
  ...more,
});

/** A message as long as one can be. */
export const longest = (): Notice =>
  notice({
    title: HOSTILE.repeat(3).slice(0, 250),
    alerts: Array.from({ length: 20 }, (_, i) => ({
      ...notice().alerts[0],
      key: `probe:p${i}`,
      title: HOSTILE.repeat(2).slice(0, 200),
      text: HOSTILE.repeat(20).slice(0, 1000),
    })) as Notice['alerts'],
    others: 1980,
  });
