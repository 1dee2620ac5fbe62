/**
 * What the suites must know of a vendor beyond its description, so that none of them names one. It stands in
 * providers/<platform>/testkit.ts and serves every brand of the platform.
 */
import type { WireAnswer } from '../../core/describe/host';
import type { Vendor } from '../../providers/vendor';
import type { Answer, VendorRequest } from '../../simulators/exchange';
import type { FaultRule } from '../../simulators/faults';
import type { Vehicle } from '../../simulators/fleet';
import type { LoggedRequest } from '../../simulators/server';

/** What all simulators have in common. */
export interface Simulator {
	url: string;
	requests: LoggedRequest[];
	now(): number;
	advance(ms: number): void;
	fail(rule: FaultRule): void;
	clearFaults(): void;
	killToken(account: string): void;
	/** What the vendor makes of a request, without a server in between. */
	answer(request: VendorRequest): Answer;
	close(): Promise<void>;
	/** Number of the command that was sent last, where there are commands. */
	lastCommand?(): string | undefined;
	/** In which words devices answer commands from now on, where there are commands. */
	answerCommands?(kind: string): void;
	/** Texts that `message.send` has brought to the vendor, where there is one. */
	messages?(): string[];
	/** What has come to the queue of positions since the subscription, where there is one. */
	queued?(): { deviceId: string; time: number }[];
}

export interface Revocable extends Simulator {
	/** Devices as requests name them. */
	ids: string[];
	/** The account no longer has a device, or has it again. */
	revoke(id: string, gone?: boolean): void;
}

export interface SimulatorOptions {
	port?: number;
	/** Milliseconds; by default the real time. */
	clock?: () => number;
	fleet?: readonly Vehicle[];
	fleetSize?: number;
	fixIntervalSeconds?: number;
	/** Whether the vendor's own limit of requests holds. Otherwise there is none. */
	limited?: boolean;
	/** Whether nothing is wrong with any vehicle, as it is with some for tests. */
	plain?: boolean;
	/** Whether logins are taken at any time, however far their clock is from the simulator's. */
	anyTime?: boolean;
}

/** What every vendor can tell of a vehicle. */
export interface Seen {
	plate: string;
	time: number;
	latitude: number;
	longitude: number;
	speed: number;
	ignition: boolean;
	/** Kilometres; null where the vendor does not tell. */
	odometer: number | null;
}

export interface TestKit {
	start(options?: SimulatorOptions): Promise<Simulator>;
	/** One whose clock stands and which has something to answer to every operation, where `start` has not. */
	startStocked?(now: number): Promise<Simulator>;
	/** One whose account can lose devices, where a request that names a stranger is refused. */
	startRevocable?(options: SimulatorOptions): Promise<Revocable>;
	/** Settings of an account on it, besides those that all accounts have. */
	settings: Readonly<Record<string, unknown>> & { account: string; secret: string };

	/** Path of the login. */
	login: RegExp;
	/** What the login says to a wrong password. */
	refusal: RegExp;
	/** What a request holds instead of a secret, and an answer could repeat. */
	secretForms?(secret: string): string[];
	/** The vendor's answer to a login, with this token. */
	loggedIn(token: string): object;
	/** An answer that says no in these words, at the login and after it. */
	refused(words: string): object;
	/** An answer that refuses one of the devices of a request. */
	refusedDevice: { status: number; body: object };
	success: {
		/** What says in an answer whether it is one. */
		code: string;
		/** What else stands in it. */
		beside: object;
		/** Answers to writes and commands, as many as look different. */
		writes: readonly object[];
		/** The answer to a read that finds nothing, without the code. */
		empty: object;
		/** Values of the code, unreadable elsewhere, that a read's success may have. */
		allowed?: readonly unknown[];
	};
	/** Why the vendor's document does not allow a request, by the simulator's answer; undefined if it does. */
	objection(request: VendorRequest, answer: WireAnswer): string | undefined;

	/** A device as pickers list it. */
	device: string;
	/** Two that no account has. */
	strangers: readonly [string, string];
	/** Whether an answer about several devices leaves those out. Otherwise it refuses them all, or says so of each. */
	omitsStrangers?: boolean;
	/** A read that needs no parameters and makes one request. */
	read: string;
	/** Path of the requests that tell the positions of many devices. */
	positions: RegExp;
	/** Reads whose answers may be large, to be tried with 16 MiB. */
	large: readonly string[];

	/** How an event's row is called where it cannot be read. */
	row: string;
	/** Whether events come as a text that is a list: "a,b,c;d,e,f". */
	textEvents?: boolean;
	/** Whether a fleet on the road has events only every few minutes. */
	rareEvents?: boolean;
	/** Whether its own limit lets a request through only now and then. */
	slow?: boolean;

	/** What the vendor's own answers say of its vehicles, read without the product. */
	vehicles(simulator: Simulator): Promise<Seen[]>;
	/** Vehicles of the fleet, by index, of which it does not say all. */
	silent?: readonly number[];

	/** What the documents and the declarations must come to. */
	counts: {
		/** Sections of the document that describe a method; their number where they have names. */
		sections: readonly string[] | number;
		/** Operations whose runs share requests. */
		batched: readonly string[];
		/** Operations that give one record for each of a list of devices, those of `batched` included. */
		each: readonly string[];
	};
}

/** Of any brand of the platform. */
export type TestKitOf = (vendor: Vendor) => TestKit;

/** Sections "2.1" to "2.16". */
export const sections = (from: number, to: number, before = '') =>
	Array.from({ length: to - from + 1 }, (_, index) => `${before}${String(from + index)}`);
