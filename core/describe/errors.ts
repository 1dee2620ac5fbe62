import { clipped, plain } from './words';

/**
 * What follows from an error. It is decided once, where the error is made: each class has its defaults, and details
 * override them where a vendor knows better. All other code asks for these properties, never for the class.
 */
export interface ErrorPolicy {
	/**
	 * What it concerns. 'device': possibly one of the devices in the request, so that a request about the others may
	 * be answered. 'account': every other request of the account would meet it, too. 'call': this call, as far as is
	 * known.
	 */
	scope: 'call' | 'device' | 'account';
	/** Whether trying again gives the same until the user changes something. */
	permanent: boolean;
	/** Whether the same call may succeed if it is simply made again. */
	retryable: boolean;
	/**
	 * What is known of the request's effect: 'none' - it was certainly not carried out; 'unknown' - it may have been.
	 * A command is never sent again while this is 'unknown'.
	 */
	effect: 'none' | 'unknown';
	/** Whether the vendor gives the same answer for another reason, too. */
	ambiguous: boolean;
	/**
	 * What it says about the session. 'over': the vendor does not accept it. 'suspect': that is one of several
	 * meanings of the answer. 'contested': logins of another program end it. 'refused': there is none, as the login is
	 * refused.
	 */
	session: 'over' | 'suspect' | 'contested' | 'refused' | undefined;
	/** Whether requests come too often. */
	tooOften: boolean;
	/** How the vendor fails, if it does: it answers with a fault that should pass, or does not answer at all. */
	outage: 'fault' | 'silence' | undefined;
	/** Whether the caller's own time or quota is used up, which is no fault. */
	timeUp: boolean;
	/** Whether polls become rarer as long as they meet it. */
	slowsPolls: boolean;
	/** Whether the vendor was not even asked, because of the user's settings. */
	beforeVendor: boolean;
	/**
	 * Whether the vendor refused with a code or in words that its description does not have: they may say that the
	 * session is over.
	 */
	unexplained: boolean;
	/** Whether an answer came that cannot be read. */
	unreadable: boolean;
	/** Whether the answer holds more than is read of one. */
	tooLarge: boolean;
}

/** A device that a run about several got nothing from, or not all. */
export interface FailedDevice {
	deviceId: string;
	/** As the account's list has it; null where that is not known. */
	deviceName: string | null;
	error: FleetError;
	/** Whether the vendor refused it, or a request about it and others. Otherwise it was not asked about. */
	asked: boolean;
}

export interface FleetErrorDetails extends Partial<ErrorPolicy> {
	/** What the user can do about it, as a sentence. */
	advice?: string;
	/** The vendor's own code and words, where it gave any. */
	vendorCode?: string;
	vendorMessage?: string;
	/** HTTP status of the answer, where there was one. */
	status?: number;
	/** How long the other side asked us to wait. */
	retryAfterMs?: number;
	/** Of a run about several devices: those that failed. */
	failedDevices?: readonly FailedDevice[];
	/** What it is instead where the session is known to be good. */
	inGoodSession?: FleetError;
	cause?: unknown;
}

const NEUTRAL: Readonly<ErrorPolicy> = {
	scope: 'call',
	permanent: false,
	retryable: false,
	effect: 'none',
	ambiguous: false,
	session: undefined,
	tooOften: false,
	outage: undefined,
	timeUp: false,
	slowsPolls: false,
	beforeVendor: false,
	unexplained: false,
	unreadable: false,
	tooLarge: false,
};
const POLICIES = Object.keys(NEUTRAL) as (keyof ErrorPolicy)[];

/** Whatever a sentence quotes, it is words. Nobody reads more of it. */
const sentence = (text: string, most = 1500) => plain(clipped(text, most));

/**
 * Every way a call can end badly, as one hierarchy. `message` says what is wrong in one sentence, `advice` what to do
 * about it; both are plain words, and free of secrets once they have left the client (see redaction.ts). Hosts map
 * these classes once.
 */
