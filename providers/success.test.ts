/** What an answer must say before a write or command counts as done, whichever vendor. */
import { describe, expect, test } from 'vitest';
import { Client } from '../core/call/client';
import type { AnyOperation } from '../core/describe/operation';
import type { Provider } from '../core/describe/provider';
import type { CommandOutcome } from '../core/describe/records';
import { kitOf, KITTED } from '../test/support/kits';
import { connectionOf, recordingOf } from '../test/support/recordings';
import { json, TestHost } from '../test/support/test-host';

const nameOf = ({ resource, name }: AnyOperation) => `${resource}.${name}`;
const EVERY = KITTED.flatMap(({ vendor: { provider } }) =>
	provider.operations
		.filter((operation) => recordingOf(provider, nameOf(operation)) !== undefined)
		.map((operation) => ({ provider, title: `${provider.name} ${nameOf(operation)}`, operation })),
);
const WRITES = EVERY.filter(({ operation }) => operation.effect !== 'read');
/** Links are made without asking. */
const READS = EVERY.filter(({ operation }) => operation.effect === 'read' && operation.name !== 'getWebLink');

let accounts = 0;
/** Runs an operation with its recorded params on a vendor that gives one and the same answer. */
async function run({ provider, operation }: (typeof EVERY)[number], answer: unknown, status = 200): Promise<object[]> {
	const host = new TestHost(() => json(answer, status));
	// Each in an account of its own, with a quota that nobody has used.
	return await new Client(
		provider,
		{ ...connectionOf(provider), account: `account-${String((accounts += 1))}` },
		host,
	).collect(operation, recordingOf(provider, nameOf(operation))?.params ?? {});
}

/** Gives what it came to: an outcome, or the error's code. */
const became = (each: (typeof EVERY)[number], answer: unknown, status?: number) =>
	run(each, answer, status).then(
		(records) => (records as CommandOutcome[]).map(({ outcome }) => outcome).join() || 'nothing',
		(error: unknown) => (error as { code?: string }).code ?? String(error),
	);

/** Nothing that a person would take for the number of a success. */
const UNREADABLE = [
	null,
	undefined,
	'',
	' ',
	false,
	true,
	[],
	[0],
	[200],
	{},
	'0x0',
	'0xC8',
	1.5,
	'0.0',
	'2e2',
	'ok',
	'null',
	'０',
];
const successOf = ({ name }: Provider) => kitOf(name).success;

const SAYS_NOTHING = [
	'{}',
	'[]',
	'null',
	'""',
	'0',
	'200',
	'true',
	'false',
	'"done"',
	'',
	' ',
	'OK',
	'<html></html>',
	'[{"code":0}]',
	'{"code":0',
	'{"Code":200',
];

test.each(WRITES)('$title is not done by a code that cannot be read, nor by a body that says nothing', async (each) => {
	for (const code of UNREADABLE)
		expect(
			await became(each, { ...successOf(each.provider).beside, [successOf(each.provider).code]: code }),
			JSON.stringify(code),
		).toBe('unknown');
	for (const body of SAYS_NOTHING) expect(await became(each, body), body).toBe('unknown');
});

const PROTRACK = WRITES.filter(({ provider }) => kitOf(provider.name).platform === 'protrack');

describe.each(PROTRACK)('$title', (each) => {
	test('is not done by "No Data"', async () => {
		expect(await became(each, { code: 0, message: 'Permission denied' })).toBe('unknown');
		for (const code of [20023, '20023']) expect(await became(each, { code, message: 'No Data.' })).toBe('unknown');
		expect(await became(each, { code: 20023, record: [] })).toBe('unknown');
	});

	test('is not done by code 0 beside words or data that are no success', async () => {
		for (const message of [
			'Insufficient privileges',
			'device offline',
			'login timeout, please login again',
			'Operation not done',
			'ok?',
			['Failed'],
			false,
			{ error: 1 },
		])
			expect(await became(each, { code: 0, message }), JSON.stringify(message)).toBe('unknown');
		for (const record of [
			'failed',
			false,
			{ error: 'failed' },
			['failed'],
			{ commandid: null, message: 'Rejected' },
		])
			expect(await became(each, { code: 0, record }), JSON.stringify(record)).toBe('unknown');
	});
});

test.each(WRITES)('$title is not done by a success that HTTP denies', async (each) => {
	const { writes } = successOf(each.provider);
	expect(writes.length).toBeGreaterThan(0);
	for (const success of writes)
		for (const status of [400, 403, 404, 500])
			expect(await became(each, success, status), String(status)).toMatch(/^(unknown|NotFound)$/);
});

test.each(WRITES)('$title is not done by a success that HTTP does not call done', async (each) => {
	for (const success of successOf(each.provider).writes) {
		const usual = await became(each, success);
		expect(await became(each, success, 201)).toBe(usual);
		for (const status of [202, 203, 204, 205, 206, 207, 208, 226, 299])
			expect(await became(each, success, status), String(status)).toBe(usual === 'confirmed' ? 'unknown' : usual);
	}
});

describe.each(PROTRACK.filter(({ operation }) => operation.resource !== 'command'))('$title', (each) => {
	test.each([[0], ['0'], [' 0 ']])('is done by code %j', async (code) => {
		expect(await became(each, { code, message: '' })).toBe('confirmed');
	});
});

