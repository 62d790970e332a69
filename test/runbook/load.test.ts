import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestOf } from '../../daemon/digest.ts';
import { loadRunbook } from '../../daemon/runbook/index.ts';
import { kindTable, stepKinds } from '../../daemon/runbook/steps/index.ts';
import { makeWorld, refusal } from './world.ts';

const STEP = '```sh { name=one }\ntrue\n```';
const FRONT = '---\nrunbook: x\ntitle: X\n---\n';

/** `line: message` of every mistake. */
async function mistakes(text: string | Uint8Array): Promise<string[]> {
  const { problems, runbook } = await loadRunbook(Buffer.from(text), 'runbooks/x.md', 'x');
  expect(runbook === undefined).toBe(problems.some(({ severity }) => severity === 'error'));
  return problems.map(({ at, message }) => `${at.replace('runbooks/x.md:', '')}: ${message}`);
}

test('mistakes in front matter hide none in the steps, and what cannot be known is not complained of', async () => {
  const steps = `
\`\`\`sh { name=one tiemout=5s }
true
\`\`\`
\`\`\`shh { name=two }
true
\`\`\`
\`\`\`notify { name=three channel=ops title="\${inputs.who} \${steps.none.outputs.x} \${secrets.key}" }
\`\`\`
\`\`\`sh { name=three }
true
\`\`\`
`;
  const ofSteps = ['sh', 'shh', 'steps.none', 'three is taken'];
  const all = async (text: string): Promise<string> => (await mistakes(text)).join('\n');
  const wrong = await all(
    `---\nrunbook: x\ntitel: X\ninputs: { who: { typ: string } }\nretries: many\n---\n${steps}`,
  );
  for (const says of [...ofSteps, 'titel', 'title is missing', 'typ', 'retries'])
    expect(wrong).toContain(says);
  // Whether there is such an input cannot be said; that there is no such secret can.
  expect(wrong).not.toContain('no input who');
  expect(wrong).toContain('secrets.key');
  const right = await all(`---\nrunbook: x\ntitle: X\nretries: many\ninputs: { whom: {} }\n---\n${steps}`);
  expect(right).toContain('no input who; did you mean whom?');
  for (const text of [`---\nrunbook: [x\n---\n${steps}`, steps, `---\n- a list\n---\n${steps}`]) {
    const found = await all(text);
    for (const says of ofSteps) expect(found).toContain(says);
    expect(found).not.toContain('no input who');
    expect(found).not.toContain('file’s name');
  }
});

test('a runbook is read with its sections, attributes and exact text', async () => {
  const text = `${FRONT}# Title
Some *prose* with [a link](x).

## 1. First
\`\`\`sh { name=one timeout=90s }
echo "two  blanks"\t
  indented

\`\`\`

\`\`\`sh
an example, not a step
\`\`\`

## Rollback
\`\`\`bash { name=undo }
true
\`\`\`
### Deeper
\`\`\`sh { name=undo-more on=always }
true
\`\`\`
## Cleanup
\`\`\`sh {name=tidy}
true
\`\`\`
`;
  const { runbook } = await loadRunbook(Buffer.from(text), 'runbooks/x.md', 'x');
  expect(runbook?.digest).toBe(digestOf(text));
  expect(runbook?.text).toBe(text);
  expect(runbook?.steps.map((s) => [s.name, s.on, s.line, s.timeout_ms, s.heading, s.attributes])).toEqual([
    ['one', 'normal', 9, 90_000, '1. First', {}],
    ['undo', 'failure', 20, 900_000, 'Rollback', { interpreter: 'bash' }],
    ['undo-more', 'always', 24, 900_000, 'Deeper', {}],
    ['tidy', 'always', 28, 900_000, 'Cleanup', {}],
  ]);
  expect(runbook?.steps[0]?.text).toBe('echo "two  blanks"\t\n  indented\n');
  expect(runbook?.prose).toEqual([{ heading: 'Title', line: 6, text: 'Some *prose* with [a link](x).' }]);
});

