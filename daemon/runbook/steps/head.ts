import { z } from 'zod';
import { defineKind, specObject } from './kind.ts';

/** Puts the signed head of the ledger where this machine cannot change it. */
export const head = defineKind({
  kind: 'head',
  summary:
    'Posts the signed head of the ledger to the channel `heads` of chat, and passes when it stands there.',
  body: 'none',
  reads: { outputs: false, secrets: false },
  attributes: z.object({}),
  spec: specObject({}),
  plan: () => ({ summary: 'posts the signed head of the ledger', spec: {} }),
  async run(_, context) {
    const { size, root, where } = await context.services.head({ signal: context.signal });
    return { status: 'PASS', outputs: { size: String(size), root, where: where.join(' ') } };
  },
});
