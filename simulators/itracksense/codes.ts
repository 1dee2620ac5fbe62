/** Ends a request with a Code in the body. */
export class Refusal extends Error {
	constructor(
		readonly code: number,
		message?: string,
	) {
		super(message ?? '');
	}
}

/** The token is dead, which sections 15 and 16 tell in another way than the rest. */
export class DeadToken extends Error {}

/** Ends a request with a bare HTTP status. */
export class HttpRefusal extends Error {
	constructor(readonly status: 404 | 405) {
		super(`HTTP ${status}`);
	}
}

export const SYSTEM_ERROR = 500;
export const TOKEN_INVALID = 'Token invalid';

const DANGEROUS = 'Dangerous value in parameters or parameters missed';
const WRONG_WAY = 'startTime should not be greater than end time';
const NO_DEVICE = 'This device does not exist';

/** The words of each section for its codes, in the document's spelling. */
const TEXTS: Readonly<Record<number, Readonly<Record<number, string>>>> = {
	4: {
		500: 'User / password can’t be null ',
		4000: 'Service period remain time',
		4002: 'User expire',
		4003: 'Enterprise expire',
		4004: 'User does not exist',
		4005: 'Password error',
		4006: 'User has been deleted',
		4009: 'LoginKey does not exist',
	},
	6: { 401: DANGEROUS },
	7: { 401: 'Dangerous value in parameters or parameter value missed' },
	8: { 401: 'Risky value existed or parameter value missed' },
	9: {
		401: 'Risky value parameters or parameter missed',
		403: 'Start time can’t be greater than end Time',
		4001: 'Vehicle Plate does not exist or been deleted',
	},
	10: {
		401: DANGEROUS,
		403: 'startTime can’t be greather than endTime',
		4002: 'Device number does not exist or has been deleted',
	},
	11: { 401: DANGEROUS, 4001: 'Get user HoldID Failure' },
	12: { 401: DANGEROUS, 4001: 'Limited authority or vehicle/asset does not exist' },
	13: { 401: DANGEROUS, 4001: 'Limited authority or vehicle does not exist' },
	17: { 401: DANGEROUS, 403: WRONG_WAY, 4001: 'This vehicle plate does not exist or has been deleted' },
	19: { 402: 'DeviceIDs format is incorrect, please use DeviceID,DeviceID,DeviceID,…format', 403: WRONG_WAY },
	20: { 403: WRONG_WAY },
	21: { 402: 'deviceIDs format is not correct, please deviceID,deviceID,deviceID,…format', 403: WRONG_WAY },
	22: { 403: WRONG_WAY },
	23: { 404: NO_DEVICE },
	24: { 404: NO_DEVICE },
	25: { 404: NO_DEVICE },
	26: { 404: NO_DEVICE },
	28: {
		403: 'startTime should not be greater than endTime',
		4001: 'Get the hold ID of the enterprise failure',
		4005: 'This device does not exist or has been deleted',
		4006: 'This Vehicle Plate does not exist or has been deleted',
	},
};

export function textOf(section: number, code: number): string {
	return TEXTS[section]?.[code] ?? 'System error';
}

/** Whether a section lists a code; where it does not, its errors are all 500. */
export function lists(section: number, code: number): boolean {
	return TEXTS[section]?.[code] !== undefined;
}
