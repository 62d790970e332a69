/** The people of the story, and what `reeve.yaml` lets them do. */
export const PEOPLE = {
  ana: 'operator',
  eva: 'operator',
  fay: 'operator',
  ben: 'approver',
  vic: 'viewer',
  dan: 'admin',
} as const;
export type Name = keyof typeof PEOPLE;

export type Step = { why: string; who: Name } & (
  | {
      /** Types a command. `$job3` is the third job of the story, `$incident1` its first incident. */
      types: string;
      args?: Record<string, string | number>;
      reason?: string;
      /** What its answer has to say. */
      sees: string[];
      buttons?: string[];
    }
  /** Presses a button of what this person was shown last, or of what was found last with `of: 'found'`. */
  | {
      clicks: string;
      of?: 'found';
      /** What is typed into the form that opens. */
      into?: { typed: string } | { reason: string };
      /** Absent: the press ends in a message for everybody, which a later step finds. */
      sees?: string[];
      buttons?: string[];
    }
  /** Waits for a message of the channel that everybody sees and that says all of this. */
  | { finds: string[]; in: 'ops' | 'approvals'; calls?: Name[]; buttons?: string[] }
  /** Types into an argument and is offered these, among others. */
  | { completes: string; option: string; typed: string; given?: Record<string, string>; offers: string[] }
  /** Something outside of chat. */
  | { does: 'lets the slow job go on' | 'mends the flaky job' }
);

const NASTY = 'שלום 👩‍🚒 <@1> <!channel> @everyone *bold* _it_ `code` ||x|| [a](http://b.example) #ops & <b>';
const confirm = 'Confirm exactly this';
const at = (env: string) => ({ project: 'shop', env });

