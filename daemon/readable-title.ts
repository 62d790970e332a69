/** `$${` stands for `${` itself, as everywhere in a runbook. */
const PLACE = /\$\$\{|\$\{(?:inputs\.)?([a-z][a-z0-9_]*)\}/g;

/**
 * A runbook's title where no run fills it in: `Game day: the release of ${project} in ${env} disappears` reads
 * `Game day: the release of <project> in <env> disappears`; an input that has a default shows that.
 */
export function readableTitle(
  title: string,
  inputs: Readonly<Record<string, { default?: unknown }>> = {},
): string {
  return title.replaceAll(PLACE, (whole, name: string | undefined) => {
    if (name === undefined) return whole.slice(1);
    const value = Object.hasOwn(inputs, name) ? inputs[name]?.default : undefined;
    return typeof value === 'string' || typeof value === 'number' ? String(value) : `<${name}>`;
  });
}
