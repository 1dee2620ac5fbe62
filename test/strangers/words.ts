/** What a person reads of a run: errors and warnings. */
import type { FleetError } from '../../core/describe/errors';
import { must } from '../delivery/broken';

/** What no sentence for a person holds. */
const RAW =
	/did not expect|is not a function|is not iterable|cannot read prop|undefined|\bNaN\b|Invalid (?:input|time value|Date)|\b(?:Zod|Type|Range|Syntax|Reference)Error\b|\[object |\n\s+at /i;

export function mustBeWords(text: string): void {
	must(!RAW.test(text), `a person can read "${text}"`);
	must(text.length > 15, `"${text}" says what is wrong`);
}

export function wordsOf(error: FleetError | undefined): string[] {
	if (error === undefined) return [];
	mustBeWords(error.message);
	if (error.advice !== '') mustBeWords(error.advice);
	return [error.sentence];
}
