import { clipped, plain } from './words';

/**
 * Every way a call can end badly, as one hierarchy. `message` says what is wrong in one sentence, `advice` what to do
 * about it; both are plain words, and free of secrets once they have left the client (see redaction.ts). Hosts map
 * these classes once.
 */
export interface FleetErrorDetails {
	/** What the user can do about it, as a sentence. */
	advice?: string;
	/** The vendor's own code and words, where it gave any. */
	vendorCode?: string;
	vendorMessage?: string;
	/** HTTP status of the answer, where there was one. */
	status?: number;
	/** How long the other side asked us to wait. */
	retryAfterMs?: number;
	/** Whether the same call may succeed if it is simply made again. */
	retryable?: boolean;
	/**
	 * What is known of the request's effect: 'none' - it was certainly not carried out; 'unknown' - it may have been.
	 * A command is never sent again while this is 'unknown'.
	 */
	effect?: 'none' | 'unknown';
	/** Whether the vendor gives the same answer for another reason, so that it is not known if the session is over. */
	doubtful?: boolean;
	cause?: unknown;
}

/** Whatever a sentence quotes, it is words. Nobody reads more of it. */
const sentence = (text: string, most = 1500) => plain(clipped(text, most));

export abstract class FleetError extends Error {
	/** Stable identifier of the kind of error, e.g. for a Switch node. */
	abstract readonly code: string;
	readonly advice: string;
	readonly vendorCode?: string;
	readonly vendorMessage?: string;
	readonly status?: number;
	readonly retryAfterMs?: number;
	readonly retryable: boolean;
	readonly effect: 'none' | 'unknown';
	readonly doubtful: boolean;

	constructor(message: string, details: FleetErrorDetails = {}) {
		super(sentence(message), details.cause === undefined ? undefined : { cause: details.cause });
		this.name = new.target.name;
		this.advice = sentence(details.advice ?? '');
		this.vendorCode = details.vendorCode === undefined ? undefined : sentence(details.vendorCode, 100);
		this.vendorMessage = details.vendorMessage === undefined ? undefined : sentence(details.vendorMessage);
		this.status = details.status;
		this.retryAfterMs = details.retryAfterMs;
		this.retryable = details.retryable ?? false;
		this.effect = details.effect ?? 'none';
		this.doubtful = details.doubtful ?? false;
	}

	/** Message and advice as one text, for hosts that show a single line. */
	get sentence(): string {
		return this.advice === '' ? this.message : `${this.message} ${this.advice}`;
	}
}

/** A parameter or an account setting is missing or out of range; nothing was sent. */
export class InvalidParams extends FleetError {
	readonly code = 'InvalidParams';
}

/** The vendor refused account name or secret. */
export class LoginRejected extends FleetError {
	readonly code = 'LoginRejected';
}

/** The session is over. `definite`: the vendor certainly did nothing with the request. */
export class SessionExpired extends FleetError {
	readonly code = 'SessionExpired';
	readonly definite: boolean;
	constructor(message: string, details: FleetErrorDetails & { definite: boolean }) {
		super(message, { ...details, effect: details.definite ? 'none' : 'unknown' });
		this.definite = details.definite;
	}
}

/** Another program keeps logging in with the same account, so our sessions die as soon as they are made. */
export class SessionContested extends FleetError {
	readonly code = 'SessionContested';
}

/** The account has no right to this, or commands are switched off in the account. */
export class NotPermitted extends FleetError {
	readonly code = 'NotPermitted';
}

export class NotFound extends FleetError {
	readonly code = 'NotFound';
}

export class RateLimited extends FleetError {
	readonly code = 'RateLimited';
}

export class DeviceOffline extends FleetError {
	readonly code = 'DeviceOffline';
}

/** The vendor answered that something went wrong on its side. */
export class VendorFault extends FleetError {
	readonly code = 'VendorFault';
}

/** No connection, or it broke. */
export class Unreachable extends FleetError {
	readonly code = 'Unreachable';
}

export class TimedOut extends FleetError {
	readonly code = 'TimedOut';
}

export class TooLarge extends FleetError {
	readonly code = 'TooLarge';
}

/** The answer is not what the vendor's document describes. */
export class UnexpectedAnswer extends FleetError {
	readonly code = 'UnexpectedAnswer';
}

/** Makes one of our errors of whatever was thrown, so that nobody ever meets a raw one. */
export function asFleetError(thrown: unknown): FleetError {
	if (thrown instanceof FleetError) return thrown;
	if (thrown instanceof Error && thrown.name === 'AbortError')
		return new TimedOut('The run was stopped.', { cause: thrown, effect: 'unknown' });
	const message = thrown instanceof Error ? thrown.message : String(thrown);
	return new UnexpectedAnswer(`Something went wrong that Fleetwire did not expect: ${message}`, {
		cause: thrown,
		effect: 'unknown',
		advice: 'Please report it with the operation that you ran.',
	});
}
