import { z } from 'zod';

/** Any JSON value. Ledger bodies and grant payloads further restrict numbers to safe integers (RFC 7493 §2.2). */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export const Json: z.ZodType<Json> = z.json();

/** A JSON object. */
export type JsonObject = { [key: string]: Json };
export const JsonObject: z.ZodType<JsonObject> = z.record(z.string(), Json);

/** Milliseconds since the Unix epoch, UTC. */
export const Millis = z.int().min(0).max(8_640_000_000_000_000);

/** RFC 3339 timestamp in UTC with milliseconds, e.g. `2026-01-02T03:04:05.678Z`. */
export const UtcTime = z.iso.datetime({ precision: 3 });