test.each(READS)('$title gives an error for a code that cannot be read, and not an empty list', async (each) => {
	const { code: key, empty, allowed = [] } = successOf(each.provider);
	const unreadable = UNREADABLE.filter((code) => !allowed.includes(code));
	for (const code of unreadable)
		expect(await became(each, { ...empty, [key]: code }), JSON.stringify(code)).toMatch(
			/^(UnexpectedAnswer|VendorFault)$/,
		);
});

describe("Ctrack's queues", () => {
	const queues = WRITES.filter(({ provider }) => provider.name === 'ctrack');

	test('are subscribed to and acknowledged where the code says so, or a word of success', async () => {
		for (const each of queues) {
			for (const answer of [
				{ ErrorCode: 0, Subscribe: 'Success' },
				{ ErrorCode: 'Success = 0', Result: 'Success' },
				{ ErrorCode: '0', Result: 'true' },
				{ ErrorCode: 0 },
				{ ErrorCode: 0, Result: null },
				{ ErrorCode: 0, Result: true },
				{ Result: 'Success' },
			])
				expect(await became(each, answer), JSON.stringify(answer)).toBe('confirmed');
		}
	});

	test('are not by anything else', async () => {
		for (const each of queues) {
			for (const answer of [
				{ ErrorCode: 0, Result: false },
				{ ErrorCode: 0, Result: 0 },
				{ ErrorCode: 0, Result: [] },
				{ ErrorCode: 0, Result: {} },
				{ ErrorCode: 0, Result: 'Success', Other: 'Failed' },
				{ ErrorCode: 0, Result: 'Unsuccessful' },
				{ Result: true },
				{ Result: '' },
				{ ErrorCode: 1, Result: 'Success' },
				{ ErrorCode: 'Failed', Result: 'Success' },
			]) {
				expect(await became(each, answer), JSON.stringify(answer)).toBe('unknown');
			}
		}
	});
});

describe('iTracksense', () => {
	const acting = WRITES.filter(
		({ provider, operation }) =>
			kitOf(provider.name).platform === 'itracksense' && !['device', 'session'].includes(operation.resource),
	);

	test('has not taken a command where Data holds something that says otherwise, or nobody can read', async () => {
		for (const each of acting) {
			for (const Data of [
				false,
				-1,
				'-1',
				1,
				'1',
				'Fail',
				'Device offline',
				{ result: 1 },
				{ result: 'fail' },
				[{ result: 0 }],
				[1],
			])
				expect(
					await became(each, { Code: 200, Data, ErrMsg: 'OK' }),
					`${each.title} ${JSON.stringify(Data)}`,
				).toBe('unknown');
			for (const ErrMsg of ['not ok', 'unsuccessful', 'Device offline', { msg: 'fail' }, ['fail'], false, 1])
				expect(
					await became(each, { Code: 200, Data: null, ErrMsg }),
					`${each.title} ${JSON.stringify(ErrMsg)}`,
				).toBe('unknown');
		}
	});

	test('has not where the words only begin like a success, or where there are none', async () => {
		for (const each of acting) {
			for (const ErrMsg of [
				'OK?',
				'ok ...',
				'OK，失败',
				'success？',
				'Success 未完成',
				'ok-',
				'OK!!',
				'successfully?!',
			])
				expect(await became(each, { Code: 200, Data: null, ErrMsg }), `${each.title} ${ErrMsg}`).toBe(
					'unknown',
				);
			for (const ErrMsg of [null, '', ' ', undefined])
				expect(
					await became(each, { Code: 200, Data: true, ErrMsg }),
					`${each.title} true ${JSON.stringify(ErrMsg)}`,
				).toBe('unknown');
		}
	});

	test('has not given another name where the message beside the result is odd', async () => {
		const renaming = WRITES.filter(
			({ provider, operation }) => provider.name === 'itracksense' && operation.resource === 'device',
		);
		expect(renaming.map(({ operation }) => operation.name)).toEqual(['setPlate', 'setAssetName']);
		for (const each of renaming) {
			for (const ErrMsg of ['not ok', 'OK?', 'OK，失败', 'Device offline', ['fail'], { msg: 'fail' }, false, 1])
				expect(await became(each, { Code: 200, Data: '0', ErrMsg }), JSON.stringify(ErrMsg)).toBe('unknown');
			for (const ErrMsg of [null, undefined, '', 'OK', 'Modify successfully', 'Success!', 'Success.'])
				for (const Data of ['0', 0])
					expect(await became(each, { Code: 200, Data, ErrMsg }), JSON.stringify(ErrMsg)).toBe('confirmed');
		}
	});

	test('has, with the words of its document', async () => {
		for (const each of acting) {
			for (const [Data, ErrMsg] of [
				[null, 'OK'],
				[null, 'Success'],
				['', 'Ok'],
				[{}, 'OK'],
				[[], 'OK'],
				[undefined, null],
				['Success', null],
			])
				expect(await became(each, { Code: 200, Data, ErrMsg }), each.title).toMatch(/^(sent|confirmed)$/);
		}
	});
});
