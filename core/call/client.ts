import { orAborted, orLate } from './abort';
import { rateOf, sharedLogin, type SharedLogin } from './account';
import { checkBaseUrl } from '../describe/base-url';
import { asFleetError, InvalidParams, SessionExpired, TimedOut, type FleetError } from '../describe/errors';
import {
	ALL,
	applies,
	DEVICES,
	readFields,
	shown,
	text,
	textsOf,
	type Choice,
	type Field,
	type Fields,
	type Ids,
} from '../describe/field';
import type { Host } from '../describe/host';
import type { AnyOperation, PageOf, Run, RunOptions } from '../describe/operation';
import type { Connection } from '../describe/connection';
import type { Provider } from '../describe/provider';
import { LONGEST } from '../describe/read';
import type { CommandOutcome, Row } from '../describe/records';
import { inBlocks } from './blocks';
import { fillIn, lacksNames } from './device-names';
import { Gathering } from './gathering';
import { DeviceRequests, mustHaveTurns } from './device-requests';
import { idsFor, isId, isNone, isSeveral, textsIn, type DeviceTexts } from './device-texts';
import { pageTurn } from './large-answers';
import { Output } from './output';
import { holdSecrets, readParams } from './params';
import { mustBePermitted } from './permission';
import { Redactor } from './redaction';
import { requestRows, type Wire } from './request';
import { tokenOf, type Call, type Sender } from './send-loop';
import { Simplifier } from './simplify';
import { Unanswered } from './unanswered';
import { cut, plain } from '../describe/words';

/** Requests of one run that are worth making side by side, and runs of one caller. */
const WIDTH = 4;

/** The records of a run, and what went wrong after them: with some of its devices, or with all that would follow. */
export interface Collected {
	records: object[];
	error?: FleetError;
}

/** Hints of one run: a vendor can give a reason for one with each answer. */
const MOST_HINTS = 20;

/** Other runs whose read of a list one waits for. */
const MOST_JOINS = 3;

interface ListOptions extends Pick<RunOptions, 'onWait' | 'deadlineMs' | 'priority' | 'signal' | 'quiet'> {
	/** How old the list may be, within the five minutes. */
	maxAgeMs?: number;
}

/** So long records wait for the list that names their devices. */
const NAMES_MS = 2000;
/** So long that list may take, for those that come later. */
const NAMES_LIST_MS = 60_000;
/** So old the list may be in which the device of a command is looked up, and so long it may take. */
const FRESH_MS = 30_000;
const FRESH_LIST_MS = 10_000;
/** So long one waits for it that has an id. */
const ID_LIST_MS = 2000;

const ignore = () => undefined;

/** An id, and hardly a name. */
const DIGITS = /^\d+$/;

function onlyOne(title: string, ids: readonly string[]): string | undefined {
	if (ids.length > 1) throw new InvalidParams(`${title} takes a single device, not ${String(ids.length)}.`);
	return ids[0];
}

const anyText = text({ title: 'Device', description: '' });

const listTooLate = () =>
	new TimedOut('The list of the vendor did not come in the time that the run has.', {
		advice: 'Try again, or raise the timeout.',
	});

/** Runs a provider's operations for one account. */
export class Client {
	/** What all clients with the same login share. */
	readonly shared: SharedLogin;
	private readonly sender: Sender;

	constructor(
		readonly provider: Provider,
		readonly connection: Connection,
		private readonly host: Host,
		readonly redactor: Redactor = new Redactor(),
		shared?: SharedLogin,
	) {
		redactor.addSecrets(provider.connection, connection);
		checkBaseUrl(connection.baseUrl, connection.allowPrivateAddresses);
		this.shared = shared ?? sharedLogin(provider, connection);
		this.sender = { provider, connection, host, redactor, shared: this.shared };
	}

	/**
	 * Runs an operation and yields its records page by page, in order.
	 * @param input parameters as the host has them; checked here before anything is sent
	 * @throws FleetError, without secrets: after the records of the other devices where only some have failed
	 */
	run(
		operation: AnyOperation,
		input: Readonly<Record<string, unknown>>,
		options: RunOptions = {},
	): AsyncGenerator<object[]> {
		const pages = this.pagesOf(operation, input, options);
		return operation.effect === 'command' ? this.logged(operation, pages) : pages;
	}

