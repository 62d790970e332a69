import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { EstateConfig } from '../../contracts/estate.ts';
import { RunbookFrontMatter } from '../../contracts/runbook.ts';
import { LOCAL_SPECS } from '../../cli/specs.ts';
import { argSpecs } from '../../daemon/args.ts';
import { actions } from '../../daemon/actions/index.ts';
import { BadCondition } from '../../daemon/integrations/rules/condition.ts';
import { compileRule, matchRule, type Match } from '../../daemon/integrations/rules/match.ts';
import { RUNBOOKS, openWorld } from '../helpers/app.ts';
import { example } from '../standins/github/payloads.ts';

const PAGES = ['webhooks', 'rules', 'github', 'linear'] as const;
const page = (name: string): Promise<string> =>
  readFile(path.resolve(import.meta.dirname, `../../docs/${name}.md`), 'utf8');
/** Blocks of this language, without their indentation. */
function blocks(text: string, language: string): string[] {
  const found = text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)\\n\\1\`\`\`$`, 'gm'));
  return [...found].map(([, indent = '', body = '']) => body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}
type Part = Record<string, Record<string, unknown>>;

const BASE: Part = {
  people: { root: { roles: ['admin'], os_users: [process.getuid?.() ?? 0] } },
  projects: {
    shop: { environments: { staging: {}, prod: { approvals: 1 } }, runbooks: { deploy: 'deploy' } },
  },
  integrations: { github: {}, linear: {}, generic: { billing: { secret: 'billing_webhook' } } },
};
/** What the pages speak of, with what their examples give them. */
const TAKEN = ['deploy', 'tell', 'restart-web'].map((name) => [
  `${name}.md`,
  (RUNBOOKS['touch.md'] ?? '')
    .replace('runbook: touch', () => `runbook: ${name}`)
    .replace(
      /inputs: .*/,
      () =>
        "inputs: { commit: { type: string, optional: true, pattern: '^[0-9a-f]{40}$' }, reason: { type: string, optional: true }, version: { type: string, optional: true }, invoice: { type: string, optional: true } }",
    ),
]);
const SECRETS = {
  github_webhook: 'a secret of our own making',
  github_webhook_2: 'the one that comes after it',
  linear_webhook: 'lin_wh_abcdefghijklmnop',
  billing_webhook: `whsec_${Buffer.alloc(32, 5).toString('base64')}`,
  github_key: 'a key',
  linear_token: 'lin_api_abcdef',
};

test.each(PAGES)('every piece of reeve.yaml in docs/%s.md is taken as it stands', async (name) => {
  const pieces = blocks(await page(name), 'yaml').map((text) => parse(text) as Part);
  expect(pieces.length).toBeGreaterThan(0);
  const world = await openWorld({ runbooks: Object.fromEntries(TAKEN) as Record<string, string> });
  for (const [secret, value] of Object.entries(SECRETS))
    await world.as('root', { command: 'secret set', args: { name: secret, value } });
  for (const piece of pieces) {
    if ('inputs' in piece) {
      const front = { runbook: 'x', title: 'X', action: 'deploy', timeout: '1m', ...piece };
      expect(RunbookFrontMatter.safeParse(front).error?.issues).toBeUndefined();
      continue;
    }
    const estate: Record<string, unknown> = { version: 1, estate: { name: 'docs' }, ...BASE };
    for (const [key, value] of Object.entries(piece)) estate[key] = { ...BASE[key], ...value };
    await world.write('reeve.yaml', stringify(estate));
    expect(await world.as('root', { command: 'config reload' })).toMatchObject({ ok: true });
  }
});

test('the rule of the README is the one of docs/rules.md', async () => {
  const readme = await readFile(path.resolve(import.meta.dirname, '../../README.md'), 'utf8');
  const [, block = ''] = /^( {4}integrations:\n(?: {4}.*\n)+)/m.exec(readme) ?? [];
  const { rules, ...rest } = parse(block) as Part;
  const [first = ''] = blocks(await page('rules'), 'yaml');
  const there = { rules: (parse(first) as Part)['rules'] };
  // The page's says more.
  expect(there).toMatchObject({ rules });
  expect(
    EstateConfig.safeParse({ version: 1, estate: { name: 'docs' }, ...BASE, ...rest, rules }).error,
  ).toBeUndefined();
});

test('the rules of docs/rules.md match what GitHub once sent, and are given what the page says', async () => {
  const rules = Object.assign(
    {},
    ...blocks(await page('rules'), 'yaml').map((text) => (parse(text) as Part)['rules'] ?? {}),
  ) as Record<string, unknown>;
  const { rules: specs } = EstateConfig.parse({ version: 1, estate: { name: 'docs' }, ...BASE, rules });
  const ask = (name: string, source: string, event: string, payload: object): Match => {
    const spec = specs[name];
    if (spec === undefined) throw new Error(`no rule ${name}`);
    return matchRule(compileRule(name, spec), { event: payload, source, name: event });
  };
  const run = structuredClone(example('workflow_run', 'completed'));
  Object.assign(run.workflow_run, { conclusion: 'success', head_branch: 'main' });
  expect(ask('deploy-main', 'github', 'workflow_run', run)).toEqual({
    matches: true,
    inputs: { commit: run.workflow_run.head_sha, reason: 'green on main' },
  });
  const release = structuredClone(example('release', 'published'));
  release.release.tag_name = 'v1.2.3';
  expect(ask('ship', 'github', 'release', release)).toEqual({ matches: true, inputs: { version: 'v1.2.3' } });
  release.release.prerelease = true;
  expect(ask('ship', 'github', 'release', release).matches).toBe(false);

  const labeled = structuredClone(example('pull_request', 'labeled')) as unknown as {
    label: { name: string };
    repository: { id: number };
    pull_request: { head: { sha: string; repo: { id: number } | null } };
  };
  labeled.label.name = 'preview';
  const { sha, repo } = labeled.pull_request.head;
  expect(repo?.id).toBe(labeled.repository.id);
  expect(ask('preview', 'github', 'pull_request', labeled)).toEqual({
    matches: true,
    inputs: { commit: sha },
  });
  for (const from of [{ id: 1 }, null]) {
    labeled.pull_request.head.repo = from;
    expect(ask('preview', 'github', 'pull_request', labeled).matches).toBe(false);
  }
  const issue = { action: 'create', data: { priority: 1, labels: [{ id: 'x', name: 'restart' }] } };
  expect(ask('urgent', 'linear', 'Issue', issue).matches).toBe(true);
  expect(ask('urgent', 'linear', 'Issue', { ...issue, data: { ...issue.data, priority: 2 } }).matches).toBe(
    false,
  );
  const paid = { type: 'invoice.paid', data: { id: 'in_1', amount: 100_000 } };
  expect(ask('paid', 'generic/billing', 'invoice.paid', paid)).toEqual({
    matches: true,
    inputs: { invoice: 'in_1' },
  });
});

