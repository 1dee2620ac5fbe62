/**
 * A vendor that answers otherwise than its document shows. The stranger stands between a client and a simulator. It
 * changes answers as a seed decides, and keeps a record of what it changed: whoever judges the client knows the truth
 * from that.
 */
import type { Answer, VendorRequest } from '../exchange';
import type { ProtrackOptions } from '../protrack';
import { Random } from './random';

/** What was done to one answer. */
export interface Deed {
	oddity: string;
	path: string;
	/**
	 * - form: the same in another form, and nothing is lost.
	 * - value: a value is missing, or in a form that nobody has to read.
	 * - time: a time is in another form. Whoever cannot read it says so.
	 * - clock: records are dated by devices' clocks that are wrong.
	 * - errored: a record says that it is wrong, and holds values that mean nothing.
	 * - kind: a record is of a kind that the document does not know.
	 * - twin: another record that differs in a single value stands beside each.
	 * - row: something that is no record stands among the records.
	 * - spoiled: a record of the vendor's no longer says what it is about.
	 * - refusal: one device is refused.
	 * - fault: the request has no answer that anybody could use.
	 * - session: the session has ended.
	 * - cut: there are more records than the answer has.
	 * - outcome: a write or command was answered like this.
	 */
	kind:
		| 'form'
		| 'value'
		| 'time'
		| 'clock'
		| 'errored'
		| 'kind'
		| 'twin'
		| 'row'
		| 'spoiled'
		| 'refusal'
		| 'fault'
		| 'session'
		| 'cut'
		| 'outcome';
	/** What must be named wherever this is reported: a device, or the vendor's words. */
	names?: readonly string[];
	/** Of clocks: by how many seconds each device's is wrong. */
	clocks?: ReadonlyMap<string, number>;
	/** Of a fault: the vendor's words, of which one must be in what is reported. */
	words?: readonly string[];
	/** Of an outcome: the best that may be concluded from the answer. */
	atBest?: 'confirmed' | 'sent' | 'unknown';
	/** Of an outcome: whether the vendor has done it, and how it was answered. */
	done?: boolean;
	said?: string;
	/** Of a session: it was less than a minute old, and the answer does not say for certain that it is over. */
	young?: boolean;
}

/** Kinds of deeds that put another answer in place of the vendor's own: what else was done to that one, nobody sees. */
export const REPLACING: ReadonlySet<Deed['kind']> = new Set(['fault', 'session', 'refusal']);

/** Within which a session is young, in milliseconds. */
const YOUNG_MS = 60_000;

/** A request on its way to the vendor. */
export interface Visit {
	request: VendorRequest;
	ways: Ways;
	random: Random;
	/** What this oddity remembers of the run. */
	memory: Map<string, unknown>;
	/** Whether the token of the request was first seen less than a minute ago. */
	young: boolean;
	/** Carries the request out; the answer may be another oddity's. To be called once at most. */
	pass(): Answer;
	note(kind: Deed['kind'], details?: Omit<Deed, 'kind' | 'oddity' | 'path'>): void;
}

/** What a vendor has. */
export interface World {
	/** Vehicles in the fleet. */
	devices?: number;
	protrack?: Partial<ProtrackOptions>;
}

export interface Oddity {
	name: string;
	/** What it makes a difference to, such as "alarm.getMany" or "trigger newAlarm"; anything unless told. */
	at?: RegExp;
	/** How many times as often it is drawn as others, where it has many forms. */
	share?: number;
	/** Of those with the same word, a run has one: together, they would leave nothing that could be read. */
	alone?: string;
	/** What the vendor has: where it is honest, it has the same. */
	world?: World;
	/** What the vendor does beside its document, all the time. */
	habits?: World;
	/** Whether it is about reads, those of triggers or of queues only, or writes and commands; all unless told. */
	of?: 'reads' | 'triggers' | 'queues' | 'writes';
	/** The changed answer; undefined where it has nothing to do with the request, which then passes. */
	meet(visit: Visit): Answer | undefined;
}

export type Row = Record<string, unknown>;

/** What must be known of a vendor's requests and answers to change them. */
export interface Ways {
	isLogin(request: VendorRequest): boolean;
	/** Whether a request does something that must not be done twice. */
	isWrite(request: VendorRequest): boolean;
	/** Whether the document does not show what a request is answered with: any list may be the one. */
	undocumented?(request: VendorRequest): boolean;
	/** The token that a request carries. */
	tokenOf(request: VendorRequest): string | undefined;
	/** Devices that a request names. */
	askedFor(request: VendorRequest): string[];
	/** Keys that say what a record is about, as far as anybody can tell without them whose it is. */
	identity: readonly string[];
	/** What the simulator's answers have as their code where all is well. */
	ok: number;
	/** An answer that refuses, in the vendor's way. */
	refusal(code: number | string, words: string): Answer;
	/** Codes that refuse a device, and whether a document says so. */
	deviceCodes: readonly (number | string)[];
	oddities: readonly Oddity[];
}

export class Stranger {
	readonly deeds: Deed[] = [];
	/** What the vendor has carried out, oldest first. */
	readonly carriedOut: VendorRequest[] = [];
	/** Requests that came, the login's included. */
	requests = 0;
	/** Whether it is strange at the moment. */
	active = false;
	private readonly memories: Map<string, unknown>[];
	private readonly random: Random;
	/** When each token was first seen. */
	private readonly seen = new Map<string, number>();

	/** @param now the client's clock, in milliseconds */
	constructor(
		private readonly vendor: { answer(request: VendorRequest): Answer },
		readonly ways: Ways,
		private readonly oddities: readonly Oddity[],
		seed: number,
		private readonly now: () => number,
	) {
		this.random = new Random(seed);
		this.memories = oddities.map(() => new Map<string, unknown>());
	}

	answer(request: VendorRequest): Answer {
		this.requests += 1;
		const token = this.ways.tokenOf(request);
		if (token !== undefined && !this.seen.has(token)) this.seen.set(token, this.now());
		return this.active ? this.answerBy(0, request) : this.truth(request);
	}

	private truth(request: VendorRequest): Answer {
		const answer = this.vendor.answer(request);
		this.carriedOut.push(request);
		return answer;
	}

	private answerBy(place: number, request: VendorRequest): Answer {
		const oddity = this.oddities[place];
		const memory = this.memories[place];
		if (oddity === undefined || memory === undefined) return this.truth(request);
		let passed: { answer: Answer; deeds: Deed[] } | undefined;
		const pass = () => {
			const { length } = this.deeds;
			const answer = passed?.answer ?? this.answerBy(place + 1, request);
			passed ??= { answer, deeds: this.deeds.splice(length) };
			return answer;
		};
		const own: Deed[] = [];
		const token = this.ways.tokenOf(request) ?? '';
		const changed = oddity.meet({
			request,
			ways: this.ways,
			random: this.random,
			memory,
			young: this.now() - (this.seen.get(token) ?? -Infinity) < YOUNG_MS,
			pass,
			note: (kind, details) =>
				own.push({ kind, oddity: oddity.name, path: request.path.split('/').at(-1) ?? '', ...details }),
		});
		const answer = changed ?? pass();
		const replaced = own.some(({ kind }) => REPLACING.has(kind));
		this.deeds.push(...(replaced ? [] : (passed?.deeds ?? [])), ...own);
		return answer;
	}
}