	/** A command, with a line in the log for each outcome, and one if it is not sent. */
	private async *logged(operation: AnyOperation, pages: AsyncIterable<object[]>): AsyncGenerator<object[]> {
		const note = (target: string, became: string) =>
			this.host.log?.(this.redactor.text(plain(`Command "${operation.title}"${target}: ${became}`)));
		try {
			for await (const page of pages) {
				for (const { target, command, outcome } of page as CommandOutcome[])
					note(`${command === null ? '' : `, ${command}`}, ${target ?? 'the account'}`, outcome);
				yield page;
			}
		} catch (thrown) {
			const error = asFleetError(thrown);
			note('', `not sent, ${error.code}`);
			throw error;
		}
	}

	private async *pagesOf(
		operation: AnyOperation,
		input: Readonly<Record<string, unknown>>,
		options: RunOptions,
	): AsyncGenerator<object[]> {
		const { deadlineMs = this.provider.limits.deadlineMs } = options;
		const call: Call = {
			deadline: this.host.now() + deadlineMs,
			deadlineMs,
			options,
			warn: options.quiet ? ignore : this.hints(),
		};
		const output = new Output(this.sender, operation, options);
		const named = async (records: object[]) => {
			// What is asked for as it came stays so.
			if (options.output !== 'raw' || operation.effect !== 'read')
				await this.name(records, options, call.deadline);
			return records;
		};
		let params: Record<string, unknown> | undefined;
		let release: (() => void) | undefined;
		let left = operation.consuming ? Infinity : (options.limit ?? Infinity);
		try {
			mustBePermitted(operation, this.provider, this.connection, this.host);
			const asked = await (operation.effect === 'read'
				? this.resolve(operation, input, options)
				: this.deviceOfAct(operation, input, call));
			params = this.read(operation, asked, options);
			output.begin(params);
			const checked = askedOf(operation, params);
			release = holdSecrets(operation, params, this.redactor);
			const requests = this.deviceRequests(operation, call);
			const run = this.runFor(operation, call, requests);
			const pages = operation.run?.(run, checked) ?? once(run, checked);
			const unanswered = new Unanswered(operation, checked);
			for await (const page of pages as AsyncIterable<Row[] | PageOf>) {
				const rows = unanswered.answered(Array.isArray(page) ? page : page.rows, (name) => run.failed(name));
				const asked = Array.isArray(page) ? checked : { ...checked, ...page.params };
				const endTurn = await pageTurn(rows.length, this.host);
				const records = await output.recordsOf(rows, asked, left).finally(endTurn);
				// Outside the turn: others wait for it, and names may have to be asked for.
				yield await named(records);
				left -= records.length;
				if (left <= 0) break;
			}
			if (left > 0) {
				output.mustHaveRead();
				for await (const page of output.end(left)) {
					const records = page.slice(0, left);
					yield await named(records);
					left -= records.length;
					if (left <= 0) break;
				}
			}
			// Polls would repeat it each time.
			const whole = left > 0 && options.priority !== 'poll';
			const sentence = whole ? unanswered.sentence(this.provider.title, (name) => run.failed(name)) : undefined;
			if (sentence !== undefined) call.warn(sentence);
			const problem = await this.problemOf(operation, requests);
			if (problem !== undefined) throw problem;
		} catch (thrown) {
			const error = this.clean(thrown);
			if (operation.effect === 'read' || error.effect === 'none' || params === undefined) throw error;
			yield await named([output.unknownOutcome(error, params)]);
		} finally {
			for (const warning of output.warnings) call.warn(warning);
			release?.();
		}
	}

	/** All records of an operation, or the first `limit` of them. @throws FleetError */
	async collect(
		operation: AnyOperation,
		input: Readonly<Record<string, unknown>>,
		options: RunOptions = {},
	): Promise<object[]> {
		const { records, error } = await this.gather(operation, input, options);
		if (error !== undefined) throw error;
		return records;
	}

