import { RUNBOOKS } from '../helpers/app.ts';

const book = (name: string, script: string): string =>
  `---\nrunbook: ${name}\ntitle: Runs ${name}\naction: run\ntimeout: 1m\n---\n\`\`\`sh { name=say }\n${script}\n\`\`\`\n`;

/** Steps of the plan that is too long for a message. */
export const STEPS = Array.from({ length: 400 }, (_, n) => `echo "step ${n} of a very long plan"`);

/** Runbooks whose plan or output is too much for a message, each in its way. */
export const LOUD = {
  ...RUNBOOKS,
  'long-line.md': book('long-line', `head -c 6000 /dev/zero | tr '\\0' 'x'; echo; echo after`),
  // Fails until a file is there, and each time it is run anew.
  'flaky.md': book('flaky', '[ -e ok ] && rm ok'),
  'huge.md': book('huge', STEPS.join('\n')),
  // 12 MB: more than Discord takes.
  'flood.md': book('flood', `echo first; seq 100000000 101200000 | sed 's/$/ /'; echo last`),
};
