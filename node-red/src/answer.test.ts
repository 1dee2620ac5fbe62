import { setImmediate as turn } from 'node:timers/promises';
import type { NodeAPI, NodeMessage } from 'node-red';
import { expect, test } from 'vitest';
import { trackceo } from '../../providers/protrack/trackceo';
import { findOperation } from '../../core/describe/provider';
import { inBlocks } from '../../core/call/blocks';
import { countedInTurns } from '../../test/support/longest-turn';
import { answer } from './answer';

const RED = {
	util: { generateId: () => 'id', cloneMessage: (msg: NodeMessage) => ({ ...msg }) },
} as unknown as NodeAPI;
const operation = findOperation(trackceo, 'position', 'getCurrent')!;
const clock = { idle: () => turn(), sleep: async () => undefined };
const MESSAGES = 200;

/** Sends an answer of so many records to many messages, and says how many copies of a record there are at most. */
async function copiesOf(records: number, each: boolean) {
	let copied = 0;
	let passedOn = 0;
	let most = 0;
	const payloads: unknown[] = [];
	const record = () => ({
		deviceId: '1',
		get speed() {
			copied += 1;
			most = Math.max(most, copied - passedOn);
			return 50;
		},
	});
	const send = ({ payload }: NodeMessage) => {
		const sent = (each ? [payload] : payload) as Record<string, unknown>[];
		payloads.push(payload);
		// As the nodes behind it do, once they have their turn.
		setImmediate(() => {
			passedOn += sent.length;
			for (const one of sent) one.deviceId = 'changed';
		});
	};
	const asked = Array.from({ length: MESSAGES }, (_, id) => ({ msg: { _msgid: String(id) }, send }));
	const form = {
		operation,
		each,
		raw: false,
		inBlocks: <T>(list: readonly T[], work: (block: readonly T[]) => void) => inBlocks(list, clock, work),
	};
	async function* pages() {
		yield await Promise.resolve(Array.from({ length: records }, record));
	}
	const changed = () => payloads.flat().filter((one) => (one as { deviceId: string }).deviceId !== '1').length;
	const ended = await answer(RED, form, asked, pages());
	await turn();
	return { ended, most, sent: payloads.flat().length, changed: changed() };
}

test.each([
	['in one message', false],
	['in a message for each record', true],
])('however many messages have one answer in common, it is copied for one after the other: %s', async (_, each) => {
	const { ended, most, sent, changed } = await copiesOf(100, each);
	expect(ended).toEqual(new Array(MESSAGES).fill(100));
	expect(sent).toBe(MESSAGES * 100);
	expect(most).toBeLessThanOrEqual(200);
	// Each is its message's own, and nobody else's.
	expect(changed).toBe(MESSAGES * 100);
});

test.each([
	[1, false, 40],
	[2, false, 40],
	[1, true, 100],
])(
	'%i messages with pages without end: all in one message (each record in its own: %s) ends at %i',
	async (messages, each, wanted) => {
		const text = 'x'.repeat(10_000_000);
		let taken = 0;
		async function* pages() {
			while (taken < 100) {
				taken += 1;
				yield await Promise.resolve([{ text }]);
			}
		}
		const asked = Array.from({ length: messages }, () => ({ msg: { _msgid: '' }, send: () => undefined }));
		const form = {
			operation,
			each,
			raw: true,
			inBlocks: <T>(list: readonly T[], work: (block: readonly T[]) => void) => inBlocks(list, clock, work),
		};
		const ended = await answer(RED, form, asked, pages()).catch((error: unknown) => error);
		if (each) expect(ended).toEqual([100]);
		else expect(ended).toMatchObject({ code: 'TooLarge', permanent: true });
		expect(taken).toBe(wanted);
	},
);

test.each([1, 2])('a long page leaves in many turns of the program, for %i messages', async (messages) => {
	const RECORDS = 20_000;
	let sent = 0;
	const passed = countedInTurns(0.01);
	const send = () => {
		sent += 1;
		passed.count();
	};
	const asked = Array.from({ length: messages }, () => ({ msg: { _msgid: '' }, send }));
	const form = {
		operation,
		each: true,
		raw: true,
		inBlocks: <T>(list: readonly T[], work: (block: readonly T[]) => void) => inBlocks(list, clock, work),
	};
	async function* pages() {
		yield await Promise.resolve(Array.from({ length: RECORDS }, (_, place) => ({ place })));
	}
	await answer(RED, form, asked, pages());
	expect(sent).toBe(messages * RECORDS);
	expect(passed.most).toBeLessThan(RECORDS / 4);
});