	/** The same, with the records that came before an error, such as that they fill the memory. */
	async gather(
		operation: AnyOperation,
		input: Readonly<Record<string, unknown>>,
		options: RunOptions = {},
	): Promise<Collected> {
		const records: object[] = [];
		const gathering = new Gathering();
		try {
			for await (const page of this.run(operation, input, options))
				await this.inBlocks(page, (block) => {
					for (const record of block) records.push(record);
					gathering.add(block);
				});
			return { records };
		} catch (thrown) {
			return { records, error: asFleetError(thrown) };
		}
	}

	/**
	 * Runs of one caller that are worth making side by side. Where requests have to keep apart, more than one would
	 * only use up its time.
	 */
	get width(): number {
		const [, burst] = rateOf(this.provider, this.connection);
		return burst > 1 ? WIDTH : 1;
	}

	/**
	 * Fills in names and plates that the vendor's own records do not have. Never rejects: without a list, they stay
	 * null.
	 */
	async name(
		records: readonly object[],
		{ signal, priority, quiet = false }: Pick<RunOptions, 'signal' | 'priority' | 'quiet'>,
		deadline = Infinity,
	): Promise<void> {
		if (quiet || !Object.hasOwn(this.provider.lookups, DEVICES) || !records.some(lacksNames)) return;
		const key = this.listKey(DEVICES);
		const { lookups } = this.shared;
		const due = lookups.isDue(key, this.host.now()) && this.canSpareTurn;
		if (this.host.readsNames && (due || lookups.pending(key)))
			await this.listSoon(Math.min(NAMES_MS, deadline - this.host.now()), {
				signal,
				priority,
				deadlineMs: NAMES_LIST_MS,
			});
		const devices = await this.latestTexts();
		if (devices === undefined) return;
		await this.inBlocks(records, (block) => {
			for (const record of block) fillIn(record, devices);
		});
	}

	/**
	 * The list of devices, for what can do without. All who want it wait until the same moment, some time after it was
	 * asked for. It goes on for those that come later, and is not asked for again soon after it has failed.
	 */
	private async listSoon(
		ms: number,
		options: Pick<ListOptions, 'signal' | 'priority' | 'deadlineMs' | 'maxAgeMs'>,
	): Promise<Choice[] | undefined> {
		const { host } = this;
		const key = this.listKey(DEVICES);
		const { lookups } = this.shared;
		const now = host.now();
		if (lookups.hasFailed(key, now)) return undefined;
		const list = this.listed(DEVICES, { ...options, quiet: true }, 1);
		list.catch(ignore);
		const left = lookups.pending(key) ? ms - lookups.age(key, now) : ms;
		if (left <= 0) return undefined;
		const sleep = (time: number, over: AbortSignal) => host.sleep(time, over);
		return await orLate(list, { ms: left, signal: options.signal, sleep }, ignore).catch(ignore);
	}

	/** Whether a request that nobody asked for takes no turn that others wait for. */
	private get canSpareTurn(): boolean {
		const [, burst] = rateOf(this.provider, this.connection);
		const now = this.host.now();
		return burst > 1 && this.shared.account.limiter.turnsUntil(now + NAMES_MS, now) > 0;
	}

	/** What a read was given, with ids in place of the names and plates of devices. @throws FleetError */
	async resolve(
		operation: AnyOperation,
		input: Readonly<Record<string, unknown>>,
		options: RunOptions = {},
	): Promise<Readonly<Record<string, unknown>>> {
		const { timeZone = 'UTC', onWait, deadlineMs, priority, signal, quiet } = options;
		const fields = operation.params as Fields;
		// Polls and lists ask for ids.
		if (
			operation.effect !== 'read' ||
			priority === 'poll' ||
			quiet ||
			!Object.hasOwn(this.provider.lookups, DEVICES)
		)
			return input;
		const ids: Record<string, unknown> = {};
		for (const [name, field] of Object.entries(fields)) {
			if (field.lookup !== DEVICES || field.verbatim || !applies(field, input, fields)) continue;
			const given = Object.hasOwn(input, name) ? input[name] : field.initial;
			const texts = textsOf(field, given, { now: this.host.now(), timeZone });
			if (given === '' || texts.length === 0) continue;
			if (texts.every((text) => text === ALL || (DIGITS.test(text) && isId(field, text)))) continue;
			const unsure = texts.every((text) => isId(field, text));
			if (unsure && !this.canSpareTurn) continue;
			try {
				const list = unsure
					? await this.listSoon(ID_LIST_MS, { deadlineMs, priority, signal })
					: await this.lookup(DEVICES, { onWait, deadlineMs, priority, signal });
				if (list === undefined) continue;
				const found = await idsFor(field, { given, texts }, await textsIn(this, list), this);
				ids[name] = field.kind === 'ids' ? found : onlyOne(field.title, found);
			} catch (thrown) {
				const error = this.clean(thrown);
				if (!unsure || error.permanent || signal?.aborted) throw error;
			}
		}
		return { ...input, ...ids };
	}

