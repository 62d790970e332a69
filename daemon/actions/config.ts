import { z } from 'zod';
import type { Json } from '../../contracts/json.ts';
import type { Block, Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { adminAction, readAction } from '../ports/actions.ts';
import { problemDraft } from './problems.ts';
import { sees } from './sees.ts';
import { brokenWords } from './status.ts';

const group = 'Configuration';

export const configShow = readAction({
  name: 'config show',
  summary: 'The configuration in force and its recorded versions',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['config show'],
  run(context) {
    const { config, file, digest } = context.config.current();
    const versions = context.configVersions();
    return {
      title: file,
      tone: 'info',
      blocks: [
        {
          type: 'fields',
          fields: [
            { label: 'Digest', value: { id: digest } },
            { label: 'Projects', value: Object.keys(config.projects).join(', ') },
            { label: 'Schedules', value: Object.keys(config.schedules).join(', ') || 'none' },
          ],
        },
        {
          type: 'table',
          columns: [{ label: 'What' }, { label: 'Version', align: 'right' }, { label: 'Digest' }],
          rows: versions.map((v): Cell[] => [v.config_name, v.config_version, { id: v.digest }]),
          empty: 'No versions recorded yet.',
        },
      ],
      data: {
        digest,
        file,
        config: { ...config, redact: config.redact.map(() => '[redacted]') } as unknown as Json,
        versions: versions as unknown as Json,
      },
    };
  },
});

export const configReload = adminAction({
  name: 'config reload',
  type: 'change_config',
  summary: 'Read reeve.yaml and the runbooks again now (it also happens by itself)',
  group,
  verb: 'administer',
  args: z.object({}),
  examples: ['config reload'],
  async run(context) {
    const before = context.config.current().digest;
    const { changed, digest } = await context.reloadConfig();
    return {
      title: changed ? 'A new version is in force' : 'Nothing changed',
      data: { changed, digest },
      before: { digest: before },
      after: { digest },
    };
  },
});

export const configCheck = readAction({
  name: 'config check',
  summary: 'Check reeve.yaml and every runbook without taking them into use',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['config check'],
  async run(context) {
    const problems = [...(await context.checkConfig()), ...(await context.runbooks.lint())];
    return problemDraft(problems, 'Everything is valid.');
  },
});

export const configDiff = readAction({
  name: 'config diff',
  summary: 'What changed in the mandates of unattended work since somebody accepted them',
  group,
  verb: 'view',
  args: z.object({
    mandate: arg.string('only this one, e.g. schedule:self-restore', { position: 0 }).optional(),
  }),
  examples: ['config diff', 'config diff schedule:self-restore'],
  async run({ mandates, config, people, caller, checkConfig }, args) {
    const broken = (await checkConfig()).filter(({ severity }) => severity === 'error');
    const { schedules } = config.current().config;
    const all = (await mandates.list()).filter(
      ({ id }) =>
        (args.mandate === undefined || id === args.mandate) &&
        sees(people, caller.person, schedules[id.replace('schedule:', '')]),
    );
    const blocks: Block[] = [
      {
        type: 'table',
        columns: [{ label: 'Mandate' }, { label: 'State' }, { label: 'Accepted by' }, { label: 'Why' }],
        rows: all.map((m): Cell[] => [
          m.id,
          { tone: m.state === 'accepted' ? 'good' : 'warn', text: m.state },
          m.by ?? '–',
          m.why ?? '',
        ]),
        empty: 'No such mandate.',
      },
    ];
    if (broken.length > 0)
      blocks.unshift({
        type: 'text',
        text: brokenWords(broken.map(({ at, message }) => `${at}: ${message}`)),
      });
    const diffs: Record<string, string> = {};
    for (const m of all.filter((one) => one.state !== 'accepted')) {
      const { text } = await mandates.diff(m.id);
      diffs[m.id] = text;
      blocks.push({ type: 'code', language: 'diff', text });
    }
    const waiting = Object.keys(diffs);
    if (waiting.length > 0)
      blocks.push({
        type: 'hint',
        text: `Accept what you have read: reeve config accept ${waiting[0] ?? ''}`,
      });
    return {
      title:
        waiting.length === 0
          ? broken.length > 0
            ? 'Every mandate is as it was accepted, but the file on disk is not in force'
            : 'Every mandate is as it was accepted'
          : `${plural(waiting.length, 'mandate')} ${waiting.length === 1 ? 'waits' : 'wait'} for you`,
      tone: broken.length > 0 ? 'bad' : waiting.length === 0 ? 'good' : 'warn',
      blocks,
      data: { mandates: all as unknown as Json, diffs },
    };
  },
});

export const configAccept = adminAction({
  name: 'config accept',
  type: 'accept_config',
  summary: 'Accept a changed mandate, so that its unattended work runs again',
  group,
  verb: 'administer',
  args: z.object({ mandate: arg.string('which, e.g. schedule:self-restore', { position: 0 }) }),
  examples: ['config accept schedule:self-restore'],
  async preview({ mandates }, args) {
    const { text, digest } = await mandates.diff(args.mandate);
    return {
      question: `Accept the mandate ${args.mandate} as it is now?`,
      blocks: [{ type: 'code', language: 'diff', text }],
      of: digest,
    };
  },
  async run({ mandates, caller }, args, shown) {
    const before = (await mandates.list()).find((m) => m.id === args.mandate) ?? null;
    const after = await mandates.accept(args.mandate, caller.person, shown?.of);
    return {
      title: `${args.mandate} is accepted`,
      data: after as unknown as Json,
      before: before as unknown as Json,
      after: after as unknown as Json,
      targets: [{ kind: 'mandate', id: args.mandate }],
    };
  },
});
