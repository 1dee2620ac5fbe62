import { numberOf } from '../../core/describe/read';

/** A value out of a text of records: its number, or what stands there instead of one. */
export type Value = number | string | null;

export const valueIn = (part: string): Value => numberOf(part) ?? (part.trim() === '' ? null : part.trim());