const cases: [what: string, text: string, expected: string[]][] = [
  ['no front matter', STEP, ['1: it does not begin with front matter']],
  ['nothing', '', ['1: it does not begin']],
  [
    'unknown key',
    `---\nrunbook: x\ntitle: X\ntimeuot: 5m\n---\n${STEP}`,
    ['4: unknown key "timeuot"; did you mean timeout?'],
  ],
  ['bad value', `---\nrunbook: x\ntitle: X\n\nretries: many\n---\n${STEP}`, ['5: retries: ']],
  ['missing title', `---\nrunbook: x\n---\n${STEP}`, ['2: title is missing']],
  [
    'deep key',
    `---\nrunbook: x\ntitle: X\ninputs:\n  a: {}\n  b:\n    type: string\n    patern: x\n---\n${STEP}`,
    ['8: inputs.b: unknown key "patern"; did you mean pattern?'],
  ],
  [
    'bad input name',
    `---\nrunbook: x\ntitle: X\ninputs:\n  A: {}\n---\n${STEP}`,
    ['5: inputs.A: input names are lower-case'],
  ],
  ['broken YAML', `---\nrunbook: x\ntitle: [\n---\n${STEP}`, ['3: Flow sequence']],
  ['duplicate key', `---\nrunbook: x\ntitle: X\ntitle: Y\n---\n${STEP}`, ['4: Map keys must be unique']],
  [
    '__proto__',
    `---\nrunbook: x\ntitle: X\n__proto__: { polluted: 1 }\n---\n${STEP}`,
    ['4: the key __proto__'],
  ],
  ['alias', `---\nrunbook: x\ntitle: &t X\ndescription: *t\n---\n${STEP}`, ['3: anchors', '4: aliases']],
  ['tag', `---\nrunbook: x\ntitle: !!js/function X\n---\n${STEP}`, ['3: Unresolved tag']],
  ['another name', `---\nrunbook: y\ntitle: X\n---\n${STEP}`, [`2: runbook: "y" is not the file's name, x`]],
  [
    'bad default',
    `---\nrunbook: x\ntitle: X\ninputs:\n  n: { type: integer, default: 9, max: 5 }\n---\n${STEP}`,
    ['5: inputs.n: its default is above 5'],
  ],
  [
    'bad pattern',
    `---\nrunbook: x\ntitle: X\ninputs:\n  n: { pattern: "(" }\n---\n${STEP}`,
    ['5: inputs.n: Invalid regular'],
  ],
  [
    'dangerous secret',
    `---\nrunbook: x\ntitle: X\nsecrets:\n  - token\n  - node_options\n---\n${STEP}`,
    ['6: secrets: a variable NODE_OPTIONS'],
  ],
  ['no steps', FRONT, ['1: it has no step that normally runs']],
  [
    'unknown attribute',
    `${FRONT}\`\`\`sh { name=one tiemout=5s }\ntrue\n\`\`\``,
    ['5: unknown attribute "tiemout"; did you mean timeout?'],
  ],
  [
    'unknown kind',
    `${FRONT}${STEP}\n\`\`\`htpt { name=two }\nx\n\`\`\``,
    ['8: no step kind "htpt"; did you mean http?'],
  ],
  ['no name', `${FRONT}\`\`\`sh { timeout=5s }\ntrue\n\`\`\``, ['5: the step has no name']],
  ['bad name', `${FRONT}\`\`\`sh { name=One }\ntrue\n\`\`\``, ['5: "One" is no step name']],
  ['same name', `${FRONT}${STEP}\n${STEP}`, ['8: the step name one is taken by line 5']],
  [
    'same variable',
    `${FRONT}\`\`\`sh { name=a-b }\ntrue\n\`\`\`\n\`\`\`sh { name=a_b }\ntrue\n\`\`\``,
    ['8: the step name a_b is taken'],
  ],
  ['bad timeout', `${FRONT}\`\`\`sh { name=one timeout=5 }\ntrue\n\`\`\``, ['5: timeout: write a duration']],
  ['bad on', `${FRONT}\`\`\`sh { name=one on=error }\ntrue\n\`\`\``, ['5: on: "error" is none of']],
  [
    'open braces',
    `${FRONT}\`\`\`sh { name=one\ntrue\n\`\`\``,
    ['1: it has no step', '5: the attributes do not end'],
  ],
  ['never closed', `${FRONT}\`\`\`sh { name=one }\ntrue\n`, ['5: this block is never closed']],
  [
    'fence in a fence',
    `${FRONT}\`\`\`text\nhello\n${STEP}`,
    ['1: it has no step', '7: a fence inside a block'],
  ],
  [
    'in a list',
    `${FRONT}- \`\`\`sh { name=two }\n  true\n  \`\`\`\n${STEP}`,
    ['1: it has no step', '5: a code block stands on lines of its own', '8: a fence'],
  ],
  [
    'in a quote',
    `${FRONT}${STEP}\n> \`\`\`sh { name=two }\n> true\n> \`\`\``,
    ['8: a code block stands', '10: a code block stands'],
  ],
  [
    'indented',
    `${FRONT}${STEP}\n\n  \`\`\`sh { name=two }\n  true\n  \`\`\``,
    ['9: a step begins at the start of its line'],
  ],
  ['empty', `${FRONT}\`\`\`sh { name=one }\n\n\`\`\``, ['5: a sh step needs a text']],
  [
    'input in a script',
    `${FRONT}\`\`\`sh { name=one }\ntrue\necho \${inputs.a}\n\`\`\``,
    ['7: ${inputs.a} is not filled in a script'],
  ],
  [
    'unknown input',
    `${FRONT}${STEP}\n\`\`\`notify { name=n }\na\n\${inputs.a}\n\`\`\``,
    ['10: ${inputs.a}: there is no input a'],
  ],
  [
    'unknown step',
    `${FRONT}${STEP}\n\`\`\`notify { name=n }\n\${steps.onr.outputs.a}\n\`\`\``,
    ['9: ${steps.onr.outputs.a}: there is no step onr; did you mean one?'],
  ],
  [
    'later step',
    `${FRONT}\`\`\`notify { name=n }\n\${steps.one.outputs.a}\n\`\`\`\n${STEP}`,
    ['6: ${steps.one.outputs.a}: the step one does not run before'],
  ],
  [
    'no reference',
    `${FRONT}${STEP}\n\`\`\`notify { name=n }\n\${HOME}\n\`\`\``,
    ['9: ${HOME} names nothing'],
  ],
  [
    'output in a lock',
    `---\nrunbook: x\ntitle: X\nlock: "\${steps.one.outputs.a}"\n---\n${STEP}`,
    ['4: ${steps.one.outputs.a}: outputs are only known'],
  ],
  [
    'secret in a message',
    `---\nrunbook: x\ntitle: X\nsecrets: [s]\n---\n${STEP}\n\`\`\`notify { name=n }\n\${secrets.s}\n\`\`\``,
    ['10: ${secrets.s}: secrets cannot'],
  ],
  [
    'bad expression',
    `${FRONT}${STEP}\n\`\`\`assert { name=a }\n1 == 1\n\n1 = 2\n\`\`\``,
    ['11: "= 2" cannot be read'],
  ],
  [
    'bad request',
    `${FRONT}${STEP}\n\`\`\`http { name=h }\nGET http://a/\nHost: b\n\`\`\``,
    ['10: host is set by Reeve itself'],
  ],
  [
    'outputs for a call',
    `${FRONT}${STEP}\n\`\`\`call { name=c runbook=y }\na: \${steps.one.outputs.a}\n\`\`\``,
    ['9: inputs of a called', '9: ${steps.one'],
  ],
  ['bidi', `${FRONT}\`\`\`sh { name=one }\necho \u202e evil\n\`\`\``, ['6: column 6 holds \\u{202e}']],
  [
    'invisible',
    `${FRONT}\`\`\`sh { name=one }\nrm -rf /tmp/a\u200b\n\`\`\``,
    ['6: column 14 holds \\u{200b}'],
  ],
  ['escape sequence', `${FRONT}\u001b[8mhidden\u001b[0m\n${STEP}`, ['5: column 1 holds \\u{1b}']],
  ['CR LF', `${FRONT}${STEP}`.replaceAll('\n', '\r\n'), ['1: the line ends with CR LF']],
  ['a lone CR', `${FRONT}\`\`\`sh { name=one }\ntrue # \rrm x\n\`\`\``, ['6: the line ends']],
  ['NUL', `${FRONT}\u0000\n${STEP}`, ['5: column 1 holds \\u{0}']],
];