test('the conditions in the table of docs/rules.md can be asked, and answer', async () => {
  const found = [...(await page('rules')).matchAll(/^\| [^|]+\| `(event\.[^`]+|has[^`]+)` +\|$/gm)].map(
    ([, text = '']) => text,
  );
  expect(found.length).toBeGreaterThan(4);
  const event = {
    ref: 'refs/heads/main',
    repository: { id: 1 },
    pull_request: { labels: [{ name: 'preview' }], head: { repo: { id: 1 } } },
  };
  const { compileCondition } = await import('../../daemon/integrations/rules/condition.ts');
  const values = found.map((text) => compileCondition(text)({ event, source: 'github', name: 'push' }));
  expect(values).toEqual([true, false, true, false, true, 'main']);
  for (const text of ['event.ref.matches("x")', 'event.a.all(a, event.b.exists(b, a == b))'])
    expect(() => compileCondition(text)).toThrow(BadCondition);
});

const GLOBAL = new Set(['force', 'json', 'reason', 'dry-run', 'break-glass', 'help']);
/** Commands of the daemon and of the command line alike: their flags, and how many words without one they take. */
const COMMANDS = [
  ...actions.map(({ name, aliases = [], args }) => ({ name, aliases, args: argSpecs(args) })),
  ...LOCAL_SPECS.map(({ name, args }) => ({ name, aliases: [], args })),
].map(({ name, aliases, args }) => ({
  name,
  aliases,
  flags: args.map(({ flag }) => flag),
  places: args.filter(({ position }) => position !== undefined).length,
}));
test.each([...PAGES, 'github-mirror', 'releases'])(
  'every command of docs/%s.md is one, with flags that it has',
  async (name) => {
    const text = await page(name);
    const lines = [
      ...blocks(text, 'sh').flatMap((block) => block.split('\n')),
      ...[...text.matchAll(/`(\/?reeve [^`]+)`/g)].map(([, line = '']) => line),
      ...[...text.matchAll(/^ {4,}(\/?reeve .+)$/gm)].map(([, line = '']) => line),
    ].filter((line) => /^\/?reeve /.test(line));
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) {
      const words = line
        .replace(/ [<#].*$/, '')
        .replace(/^\/?reeve /, '')
        .split(' ');
      if (words[0] === 'help' || words[0] === 'confirm') continue;
      const names = (one: string, aliases: readonly string[] = []): string[] => [
        one,
        ...aliases,
        // In chat and comments the shorter words stand for these.
        ...(line.startsWith('/') && one.startsWith('grant ') ? [one.slice('grant '.length)] : []),
      ];
      const [known] = COMMANDS.flatMap((one) =>
        names(one.name, one.aliases).map((called) => ({ ...one, called })),
      )
        .filter(({ called }) => `${words.join(' ')} `.startsWith(`${called} `))
        .toSorted((a, b) => b.called.length - a.called.length);
      expect([line, known?.name]).toEqual([line, expect.any(String)]);
      const flags = [...line.matchAll(/ --([a-z-]+)/g)].map(([, flag = '']) => flag);
      const wrong = flags.filter((flag) => !GLOBAL.has(flag) && known?.flags.includes(flag) !== true);
      expect([line, wrong]).toEqual([line, []]);
      const rest = words.slice(known?.called.split(' ').length);
      const plain = rest.slice(0, rest.findIndex((word) => /^["-]/.test(word)) >>> 0);
      // In comments words without a flag may be environments.
      if (!line.startsWith('/')) expect([line, plain.slice(known?.places)]).toEqual([line, []]);
    }
  },
);

test('every error code and link of the pages is there', async () => {
  const errors = await readFile(path.resolve(import.meta.dirname, '../../ERRORS.md'), 'utf8');
  const missing: string[] = [];
  let looked = 0;
  for (const name of PAGES) {
    const text = await page(name);
    for (const [, code = ''] of text.matchAll(/`([A-Z]+_[A-Z_]+)`/g)) {
      looked++;
      if (!errors.includes(code)) missing.push(`${name}: ${code}`);
    }
    for (const [, to = '', anchor] of text.matchAll(/\]\(([a-z.]+\.md)(?:#([\w-]+))?\)/g)) {
      looked++;
      const target = await page(to.replace(/\.md$/, ''));
      const headings = [...target.matchAll(/^## (.+)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replaceAll(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      );
      if (anchor !== undefined && !headings.includes(anchor)) missing.push(`${name}: ${to}#${anchor}`);
    }
  }
  expect(missing).toEqual([]);
  expect(looked).toBeGreaterThan(20);
});
