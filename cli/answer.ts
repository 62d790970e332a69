import { ErrorResponse } from '../contracts/errors.ts';
import { notReeve } from './io/http.ts';
import { Refused, type Problem } from './io/problem.ts';

/** The error in an answer: an ErrorResponse, or a Reply that carries one. Undefined for an answer that is none. */
export function refusedBy(path: string, status: number, value: unknown): Refused | Problem | undefined {
  const plain = ErrorResponse.safeParse(value);
  if (plain.success) return new Refused(plain.data);
  if (value !== null && typeof value === 'object' && 'error' in value) {
    const inner = ErrorResponse.safeParse(value.error);
    if (inner.success) return new Refused(inner.data);
  }
  return status >= 400 ? notReeve(path, `HTTP ${status}`) : undefined;
}
