/**
 * n8n's main process and its workers: each has modules of its own, and they share what is stored in the credentials.
 */
import { createRequire } from 'node:module';
import type { ICredentialDataDecryptedObject, ICredentialType, IDataObject, IHttpRequestOptions } from 'n8n-workflow';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type * as credentials from '../credentials/TrackCeoApi.credentials';
import type * as vendors from '../providers/protrack/trackceo';
import type * as accounts from './account';

vi.mock('n8n-workflow', () => createRequire(__filename)('n8n-workflow') as object);

const TYPE = 'trackCeoApi';
const MINUTE = 60_000;
/** What the stored credential and the vendor take, at least and at most. */
const [STORE_MS, VENDOR_MS, LOGIN_MS] = [
	[2, 40],
	[20, 300],
	[100, 800],
] as const;

let seed = 1;
/** The same every time. */
const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;

beforeEach(() => {
	seed = 20_261_127;
	vi.spyOn(Math, 'random').mockImplementation(random);
	vi.useFakeTimers({ now: Date.UTC(2026, 0, 31, 12) });
});
afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const takes = ([least, most]: readonly [number, number]) => wait(least + random() * (most - least));

/** A vendor with one account, at which each login ends the session before it. */
class Vendor {
	logins = 0;
	/** Of these, those of our processes. */
	own = 0;
	/** Sessions that ended otherwise than by a login. */
	ended = 0;
	/** Tokens of requests that were answered. */
	readonly answered: string[] = [];
	readonly requests: number[] = [];
	private live: { token: string; until: number } | undefined;

	constructor(private readonly lastsSeconds: number) {}

	kill(): void {
		if (this.live !== undefined) this.ended += 1;
		this.live = undefined;
	}

	async answer({ url, qs = {} }: IHttpRequestOptions): Promise<object> {
		const isLogin = new URL(url).pathname === '/api/authorization';
		await takes(isLogin ? LOGIN_MS : VENDOR_MS);
		if (this.live !== undefined && this.live.until <= Date.now()) this.kill();
		if (isLogin) {
			this.own += 1;
			return this.logIn();
		}
		this.requests.push(Date.now());
		const { token } = this.live ?? {};
		if (token === undefined || qs.access_token !== token) return { code: 10_011, message: 'token invalid' };
		this.answered.push(token);
		return { code: 0, record: [{ imei: '358899051000001', devicename: 'Van', datastatus: 2 }] };
	}

	/** Another program does this, too. */
	logIn(): object {
		const token = `token-${String(++this.logins)}`;
		this.live = { token, until: Date.now() + this.lastsSeconds * 1000 };
		return { code: 0, record: { access_token: token, expires_in: this.lastsSeconds } };
	}
}

/** A credential as the database has it. n8n reads it whole, and writes it whole after a login. */
class Stored {
	constructor(private data: ICredentialDataDecryptedObject) {}

	async read(): Promise<ICredentialDataDecryptedObject> {
		await takes(STORE_MS);
		return { session: '', ...this.data };
	}

	async write(output: object): Promise<void> {
		const before = await this.read();
		await takes(STORE_MS);
		this.data = { ...before, ...output };
	}
}

const credential = (changes: object = {}) =>
	new Stored({
		baseUrl: 'https://vendor.example',
		account: 'fleet',
		secretType: 'password',
		secret: 'Abc@34590',
		allowCommands: false,
		rateLimit: 60_000,
		allowPrivateAddresses: false,
		...changes,
	});

interface Ended {
	error?: string;
	hints: string[];
}
type Execute = (stored: Stored, deadlineMs?: number) => Promise<Ended>;