	/** What a write or command was given, with the id of its device in place of a name. @throws FleetError */
	private async deviceOfAct(
		operation: AnyOperation,
		input: Readonly<Record<string, unknown>>,
		call: Call,
	): Promise<Readonly<Record<string, unknown>>> {
		const fields = operation.params as Fields;
		const [name, field] = Object.entries(fields).find(([, { lookup }]) => lookup === DEVICES) ?? [];
		const lists = Object.hasOwn(this.provider.lookups, DEVICES);
		if (!lists || name === undefined || field === undefined) return input;
		// Throws where the operation must not be tried.
		this.provider.route?.(operation, this.connection);
		const clock = { now: this.host.now(), timeZone: call.options.timeZone ?? 'UTC' };
		const [text = '', ...others] = textsOf(field, input[name], clock);
		if (others.length > 0 || text === '' || text === ALL) return input;
		// What else is wrong is said before anything is sent.
		readFields({ ...fields, [name]: anyText }, { ...input, [name]: text }, clock);
		const asId = isId(field, text);
		const fresh = await this.freshTexts(asId, call);
		const found = fresh?.of(text) ?? (await this.latestTexts())?.of(text) ?? [];
		// An older list can speak against an id, and names nobody.
		const other = found[0] !== undefined && found[0] !== text;
		// What reads take for an id is no name here, either.
		if (found.length > 1 || (other && (fresh === undefined || (asId && DIGITS.test(text)))))
			throw isSeveral(field.title, text, [...new Set([...(asId ? [text] : []), ...found])]);
		if (found.length === 0 && !asId) throw isNone(field, text);
		return { ...input, [name]: found[0] ?? text };
	}

	/** The devices as they were called when their list was last read. */
	private async latestTexts(): Promise<DeviceTexts | undefined> {
		const list = this.shared.lookups.last(this.listKey(DEVICES));
		return list === undefined ? undefined : await textsIn(this, list);
	}

	/** The devices as they are called now. Undefined where an id has to do, as their list cannot be had. */
	private async freshTexts(asId: boolean, { deadline, options }: Call): Promise<DeviceTexts | undefined> {
		if (asId && !this.canSpareTurn) return undefined;
		const { onWait, signal, priority } = options;
		const leftMs = Math.min(deadline, options.sendBy ?? Infinity) - this.host.now();
		const soonMs = Math.min(ID_LIST_MS, leftMs / 2);
		// Until the login has been accepted, what follows waits for the end of this request.
		const most = asId && !this.shared.accepted ? soonMs : FRESH_LIST_MS;
		const fresh = { signal, priority, deadlineMs: Math.min(most, leftMs), maxAgeMs: FRESH_MS };
		try {
			// An id can do without: what is to stop a vehicle does not wait for long.
			const list = asId
				? await this.listSoon(soonMs, fresh)
				: await this.lookup(DEVICES, { ...fresh, onWait, quiet: true });
			return list === undefined ? undefined : await textsIn(this, list);
		} catch (thrown) {
			if (!asId || signal?.aborted) throw asFleetError(thrown);
			return undefined;
		}
	}

	/** Milliseconds since 1970. */
	now(): number {
		return this.host.now();
	}

	/** What makes records of an operation's rows. */
	simplifier(operation: AnyOperation): Simplifier {
		return new Simplifier(operation, this.connection, this.host);
	}

	async sleep(ms: number): Promise<void> {
		await this.host.sleep(ms);
	}