test.each(cases)('mistake: %s', async (_, text, expected) => {
  const found = await mistakes(text);
  expect(found.map((line, i) => line.slice(0, (expected[i] ?? '').length))).toEqual(expected);
});

test('all mistakes at once, in the order of their lines', async () => {
  const text = `---\nrunbook: x\ntitle: X\n---\n\`\`\`sh { name=A }\ntrue\n\`\`\`\n\`\`\`nope { name=b }\n\`\`\`\n\`\`\`sh { name=c on=x bad=1 }\n\n\`\`\`\n`;
  expect((await mistakes(text)).map((line) => line.split(':')[0])).toEqual(['5', '8', '10', '10']);
});

test('not UTF-8, too long, too many lines', async () => {
  expect(await mistakes(Buffer.from([0xff, 0xfe]))).toEqual(['1: it is not UTF-8']);
  expect(await mistakes(Buffer.alloc(1024 * 1024 + 1, 'x'))).toEqual(['1: it has more than 1048576 bytes']);
  expect(await mistakes('\n'.repeat(6000))).toEqual(['5000: it has more than 5000 lines']);
});

test('attack 44: a name that is a path is refused, and nothing outside is read', async () => {
  const world = await makeWorld();
  await writeFile(join(world.root, 'outside.md'), `---\nrunbook: outside\ntitle: X\n---\n${STEP}\n`);
  const names = [
    '../outside',
    '/etc/passwd',
    '..',
    '.',
    '',
    'a/b',
    'a\0b',
    '%2e%2e%2foutside',
    'outside%00',
    'A',
    'а',
    'x.md',
    '..\\outside',
    'a'.repeat(100),
    '__proto__',
    'a\nb',
  ];
  for (const name of names) {
    const errors = await Promise.all([
      refusal(world.runbooks.get(name)),
      refusal(world.runbooks.lint(name)),
      refusal(world.plan(name)),
    ]);
    expect(errors.map(({ code }) => code)).toEqual(Array(3).fill('RUNBOOK_PATH_REFUSED'));
    expect(errors[0].message).not.toMatch(/[\0\n]/);
  }
});