export abstract class FleetError extends Error implements Readonly<ErrorPolicy> {
	/** Stable identifier of the kind of error, e.g. for a Switch node. */
	abstract readonly code: string;
	readonly advice: string;
	readonly vendorCode?: string;
	readonly vendorMessage?: string;
	readonly status?: number;
	readonly retryAfterMs?: number;
	readonly failedDevices: readonly FailedDevice[];
	readonly inGoodSession?: FleetError;
	readonly scope!: ErrorPolicy['scope'];
	readonly permanent!: boolean;
	readonly retryable!: boolean;
	readonly effect!: ErrorPolicy['effect'];
	readonly ambiguous!: boolean;
	readonly session: ErrorPolicy['session'];
	readonly tooOften!: boolean;
	readonly outage: ErrorPolicy['outage'];
	readonly timeUp!: boolean;
	readonly slowsPolls!: boolean;
	readonly beforeVendor!: boolean;
	readonly unexplained!: boolean;
	readonly unreadable!: boolean;
	readonly tooLarge!: boolean;

	constructor(message: string, details: FleetErrorDetails = {}) {
		super(sentence(message), details.cause === undefined ? undefined : { cause: details.cause });
		this.name = new.target.name;
		this.advice = sentence(details.advice ?? '');
		this.vendorCode = details.vendorCode === undefined ? undefined : sentence(details.vendorCode, 100);
		this.vendorMessage = details.vendorMessage === undefined ? undefined : sentence(details.vendorMessage);
		this.status = details.status;
		this.retryAfterMs = details.retryAfterMs;
		this.failedDevices = details.failedDevices ?? [];
		this.inGoodSession = details.inGoodSession;
		const defaults = { ...NEUTRAL, ...this.defaults(details) };
		Object.assign(this, Object.fromEntries(POLICIES.map((name) => [name, details[name] ?? defaults[name]])));
	}

	/** What holds of the class, unless the details say otherwise. */
	protected abstract defaults(details: FleetErrorDetails): Partial<ErrorPolicy>;

	/** The same error with some of it changed: the class, the cause and the stack are kept. */
	with({
		message = this.message,
		advice = this.advice,
		...policy
	}: Pick<FleetErrorDetails, 'advice' | 'failedDevices'> & { message?: string } & Partial<ErrorPolicy>): this {
		const copy = Object.setPrototypeOf(new Error(), Object.getPrototypeOf(this) as object) as this;
		Object.defineProperties(copy, Object.getOwnPropertyDescriptors(this));
		Object.assign(copy, { message: sentence(message), advice: sentence(advice), stack: this.stack, ...policy });
		return copy;
	}

	/** Message and advice as one text, for hosts that show a single line. */
	get sentence(): string {
		return this.advice === '' ? this.message : `${this.message} ${this.advice}`;
	}
}

/** A parameter or an account setting is missing or out of range; nothing was sent, or the vendor refuses a value. */
export class InvalidParams extends FleetError {
	readonly code = 'InvalidParams';
	protected defaults({ vendorCode, status }: FleetErrorDetails): Partial<ErrorPolicy> {
		const own = vendorCode === undefined && status === undefined;
		return { scope: 'device', permanent: own, beforeVendor: own };
	}
}

/** The vendor refused account name or secret. */
export class LoginRejected extends FleetError {
	readonly code = 'LoginRejected';
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'account', permanent: true, session: 'refused' };
	}
}

/** The session is over. `definite`: the vendor certainly did nothing with the request. */
export class SessionExpired extends FleetError {
	readonly code = 'SessionExpired';
	constructor(message: string, { definite, ...details }: FleetErrorDetails & { definite: boolean }) {
		super(message, { ...details, effect: definite ? 'none' : 'unknown' });
	}
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'call', session: 'over', slowsPolls: true };
	}
}