/** A process of n8n: modules of its own, and n8n's way with credentials (n8n-core, credentials-helper.ts). */
async function startProcess(vendor: Vendor): Promise<Execute> {
	vi.resetModules();
	const { TrackCeoApi } = await vi.importActual<typeof credentials>('../credentials/TrackCeoApi.credentials');
	const { openAccount } = await vi.importActual<typeof accounts>('./account');
	const { trackceo } = await vi.importActual<typeof vendors>('../providers/protrack/trackceo');
	const type: ICredentialType = new TrackCeoApi();
	const operation = trackceo.operations.find(({ name, resource }) => resource === 'device' && name === 'getMany')!;
	const helpers = {
		httpRequest: async (options: IHttpRequestOptions) => ({
			statusCode: 200,
			headers: {},
			body: JSON.stringify(await vendor.answer(options)),
		}),
	};
	const contextOf = (stored: Stored) => {
		const preAuthenticate = async (data: ICredentialDataDecryptedObject, expired: boolean) => {
			if (data.session !== '' && !expired) return;
			const output = await type.preAuthentication!.call({ helpers }, data);
			await stored.write(output);
			Object.assign(data, output);
		};
		const signed = async (options: IHttpRequestOptions, data: ICredentialDataDecryptedObject) => {
			const authenticate = type.authenticate as (
				data: ICredentialDataDecryptedObject,
				options: IHttpRequestOptions,
			) => Promise<IHttpRequestOptions>;
			return await helpers.httpRequest(await authenticate(data, options));
		};
		return {
			getKnownNodeTypes: () => ({}),
			getNode: () => ({
				type: 'n8n-nodes-fleetwire.trackCeo',
				name: 'Vehicles',
				parameters: {},
				credentials: { [TYPE]: { id: '1', name: 'Account' } },
			}),
			getCredentials: () => stored.read(),
			helpers: {
				...helpers,
				httpRequestWithAuthentication: async (
					_: string,
					options: IHttpRequestOptions,
					{ credentialsDecrypted: { data } }: { credentialsDecrypted: { data: IDataObject } },
				) => {
					const decrypted = data as ICredentialDataDecryptedObject;
					await preAuthenticate(decrypted, false);
					try {
						return await signed(options, decrypted);
					} catch (error) {
						if ((error as { response?: { status?: number } }).response?.status !== 401) throw error;
						await preAuthenticate(decrypted, true);
						return await signed(options, decrypted);
					}
				},
			},
		};
	};
	return async (stored, deadlineMs) => {
		const hints: string[] = [];
		try {
			const client = await openAccount(contextOf(stored) as never, trackceo, TYPE, (hint) => hints.push(hint));
			expect(await client.collect(operation, {}, { deadlineMs })).toHaveLength(1);
			return { hints };
		} catch (error) {
			return { error: (error as { sentence?: string }).sentence ?? String(error), hints };
		}
	};
}

/** Lets time pass until all is done. */
async function passing<T>(work: Promise<T>): Promise<T> {
	let over = false;
	void work.finally(() => (over = true)).catch(() => undefined);
	// eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it ends meanwhile
	while (!over) await vi.advanceTimersByTimeAsync(5000);
	return await work;
}

async function startProcesses(vendor: Vendor, count: number): Promise<Execute[]> {
	const processes: Execute[] = [];
	for (let each = 0; each < count; each++) processes.push(await startProcess(vendor));
	return processes;
}

/** Runs of each process with each credential, at any time of so many minutes. */
const executions = (processes: readonly Execute[], stored: readonly Stored[], times: number, minutes: number) =>
	processes.flatMap((execute) =>
		stored.flatMap((each) =>
			Array.from({ length: times }, async () => {
				await wait(random() * minutes * MINUTE);
				return await execute(each);
			}),
		),
	);

