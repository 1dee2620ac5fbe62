/**
 * The document shows two values, 0 and 4. The others are unknown (facts 3.1); 1 and 3 stand for all of them here.
 */
export const ERROR_NAMES = { 0: 'Success', 1: 'Failed', 3: 'InvalidToken', 4: 'AuthorisationFailed' } as const;

export type ErrorCode = keyof typeof ERROR_NAMES;

export const FAILED = 1;
/** Made up. */
export const INVALID_TOKEN = 3;
export const AUTHORISATION_FAILED = 4;

/** Ends a request with an ErrorCode, HTTP 200. */
export class Refusal extends Error {
	constructor(
		readonly code: ErrorCode,
		readonly rest: object = {},
	) {
		super(ERROR_NAMES[code]);
	}
}

/** Ends a request with a bare HTTP status. */
export class HttpRefusal extends Error {
	constructor(readonly status: 400 | 401 | 403 | 404 | 405) {
		super(`HTTP ${status}`);
	}
}