	/** Works on a list in blocks, between which the program's other work has its turn. */
	async inBlocks<T>(list: readonly T[], work: (block: readonly T[]) => void): Promise<void> {
		await inBlocks(list, this.host, work);
	}

	/** Shows the user a message that is not an error. */
	warn(message: string): void {
		this.host.warn(this.redactor.text(cut(message, LONGEST)));
	}

	/**
	 * Choices for a picker, cached for five minutes. The options apply if they have to be read from the vendor; whoever
	 * waits for a list that another run reads keeps its own time.
	 */
	async lookup(name: string, options: ListOptions = {}): Promise<Choice[]> {
		return await this.listed(name, options, MOST_JOINS);
	}

	private async listed(name: string, options: ListOptions, joinsLeft: number): Promise<Choice[]> {
		const find = Object.hasOwn(this.provider.lookups, name) ? this.provider.lookups[name] : undefined;
		if (find === undefined) throw new InvalidParams(`${this.provider.title} has no list of ${shown(name)}.`);
		const { onWait, deadlineMs, priority, quiet, maxAgeMs } = options;
		const key = this.listKey(name);
		const { lookups } = this.shared;
		const joins = lookups.pending(key);
		const choices = lookups.get(
			key,
			this.host.now(),
			() => find(this, { onWait, deadlineMs, priority, quiet }),
			maxAgeMs,
		);
		return joins ? await this.joined(name, choices, options, joinsLeft) : await orAborted(choices, options.signal);
	}

	/** The list that another run reads. If that run has no time for it, it is read again. */
	private async joined(
		name: string,
		choices: Promise<Choice[]>,
		options: ListOptions,
		joinsLeft: number,
	): Promise<Choice[]> {
		const { host } = this;
		const { deadlineMs = this.provider.limits.deadlineMs, signal } = options;
		const deadline = host.now() + deadlineMs;
		const limit = { ms: deadlineMs, signal, sleep: (ms: number, over: AbortSignal) => host.sleep(ms, over) };
		const inTime = orLate(choices, limit, () => Promise.reject(listTooLate()));
		return await inTime.catch(async (thrown: unknown) => {
			const left = deadline - host.now();
			const { timeUp, tooOften, outage } = asFleetError(thrown);
			// A pause, a login or an answer may have taken longer than that run has.
			const lackedTime = timeUp || tooOften || outage === 'silence';
			if (signal?.aborted || !lackedTime || left <= 0 || joinsLeft <= 1) throw thrown;
			return await this.listed(name, { ...options, deadlineMs: left }, joinsLeft - 1);
		});
	}

	/** Accounts with the same login may differ in settings that a list follows. */
	private listKey(name: string): string {
		const settings = Object.entries(this.connection).filter(
			([field]) => this.provider.connection[field]?.affectsLogin === false,
		);
		return `${name} ${JSON.stringify(settings)}`;
	}

	/** A person is waiting: the next request tries whether a pause that the vendor asked for is over. */
	tryNow(): void {
		this.shared.account.limiter.probe();
		this.shared.account.probation.probe();
	}

	/** Checks parameters without sending anything. @throws InvalidParams */
	read(
		operation: AnyOperation,
		input: Readonly<Record<string, unknown>>,
		{ timeZone = 'UTC' }: Pick<RunOptions, 'timeZone'> = {},
	): Record<string, unknown> {
		return readParams(operation, input, this.redactor, { now: this.host.now(), timeZone });
	}

	/** Undefined: no request of the run is about some of several devices, or its caller takes care of that. */
	private deviceRequests(operation: AnyOperation, { options }: Call): DeviceRequests | undefined {
		const { asks, effect } = operation;
		if (asks === undefined || effect !== 'read' || options.priority === 'poll') return undefined;
		const [, burst] = rateOf(this.provider, this.connection);
		const { signal } = options;
		return new DeviceRequests(sourceOf(operation), {
			refusals: this.shared.refusals,
			rare: burst <= 1,
			now: () => this.host.now(),
			clean: (thrown) => this.clean(thrown),
			signal,
		});
	}