test('attack 45: a symbolic link is refused, as a file and as a folder', async () => {
  const world = await makeWorld();
  await writeFile(join(world.root, 'evil.md'), `---\nrunbook: evil\ntitle: X\n---\n${STEP}\n`);
  await symlink(join(world.root, 'evil.md'), join(world.root, 'runbooks/evil.md'));
  expect((await refusal(world.runbooks.get('evil'))).code).toBe('RUNBOOK_PATH_REFUSED');
  expect(await world.runbooks.list()).toEqual([]);
  expect((await world.runbooks.lint()).map(({ at }) => at)).toEqual(['runbooks/evil.md:1']);
  await rm(join(world.root, 'runbooks/evil.md'));
  await rename(join(world.root, 'runbooks'), join(world.root, 'elsewhere'));
  await symlink('elsewhere', join(world.root, 'runbooks'));
  for (const call of [world.runbooks.get('evil'), world.runbooks.list(), world.runbooks.lint()])
    expect((await refusal(call)).code).toBe('RUNBOOK_PATH_REFUSED');
  for (const path of ['../', '/tmp', 'a/../..']) {
    const out = await makeWorld({ estate: { runbooks: { path } } });
    expect((await refusal(out.runbooks.list())).code).toBe('RUNBOOK_PATH_REFUSED');
  }
});

