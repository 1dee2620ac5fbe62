import { z } from 'zod/v4';

/**
 * A code of a vendor: an integer, or the text of one. Anything else that could be made a number of (null, "", true, [],
 * "0x0") says nothing.
 */
export const integer = z.union([
	z.number().int(),
	z
		.string()
		.regex(/^\s*-?\d+\s*$/)
		.transform(Number)
		.refine(Number.isSafeInteger),
]);