/** Another program keeps logging in with the same account, so our sessions die as soon as they are made. */
export class SessionContested extends FleetError {
	readonly code = 'SessionContested';
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'account', session: 'contested', slowsPolls: true };
	}
}

/** The account has no right to this, or commands are switched off in the account. */
export class NotPermitted extends FleetError {
	readonly code = 'NotPermitted';
	protected defaults({ vendorCode, status }: FleetErrorDetails): Partial<ErrorPolicy> {
		const own = vendorCode === undefined && status === undefined;
		return { scope: 'device', permanent: own, beforeVendor: own };
	}
}

export class NotFound extends FleetError {
	readonly code = 'NotFound';
	protected defaults({ vendorCode }: FleetErrorDetails): Partial<ErrorPolicy> {
		// Without a code of the vendor it is the address that is not there, not a device.
		return { scope: 'device', permanent: vendorCode === undefined };
	}
}

export class RateLimited extends FleetError {
	readonly code = 'RateLimited';
	protected defaults({ ambiguous }: FleetErrorDetails): Partial<ErrorPolicy> {
		return { scope: 'account', tooOften: true, slowsPolls: true, session: ambiguous ? 'suspect' : undefined };
	}
}

export class DeviceOffline extends FleetError {
	readonly code = 'DeviceOffline';
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'device' };
	}
}

/** The vendor answered that something went wrong on its side. */
export class VendorFault extends FleetError {
	readonly code = 'VendorFault';
	protected defaults({ retryable }: FleetErrorDetails): Partial<ErrorPolicy> {
		return { scope: 'device', slowsPolls: true, outage: retryable ? 'fault' : undefined };
	}
}

/** No connection, or it broke. */
export class Unreachable extends FleetError {
	readonly code = 'Unreachable';
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'account', slowsPolls: true, outage: 'silence' };
	}
}

/** No answer came in time. Not retryable: no time or quota is left to the caller. */
export class TimedOut extends FleetError {
	readonly code = 'TimedOut';
	protected defaults({ retryable = false }: FleetErrorDetails): Partial<ErrorPolicy> {
		return { scope: 'call', slowsPolls: true, outage: 'silence', timeUp: !retryable };
	}
}

/** A command that could not be sent soon enough. It never is. */
export class NotSent extends FleetError {
	readonly code = 'NotSent';
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'call', timeUp: true };
	}
}

export class TooLarge extends FleetError {
	readonly code = 'TooLarge';
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'device', tooLarge: true };
	}
}

/** The answer is not what the vendor's document describes. */
export class UnexpectedAnswer extends FleetError {
	readonly code = 'UnexpectedAnswer';
	protected defaults({ retryable }: FleetErrorDetails): Partial<ErrorPolicy> {
		return { scope: 'device', unreadable: true, outage: retryable ? 'fault' : undefined };
	}
}

/** A run about several devices of which some failed. The records of the others came before it. */
export class PartialResult extends FleetError {
	readonly code = 'PartialResult';
	protected defaults(): Partial<ErrorPolicy> {
		return { scope: 'device' };
	}
}

/** Makes one of our errors of whatever was thrown, so that nobody ever meets a raw one. Never throws. */
export function asFleetError(thrown: unknown): FleetError {
	let message = 'it cannot be read.';
	try {
		if (thrown instanceof FleetError) return thrown;
		if (thrown instanceof Error && thrown.name === 'AbortError')
			return new TimedOut('The run was stopped.', { cause: thrown, effect: 'unknown' });
		message = String(thrown instanceof Error ? thrown.message : thrown);
	} catch {
		// What somebody's code throws may throw when it is looked at.
	}
	return new UnexpectedAnswer(`Something went wrong that Fleetwire did not expect: ${message}`, {
		cause: thrown,
		effect: 'unknown',
		advice: 'Please report it with the operation that you ran.',
	});
}