test.each([
	{ minutes: 3, lasts: 60, kills: 3 },
	{ minutes: 1, lasts: 7200, kills: 3 },
	{ minutes: 1, lasts: 20, kills: 0 },
])('three processes and two credentials of one account share a login (%j)', async ({ minutes, lasts, kills }) => {
	const vendor = new Vendor(lasts);
	const processes = await startProcesses(vendor, 3);
	const stored = [credential(), credential({ allowCommands: true })];
	const killed = Array.from({ length: kills }, async (_, count) => {
		await wait(((count + 0.5) / kills) * minutes * MINUTE);
		vendor.kill();
	});
	const [ended] = await passing(Promise.all([Promise.all(executions(processes, stored, 50, minutes)), ...killed]));
	expect(ended.flatMap(({ error }) => error ?? [])).toEqual([]);
	expect(ended.flatMap(({ hints }) => hints)).toEqual([]);
	const perCredential = vendor.logins / stored.length / (1 + vendor.ended);
	expect(perCredential).toBeLessThanOrEqual(2);
});

test('once they have agreed on a session, nobody logs in', async () => {
	const vendor = new Vendor(7200);
	const processes = await startProcesses(vendor, 3);
	const stored = [credential(), credential({ allowCommands: true })];
	await passing(Promise.all(executions(processes, stored, 10, 0.5)));
	const { logins } = vendor;
	vendor.answered.length = 0;
	await passing(Promise.all(executions(processes, stored, 20, 5)));
	expect(vendor.logins).toBe(logins);
	expect(new Set(vendor.answered).size).toBe(1);
});

test('a process that has the session hands it on to a credential which knows none, without a login', async () => {
	const vendor = new Vendor(7200);
	const [first, second] = (await startProcesses(vendor, 2)) as [Execute, Execute];
	const [one, other] = [credential(), credential({ allowCommands: true })];
	await passing(first(one));
	await passing(first(other).then(() => wait(1000)));
	await passing(second(other));
	expect(vendor.logins).toBe(1);
});

test('a program that is not ours and logs in all the time is named after a minute, and not fought', async () => {
	const vendor = new Vendor(7200);
	const [execute] = (await startProcesses(vendor, 1)) as [Execute];
	const stored = credential();
	await passing(execute(stored));
	const other = setInterval(() => vendor.logIn(), 10);
	const began = Date.now();
	const { logins } = vendor;
	const failed: { after: number; error?: string }[] = [];
	while (Date.now() - began < 3 * MINUTE) {
		const { error } = await passing(execute(stored));
		failed.push({ after: Date.now() - began, error });
	}
	clearInterval(other);
	for (const { after, error } of failed) {
		expect(error).toMatch(/no longer valid|has ended \d times within a minute|^Another program/);
		if (after < MINUTE) expect(error).not.toMatch(/^Another program/);
	}
	expect(failed.at(-1)?.error).toMatch(
		/^Another program is logging in .* a worker, an instance or a credential of yours/,
	);
	// What it asked for, which the other program's logins are not part of.
	expect(vendor.requests.length).toBeLessThanOrEqual(3 * 12);
	expect(vendor.own).toBeLessThanOrEqual(1 + 7 + 2 * 4);
	expect(vendor.logins).toBeGreaterThan(logins + 1000);
});

test('a program that is not ours and logs in whenever its session is over lets ours work, which is told why it waits', async () => {
	const vendor = new Vendor(7200);
	const [execute, other] = (await startProcesses(vendor, 2)) as [Execute, Execute];
	const [ours, theirs] = [
		credential(),
		credential({ secretType: 'md5', secret: '0123456789abcdef0123456789abcdef' }),
	];
	const began = Date.now();
	const ended: Ended[] = [];
	while (Date.now() - began < 3 * MINUTE) {
		ended.push(await passing(execute(ours)));
		await passing(other(theirs));
	}
	expect(ended.flatMap(({ error }) => error ?? [])).toEqual([]);
	const hints = ended.flatMap(({ hints: each }) => each);
	expect(hints.length).toBeGreaterThan(0);
	for (const hint of hints) expect(hint).toMatch(/^Another program is logging in/);
	expect(vendor.own).toBeLessThanOrEqual(2 * (1 + 7 + 2 * 4));
});
