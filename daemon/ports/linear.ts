import type { LinearTodo } from '../../contracts/records/linear.ts';
import type { Conversation } from './door.ts';

/** Where an issue stands. `identifier`: `OPS-12`. */
export type LinearIssue = {
  issue: string;
  identifier: string | null;
  url: string | null;
};

export interface LinearView {
  /** Key of the team; null where nothing is written. */
  team: string | null;
  links: (LinearIssue & { incident: string })[];
  /** Oldest first. */
  waiting: { op: string; kind: string; issue: string; since: number; tries: number; why: string | null }[];
  /** The newest things that went otherwise than somebody may have thought. */
  odd: { at: number; what: string; why: string; incident: string | null }[];
  health: {
    /** Since when nothing gets through, ms; null while it works. */
    failing: number | null;
    why: string | null;
    /** Requests left in this hour's budget. */
    budget: number | null;
  };
}

export interface LinearReconcile {
  /** ms; undefined: the last day. */
  since: number | undefined;
  /** A person named it: nothing before it is looked at. */
  exact: boolean;
  /** Incidents of this project only. */
  project: string | undefined;
  dryRun: boolean;
  job: string;
  signal: AbortSignal;
  log(text: string): Promise<void>;
  /** Everything up to then (ms) is done and lasts. */
  reached(at: number): Promise<void>;
}

export interface LinearReconciled {
  /** Issues and comments that concern us and were not known as they are. */
  looked: number;
  heard: { what: string; did: string; why: string }[];
}

/** The issue of a TODO, and how the TODO stood when the issue was last told of it. */
export interface LinearTodoIssue extends LinearIssue, Omit<LinearTodo, 'gone'> {
  gone: boolean;
  /** Why the issue says something else; null: it does not. */
  conflict: string | null;
}

/** What an issue is told of its TODO. */
export interface LinearTodoTold {
  /** Undefined: it has no issue yet. */
  issue: string | undefined;
  /** `changed`: other words, owner or file. `gone`: it is in no file any more. `back`: it is again. */
  what: 'new' | 'changed' | 'gone' | 'back';
  todo: Omit<LinearTodo, 'gone'>;
  /** Lines around it. */
  context: readonly string[];
  /** Who wrote the line, when (ms) and in which commit, as far as Git knows. */
  written: { by: string; at: number; commit: string } | undefined;
  /** Where people see it. */
  url: string | undefined;
  labels: readonly string[];
  /** Key of the team of a new one; undefined: that of integrations.linear. */
  team: string | undefined;
}

/** What somebody wants to be kept. */
export interface Captured {
  /** Their own words; empty: those of the conversation. */
  text: string;
  context: string;
  by: string;
  via: string;
  conversation: Conversation | undefined;
}

export interface CapturedIssue extends LinearIssue {
  /** It was captured before; nothing more was made. */
  again: boolean;
  /** For people: what of the conversation is not in it. */
  missing: string | null;
}

/** Linear beside the incidents here. */
export interface Linear {
  /** Durable when it resolves; `identifier` is null while Linear has not taken it yet. Rejects LINEAR_OFF, CAPTURE_NOTHING. */
  capture(what: Captured): Promise<CapturedIssue>;
  view(): Promise<LinearView>;
  /**
   * Does what deliveries of Linear would have done that did not come: comments, who took it on, what was closed or opened
   * again, labels. What differs on both sides is told and left. Rejects LINEAR_OFF, LINEAR_UNREAD.
   */
  reconcile(ask: LinearReconcile): Promise<LinearReconciled>;
  /** Every TODO that has an issue. Rejects LINEAR_OFF. */
  todos(): Promise<LinearTodoIssue[]>;
  /**
   * Has it told to the TODO's issue, which is made where there is none; durable when it resolves, to the issue's id. The same
   * once more is nothing more. Rejects LINEAR_OFF.
   */
  tellTodo(told: LinearTodoTold): Promise<string>;
  /** Tries at once what waits. Resolves to how much that is. Rejects LINEAR_OFF. */
  retry(): Promise<number>;
}
