/** Chapter 3 of both documents, word for word. */
export const MESSAGES = {
	10000: 'System error',
	10001: 'Unknown request',
	10002: 'Login timeout',
	10003: 'Not login yet',
	10004: 'Parameter error',
	10005: 'Missing required parameter',
	10006: 'The parameter is out of range',
	10007: 'Permission denied',
	10009: 'Request is too frequency',
	10010: 'Access token doesn’t exist',
	10011: 'Access token is invalid',
	10012: 'Access token is out of date',
	10013: 'IMEI is not authorized',
	10014: 'Request time error',
	10016: 'Account is blocked',
	20001: 'Account or password error',
	20005: "Target doesn't exist.",
	20017: 'Device is offline.',
	20018: 'Send command fail.',
	20023: 'No Data.',
	20046: 'Target is expired.',
	20048: 'Unsupported command.',
	20089: 'Device is blocked.',
} as const;

export type Code = keyof typeof MESSAGES;

/** Ends a request with a code of the vendor. */
export class Refusal extends Error {
	constructor(
		readonly code: Code,
		message: string = MESSAGES[code],
	) {
		super(message);
	}
}
