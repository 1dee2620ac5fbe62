import { readTime } from '../../core/describe/time';

/** One integrator reads WCF's own form as well; whether it is ever sent is not known (facts 3.3). */
const WCF = /^\/Date\((-?\d{1,15})(?:[+-]\d{4})?\)\/$/;
const UTC = { now: 0, timeZone: 'UTC' };
/** .NET's greatest date stands for "none", as its least does. */
const NONE_FROM = Date.UTC(9999, 0);

/** ISO text of the vendor's times: UTC, with and without milliseconds or Z. */
export function timeOf(value: unknown): string | null {
	if (typeof value !== 'string') return null;
	const text = value.trim();
	const wcf = WCF.exec(text)?.[1];
	const ms = wcf !== undefined ? Number(wcf) : /^\d{4}-/.test(text) ? readTime(text, UTC) : undefined;
	return ms === undefined || ms <= 0 || ms >= NONE_FROM ? null : new Date(ms).toISOString();
}

/** "Time format in YYYY-MM-DDTHH:MM:SSZ" */
export const parameterOf = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
