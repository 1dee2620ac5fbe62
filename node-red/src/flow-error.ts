import type { FleetError } from '../../core/describe/errors';

/** An error as Catch nodes get it: one text, a code to switch on, and what is known beyond as a plain object. */
export function flowError(error: FleetError): Error {
	const { code, advice, vendorCode, vendorMessage, status, retryAfterMs, retryable, effect } = error;
	const cause = { advice, vendorCode, vendorMessage, status, retryAfterMs, retryable, effect };
	for (const [key, value] of Object.entries(cause)) {
		if (value === undefined) Reflect.deleteProperty(cause, key);
	}
	const shown = Object.assign(new Error(error.sentence), { code, cause });
	// Catch nodes and the log get toString(), and the class's name in front of a sentence helps nobody.
	// eslint-disable-next-line no-restricted-syntax -- it was made here
	return Object.defineProperty(shown, 'toString', { value: () => shown.message });
}
