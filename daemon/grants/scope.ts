import type { GrantPayload } from '../../contracts/grant.ts';

/** Whether the grant names this capability and this project, character by character. No globs, no folding of case. */
export function allows(payload: GrantPayload, cap: string, project: string): boolean {
  return payload.cap.includes(cap) && payload.prj.includes(project);
}

/** What a child has over its parent, for people; undefined when it has nothing over it. */
export function exceeds(child: GrantPayload, parent: GrantPayload): string | undefined {
  const cap = child.cap.find((c) => !parent.cap.includes(c));
  if (cap !== undefined) return `it names ${cap}`;
  const project = child.prj.find((p) => !parent.prj.includes(p));
  if (project !== undefined) return `it names project ${project}`;
  if (child.exp > parent.exp) return 'it lives longer';
  if (child.nbf < parent.nbf) return 'it begins earlier';
  if (child.uses > parent.uses) return 'it has more uses';
  if (child.cls !== parent.cls) return 'it is of another class';
  if (child.sub !== parent.sub) return 'it belongs to someone else';
  if (child.aud !== parent.aud) return 'it is for another daemon';
  if (parent.plan !== undefined && child.plan === undefined) return 'it is not bound to a plan';
  return undefined;
}

/** Text that someone typed, safe to show: what is not printable ASCII is escaped, so that look-alikes stand out. */
export function shown(text: string): string {
  const cut = text.length > 140 ? `${text.slice(0, 139)}…` : text;
  return cut.replace(
    /[^ -~…]/gu,
    (c) => `<U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`,
  );
}

/** Milliseconds as RFC 3339 UTC. */
export const iso = (ms: number): string => new Date(ms).toISOString();