/** One week of a team, told once. */
export const STORY: readonly Step[] = [
  { why: 'status', who: 'vic', types: 'status', sees: ['test'] },
  {
    ...{ why: 'completion knows projects', who: 'ana', completes: 'deploy', option: 'project', typed: 'sh' },
    offers: ['shop'],
  },
  {
    ...{ why: 'and their environments', who: 'ana', completes: 'deploy', option: 'env', typed: '' },
    ...{ given: { project: 'shop' }, offers: ['dev', 'staging', 'prod'] },
  },
  {
    ...{ why: 'a plan, before anything runs', who: 'ana', types: 'runbook run' },
    ...{ args: { runbook: 'touch', ...at('dev') }, sees: ['trace.txt'], buttons: [confirm] },
  },
  { why: 'confirmed', who: 'ana', clicks: confirm },
  { why: 'its one message', who: 'vic', finds: ['Leave a trace', 'shop/dev passed', '✓ leave'], in: 'ops' },
  {
    ...{ why: 'staging asks for its name', who: 'ana', types: 'deploy', args: at('staging') },
    ...{ reason: NASTY, sees: ['trace.txt'], buttons: [confirm] },
  },
  {
    ...{ why: 'a slip', who: 'ana', clicks: confirm, into: { typed: 'prod' } },
    sees: ['is confirmed by typing its name', 'CONFIRMATION'],
  },
  { why: 'typed right', who: 'ana', clicks: confirm, into: { typed: 'staging' } },
  { why: 'staging is done', who: 'vic', finds: ['shop/staging passed'], in: 'ops' },
  {
    ...{ why: 'prod wants an approval', who: 'ana', types: 'deploy', args: at('prod') },
    ...{ reason: `for ${NASTY}`, sees: ['trace.txt'], buttons: [confirm] },
  },
  { why: 'asked for', who: 'ana', clicks: confirm },
  { why: 'so everybody knows', who: 'vic', finds: ['waits for 1 approval'], in: 'ops' },
  {
    ...{ why: 'the card', who: 'ben', finds: ['trace.txt', 'שלום 👩‍🚒'], in: 'approvals' },
    ...{ calls: ['ben', 'dan'], buttons: ['Look and decide'] },
  },
  {
    ...{ why: 'not for who asked', who: 'ana', clicks: 'Look and decide', of: 'found' },
    sees: ['made for somebody else'],
  },
  {
    ...{ why: 'a look', who: 'ben', clicks: 'Look and decide', of: 'found' },
    ...{ sees: ['trace.txt'], buttons: ['Approve exactly this', 'Deny'] },
  },
  { why: 'approved', who: 'ben', clicks: 'Approve exactly this' },
  { why: 'who asked is called', who: 'ana', finds: ['is approved'], in: 'ops', calls: ['ana'] },
  { why: 'prod is done', who: 'vic', finds: ['shop/prod passed'], in: 'ops' },
  {
    ...{ why: 'a second request', who: 'fay', types: 'run', args: { runbook: 'again', ...at('prod') } },
    ...{ sees: ['again.txt'], buttons: [confirm] },
  },
  { why: 'asked for', who: 'fay', clicks: confirm },
  { why: 'so everybody knows', who: 'vic', finds: ['waits for 1 approval'], in: 'ops' },
  {
    ...{ why: 'its card', who: 'ben', finds: ['again.txt'], in: 'approvals', calls: ['ben', 'dan'] },
    buttons: ['Look and decide'],
  },
  {
    ...{ why: 'a look', who: 'ben', clicks: 'Look and decide', of: 'found' },
    ...{ sees: ['again.txt'], buttons: ['Approve exactly this', 'Deny'] },
  },
  { why: 'denied', who: 'ben', clicks: 'Deny', into: { reason: `not on a Friday ${NASTY}` } },
  { why: 'the reason is told', who: 'fay', finds: ['not on a Friday'], in: 'ops', calls: ['fay'] },
  {
    ...{ why: 'no right, no plan', who: 'vic', types: 'deploy', args: at('dev') },
    ...{ sees: ['vic may not deploy'], buttons: [] },
  },
  {
    ...{ why: 'a job that takes long', who: 'eva', types: 'run', args: { runbook: 'slow', ...at('dev') } },
    ...{ sees: ['trace.txt'], buttons: [confirm] },
  },
  { why: 'confirmed', who: 'eva', clicks: confirm },
  { why: 'it runs', who: 'vic', finds: ['Two steps', '▸ first'], in: 'ops' },
  {
    ...{ why: 'cancelled', who: 'eva', types: 'jobs cancel', args: { job: '$job4' } },
    ...{ reason: 'wrong one', sees: ['ancel'] },
  },
  { why: 'its end is told', who: 'vic', finds: ['Two steps', 'shop/dev was cancelled'], in: 'ops' },
  {
    ...{ why: 'a job that fails', who: 'eva', types: 'run', args: { runbook: 'flaky', ...at('dev') } },
    ...{ sees: ['fixed'], buttons: [confirm] },
  },
  { why: 'confirmed', who: 'eva', clicks: confirm },
  {
    why: 'it failed, with its last words',
    who: 'vic',
    finds: ['shop/dev failed', 'not yet 👩‍🚒 שלום'],
    in: 'ops',
  },
  {
    ...{ why: 'its log', who: 'vic', types: 'jobs logs', args: { job: '$job5' } },
    sees: ['not yet 👩‍🚒 שלום <@1> @everyone'],
  },
  { why: 'mended', who: 'dan', does: 'mends the flaky job' },
  {
    ...{ why: 'tried again', who: 'eva', types: 'jobs retry', args: { job: '$job5' } },
    ...{ sees: [], buttons: [confirm] },
  },
  { why: 'confirmed', who: 'eva', clicks: confirm },
  {
    why: 'and passed, in a message of its own',
    who: 'vic',
    finds: ['Fails first', 'shop/dev passed'],
    in: 'ops',
  },
  {
    ...{ why: 'an emergency', who: 'dan', types: 'deploy', args: { ...at('prod'), break_glass: 'true' } },
    ...{ reason: 'the site is down', sees: ['trace.txt'], buttons: [confirm] },
  },
  { why: 'confirmed', who: 'dan', clicks: confirm },
  {
    why: 'those who were skipped are told',
    who: 'ben',
    finds: ['the site is down'],
    in: 'approvals',
    calls: ['ben'],
  },
  { why: 'and the emergency is over', who: 'vic', finds: ['shop/prod passed'], in: 'ops' },
  {
    ...{ why: 'everything stops', who: 'dan', types: 'halt', args: { project: 'shop' }, reason: 'wait' },
    sees: ['alted'],
  },
  {
    ...{ why: 'so nothing starts', who: 'fay', types: 'deploy', args: at('dev') },
    ...{ sees: ['halted'], buttons: [] },
  },
  {
    ...{ why: 'and goes on', who: 'dan', types: 'resume', args: { project: 'shop' } },
    sees: ['shop'],
  },
  {
    ...{ why: 'a runbook’s own command knows its values', who: 'fay', completes: 'greet', option: 'env' },
    ...{ typed: 'd', given: { project: 'shop' }, offers: ['dev'] },
  },
  {
    ...{ why: 'under its own name', who: 'fay', types: 'greet', args: { ...at('dev'), whom: 'שלום 👩‍🚒' } },
    ...{ sees: ['greeted.txt'], buttons: [confirm] },
  },
  { why: 'confirmed', who: 'fay', clicks: confirm },
  { why: 'greeted', who: 'vic', finds: ['Greet', 'passed'], in: 'ops' },
  {
    ...{ why: 'one of the 200 that has no command of its own', who: 'fay', types: 'runbook run' },
    ...{ args: { runbook: 'many-199', ...at('dev') }, sees: ['number 199'], buttons: [confirm] },
  },
  {
    ...{ why: 'found by a few letters', who: 'fay', completes: 'runbook run', option: 'runbook' },
    ...{ typed: 'many-19', offers: ['many-19', 'many-190', 'many-199'] },
  },
  {
    ...{ why: 'an incident', who: 'fay', types: 'incidents open' },
    ...{ args: { title: `Dark ${NASTY}`, ...at('dev') }, sees: ['Dark'] },
  },
  { why: 'it is told', who: 'vic', finds: ['Open: Dark שלום'], in: 'ops' },
  {
    ...{ why: 'a note', who: 'fay', types: 'incidents note' },
    ...{ args: { incident: '$incident1', text: `the pool is full ${NASTY}` }, sees: ['ote'] },
  },
  {
    ...{ why: 'in its timeline', who: 'vic', types: 'incidents show', args: { incident: '$incident1' } },
    sees: ['the pool is full'],
  },
];