test('attack 45: a runbook swapped after its digest was taken is refused', async () => {
  const world = await makeWorld();
  await world.write('x', STEP);
  const { digest } = await world.runbooks.get('x');
  expect((await world.runbooks.get('x', digest)).digest).toBe(digest);
  await world.write('x', STEP.replace('true', 'false'));
  expect((await refusal(world.runbooks.get('x', digest))).code).toBe('RUNBOOK_CHANGED');
  expect((await refusal(world.plan('x', { runbook_digest: digest }))).code).toBe('RUNBOOK_CHANGED');
  expect((await world.plan('x')).runbook_digest).not.toBe(digest);
});

test('attack 45: what is no plain file does not hold the reader up', async () => {
  const world = await makeWorld();
  await mkdir(join(world.root, 'runbooks/folder.md'));
  execFileSync('mkfifo', [join(world.root, 'runbooks/pipe.md')]);
  expect((await refusal(world.runbooks.get('folder'))).code).toBe('RUNBOOK_PATH_REFUSED');
  expect((await refusal(world.runbooks.get('pipe'))).code).toBe('RUNBOOK_PATH_REFUSED');
});

test('what is not there, invalid or too large is said with the next thing to do', async () => {
  const world = await makeWorld();
  await world.write('deploy', STEP);
  await world.write('broken', '');
  await writeFile(join(world.root, 'runbooks/large.md'), Buffer.alloc(1024 * 1024 + 1, 'x'));
  await writeFile(join(world.root, 'runbooks/Odd.md'), '');
  await writeFile(join(world.root, 'runbooks/README.md'), '');
  expect((await refusal(world.runbooks.get('deplyo'))).hint).toContain('Did you mean deploy?');
  const broken = await refusal(world.runbooks.get('broken'));
  expect([broken.code, broken.at]).toEqual(['RUNBOOK_INVALID', 'runbooks/broken.md:1']);
  expect((await refusal(world.runbooks.get('large'))).code).toBe('RUNBOOK_INVALID');
  expect((await world.runbooks.list()).map(({ front }) => front.runbook)).toEqual(['deploy']);
  expect((await world.runbooks.lint()).map(({ at, severity }) => `${at} ${severity}`)).toEqual([
    'runbooks/broken.md:1 error',
    'runbooks/large.md:1 error',
    'runbooks/Odd.md:1 warning',
  ]);
});

test('lint follows calls and needs', async () => {
  const world = await makeWorld();
  await world.write('deploy', STEP);
  await world.write(
    'x',
    `${STEP}\n\`\`\`call { name=c runbook=deplyo }\n\`\`\``,
    'needs: [{ runbook: nowhere }]\n',
  );
  expect((await world.runbooks.lint('x')).map(({ at, message }) => `${at} ${message}`)).toEqual([
    'runbooks/x.md:1 there is no runbook nowhere',
    'runbooks/x.md:9 there is no runbook deplyo; did you mean deploy?',
  ]);
});

test('a message to a channel that is not there is warned about, one to everybody’s default is not', async () => {
  const world = await makeWorld();
  const say = (name: string, channel: string): string =>
    `\`\`\`notify { name=${name} ${channel} }\nHello\n\`\`\`\n`;
  await world.write('x', `${say('a', '')}${say('b', 'channel=ops')}${say('c', 'channel=nobody')}`);
  expect(
    (await world.runbooks.lint('x')).map(({ at, message, severity }) => `${at} ${severity} ${message}`),
  ).toEqual([
    expect.stringMatching(
      /^runbooks\/x\.md:\d+ warning reeve\.yaml has no channel nobody, so this only goes to the log$/,
    ),
  ]);
});

test('two kinds with one word are refused at the start', () => {
  const [sh, http] = stepKinds;
  expect(() => kindTable([sh, http, { ...http, kind: 'other', languages: ['bash'] }])).toThrow(
    'the step kinds sh and other both claim "bash"',
  );
});
