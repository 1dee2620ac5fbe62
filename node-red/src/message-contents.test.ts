import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Provider } from '../../core/describe/provider';
import { trackceo } from '../../providers/protrack/trackceo';
import { PASSWORD, startProtrack, type ProtrackSimulator } from '../../simulators/protrack';
import { beforeTimer } from '../../test/support/control';
import { accountAt, Runtime, type FlowNode, type Message } from '../../test/support/node-red-runtime';

const provider = trackceo as unknown as Provider;
const ONE = '358899051000001';

let simulator: ProtrackSimulator;
let runtime: Runtime;
let userDir: string;
const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);

/** Each parameter is whatever the message has under its name. */
const fromMessage = (...names: string[]) =>
	Object.fromEntries(names.map((name) => [name, { type: 'msg', value: `payload.${name}` }]));
const node = (id: string, settings: object): FlowNode => ({
	id,
	type: 'fleetwire-trackceo',
	x: 0,
	account: 'account',
	version: 1,
	...settings,
});
/** One of each kind: a read that shares requests, one that shares answers, a command, a write. */
const NODES = {
	batched: node('batched', { resource: 'position', operation: 'getCurrent', params: fromMessage('devices') }),
	each: node('each', {
		resource: 'position',
		operation: 'getCurrent',
		params: { devices: { type: 'str', value: ONE } },
		result: 'record',
	}),
	timed: node('timed', {
		resource: 'position',
		operation: 'getHistory',
		params: { ...fromMessage('begin', 'end'), devices: { type: 'str', value: ONE } },
	}),
	command: node('command', {
		resource: 'command',
		operation: 'send',
		allowCommands: true,
		params: fromMessage('device', 'command', 'waitForAnswer'),
	}),
	trigger: {
		...node('trigger', { event: 'newAlarm', params: {}, interval: 3600 }),
		type: 'fleetwire-trackceo-trigger',
	},
};

beforeAll(async () => {
	process.on('unhandledRejection', note);
	simulator = await startProtrack({ brand: 'trackceo', answersAfterSeconds: 0 });
	userDir = mkdtempSync(join(tmpdir(), 'fleetwire-'));
	runtime = new Runtime([provider], { userDir });
	await runtime.deploy([accountAt(simulator.url), ...Object.values(NODES)], { account: { secret: PASSWORD } });
});
afterAll(async () => {
	await runtime.stop();
	await simulator.close();
	rmSync(userDir, { recursive: true });
	process.off('unhandledRejection', note);
});

const throws = () => {
	throw Object.create(null);
};
const getter = (object: object) => Object.defineProperty(object, 'value', { get: throws, enumerable: true });
const circular: Record<string, unknown> = {};
circular.circular = circular;
const list: unknown[] = [];
list.push(list);
const trap = new Proxy({}, { get: () => throws });
const revoked = (target: object) => {
	const { proxy, revoke } = Proxy.revocable(target, {});
	revoke();
	return proxy;
};

/** What is no JSON. */
const CONTENTS: Readonly<Record<string, unknown>> = {
	'a whole number of any length': 358899051000001n,
	'one that is too long': 10n ** 3_000_000n,
	'itself in an object': circular,
	'itself in a list': list,
	'a property that throws': getter({}),
	'a property that throws, without a prototype': getter(Object.create(null) as object),
	'no prototype': Object.create(null),
	'a proxy all of whose traps throw': new Proxy([], trap),
	'a proxy of a function all of whose traps throw': new Proxy(throws, trap),
	'a proxy that is revoked': revoked({}),
	'a proxy of a list that is revoked': revoked([]),
	'a function': () => undefined,
	'a function whose text throws': Object.assign(() => undefined, { toString: throws }),
	'a class': AbortController,
	'a symbol': Symbol('symbol'),
	'a date that is none': new Date(NaN),
	'something like a date': Object.create(Date.prototype),
	'a date that throws': Object.assign(new Date(), { getTime: throws, toJSON: throws }),
	'a time that throws': { toMillis: throws },
	'a time that is a symbol': { toMillis: () => Symbol('time') },
	'JSON that throws': { toJSON: throws },
	'a text that throws': { toString: throws, valueOf: throws, [Symbol.toPrimitive]: throws },
	'a buffer of 20 MB': Buffer.alloc(20_000_000, '1'),
	'a typed list': new Float64Array(100_000),
	'a map': new Map([[{}, 1]]),
	'a list of four thousand million places': new Array(2 ** 32 - 1),
	'a list with holes': [, ONE, ,],
	'a long text': '1,'.repeat(5_000_000),
	'lists within lists': '['.repeat(100_000),
	'an error': new TypeError('at Object.<anonymous> (/home/somebody/file.js:1:1)'),
	'an error that throws': Object.defineProperty(new Error(), 'message', { get: throws }),
	'a promise that fails': Object.assign(Promise.resolve(), { then: throws }),
	'half a character': '\uD800',
	'not a number': NaN,
};

/** A sentence of ours, not one of the engine's. */
const RAW =
	/did not expect|TypeError|RangeError|[Cc]annot (?:convert|read prop|mix|perform|assign|set|define)|serialize|\bat \S+ \(|\bundefined\b is/;

async function mustBeAnswered(name: keyof typeof NODES, msg: Message): Promise<void> {
	const { error } = await beforeTimer(10_000, runtime.node(name).receive(msg));
	if (error === undefined) return;
	expect(error.message).toMatch(/^[A-Z"].*[.]$/);
	expect(error.message).not.toMatch(RAW);
	expect(error.message.length).toBeLessThan(3000);
}

describe.each(Object.keys(NODES) as (keyof typeof NODES)[])('a message for %s', (name) => {
	test.each(Object.entries(CONTENTS))('with %s is answered', async (_, content) => {
		const payload = (value: unknown) => ({
			...Object.fromEntries(
				['devices', 'device', 'begin', 'end', 'command', 'waitForAnswer'].map((field) => [field, value]),
			),
		});
		await mustBeAnswered(name, { payload: payload(content), topic: content });
		await mustBeAnswered(name, { payload: payload([content]) });
		await mustBeAnswered(name, { payload: payload([ONE, { value: content }]) });
		await mustBeAnswered(name, { payload: content });
		expect(unhandled).toEqual([]);
	});

	test('that is frozen is answered, and not in the place of others', async () => {
		const payload = { devices: ONE, begin: '-1h', end: 'now' };
		await Promise.all([
			mustBeAnswered(name, Object.freeze({ payload, failedDevices: [] }) as unknown as Message),
			runtime
				.node(name)
				.receive({ payload })
				.then(({ error, sent }) => {
					if (name !== 'command' && name !== 'trigger')
						expect([error, sent.length > 0]).toEqual([undefined, true]);
				}),
		]);
		expect(unhandled).toEqual([]);
	});

	test('with anything is answered', async () => {
		const anything = fc.anything({
			withBigInt: true,
			withBoxedValues: true,
			withDate: true,
			withMap: true,
			withNullPrototype: true,
			withObjectString: true,
			withSet: true,
			withSparseArray: true,
			withTypedArray: true,
		});
		await fc.assert(
			fc.asyncProperty(anything, anything, (payload, value) =>
				mustBeAnswered(name, {
					payload: { devices: value, device: value, begin: value, end: payload, command: value },
					topic: payload,
				}),
			),
			{ numRuns: 100 },
		);
		expect(unhandled).toEqual([]);
	});
});