	/** What to report of a run in which devices have failed. */
	private async problemOf(
		{ asks, params }: AnyOperation,
		requests: DeviceRequests | undefined,
	): Promise<FleetError | undefined> {
		if (!requests?.anyFailed) return undefined;
		const { lookup = '' } = (params as Record<string, Field>)[asks?.devices ?? ''] ?? {};
		const list = await this.shared.lookups.known(this.listKey(lookup), this.host.now());
		// A title is "name · plate · identifier", as far as there are these.
		const names = new Map(list.map(({ value, title }) => [value, title.split(' · ')[0]]));
		return requests.problem((device) => {
			const name = names.get(device);
			return name === device ? null : (name ?? null);
		});
	}

	/** Shows the hints of one run, as many as somebody reads. */
	private hints(): (message: string) => void {
		let hints = 0;
		return (message) => {
			hints += 1;
			if (hints <= MOST_HINTS) this.warn(message);
			else if (hints === MOST_HINTS + 1) this.warn('There are more hints like these, which are not shown.');
		};
	}

	private runFor(operation: AnyOperation, call: Call, requests: DeviceRequests | undefined): Run<Wire> {
		const send = (wire: Wire, onAnswer?: (answer: unknown) => void) =>
			requestRows(this.sender, sourceOf(operation), wire, call, onAnswer);
		return {
			request: (wire, onAnswer, caught) =>
				requests?.rows(wire, (part) => send(part, onAnswer), caught) ?? send(wire, onAnswer),
			devices: (devices, each = 1) => this.devicesOf(operation, devices, each, call, requests),
			failed: (device) => requests?.failed(device) === true,
			call: (other, wire) =>
				requestRows(this.sender, other as AnyOperation, wire as Wire, call) as Promise<never[]>,
			lookup: (name) => this.lookupFor(name, call),
			token: () => tokenOf(this.sender, call),
			sleep: (ms) => this.host.sleep(ms, call.options.signal),
			inBlocks: (list, work) => this.inBlocks(list, work),
			now: () => this.host.now(),
			warn: call.warn,
			// A queue reader acknowledges in the session that its messages came in.
			reader: (queue) => (call.options.inSession === undefined ? this.shared.queues.get(queue) : undefined),
			width: WIDTH,
			connection: this.connection,
		};
	}

	private async lookupFor(name: string, { deadline, options }: Call): Promise<Choice[]> {
		return await this.lookup(name, { ...options, deadlineMs: deadline - this.host.now() });
	}

	/** The devices that a run is about. @throws TimedOut if the requests about them cannot all get their turn */
	private async devicesOf(
		{ asks, params }: AnyOperation,
		devices: Ids,
		each: number,
		call: Call,
		requests: DeviceRequests | undefined,
	): Promise<string[]> {
		const { lookup = '' } = (params as Record<string, Field>)[asks?.devices ?? ''] ?? {};
		const list = devices === ALL ? (await this.lookupFor(lookup, call)).map(({ value }) => value) : devices;
		if (asks === undefined || requests === undefined) return list;
		requests.expect(list);
		// With a limit, it may end much sooner.
		if ((call.options.limit ?? Infinity) === Infinity)
			mustHaveTurns(list.length, {
				most: asks.most,
				requests: each,
				turns: this.shared.account.limiter.turnsUntil(call.deadline, this.host.now()),
				seconds: Math.round(call.deadlineMs / 1000),
			});
		return list;
	}

	/** Makes the next request renew the session, if the one with this token is still in force then. */
	invalidate(session: string): void {
		this.shared.suspectSession = {
			session,
			error: new SessionExpired('A new session was asked for.', { definite: true }),
		};
	}

	private clean(thrown: unknown): FleetError {
		return this.redactor.error(asFleetError(thrown));
	}
}

/** The operation whose requests a run makes. */
const sourceOf = (operation: AnyOperation) => operation.compute?.source ?? operation;

/** The parameters that requests are about. */
function askedOf({ compute }: AnyOperation, params: Record<string, unknown>): Record<string, unknown> {
	if (compute === undefined) return params;
	return Object.fromEntries(Object.entries(params).filter(([name]) => !compute.options.includes(name)));
}

/** The ordinary run: one request. */
async function* once(run: Run<Wire>, params: Wire): AsyncGenerator<Row[]> {
	yield await run.request(params);
}
