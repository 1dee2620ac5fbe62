export interface FailureReason {
	errorCode: string;
	errorParameters: string[];
}

/** Ends a request. The values of errorCode are unknown (facts 2.1); those here are made up. */
export class Refusal extends Error {
	constructor(
		readonly status: 400 | 401 | 404 | 405 | 415 | 429 | 500,
		/** Null where the answer has no envelope. */
		readonly reason: FailureReason | null,
		readonly headers: Record<string, string> = {},
		readonly body: string = '',
	) {
		super(reason?.errorCode ?? `HTTP ${status}`);
	}
}

export function refuse(errorCode: string, ...errorParameters: string[]): Refusal {
	return new Refusal(400, { errorCode, errorParameters });
}
