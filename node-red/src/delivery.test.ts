import type { NodeAPI, NodeMessage, NodeMessageInFlow } from 'node-red';
import { describe, expect, test } from 'vitest';
import { MessagePerRecord, OneMessage } from './delivery';

const RED = { util: { cloneMessage: structuredClone, generateId: () => 'sequence' } } as unknown as NodeAPI;
const records = (count: number, from = 0) =>
	Array.from({ length: count }, (_, index) => ({ deviceId: `d${String(from + index)}` }));

function perRecord(msg: Partial<NodeMessageInFlow> = {}) {
	const sent: NodeMessage[] = [];
	return { sent, delivery: new MessagePerRecord(RED, { _msgid: 'm', ...msg }, (out) => sent.push(out)) };
}

describe('one message', () => {
	test('is the one that came in, with all records', () => {
		const msg: NodeMessageInFlow = { _msgid: 'm', payload: 'old', topic: 'mine' };
		const sent: NodeMessage[] = [];
		const delivery = new OneMessage(msg, (out) => sent.push(out), true);
		delivery.add(records(2));
		expect(delivery.end()).toBe(2);
		expect(sent[0]).toBe(msg);
		expect(msg).toMatchObject({ payload: [{ deviceId: 'd0' }, { deviceId: 'd1' }], topic: 'mine' });
	});

	test('holds an empty list where there is nothing, and the record itself where there can be only one', () => {
		const run = (list: boolean, found: object[]) => {
			const msg: NodeMessageInFlow = { _msgid: 'm' };
			const delivery = new OneMessage(msg, () => undefined, list);
			delivery.add(found);
			delivery.end();
			return msg;
		};
		expect(run(true, []).payload).toEqual([]);
		expect(run(false, []).payload).toBeNull();
		expect(run(false, [{ target: '358', outcome: 'sent' }])).toMatchObject({
			payload: { outcome: 'sent' },
			topic: '358',
		});
	});
});

describe('a message for each record', () => {
	test('carries parts and topic, and keeps what the message brought', () => {
		const { sent, delivery } = perRecord({
			payload: 'old',
			other: { kept: true },
			parts: { id: 'outer', index: 4 },
		});
		delivery.add(records(1));
		delivery.add(records(1, 1));
		expect(sent).toEqual([]);
		expect(delivery.end()).toBe(2);
		expect(sent).toEqual(
			[0, 1].map((index) => ({
				_msgid: 'm',
				other: { kept: true },
				payload: { deviceId: `d${String(index)}` },
				topic: `d${String(index)}`,
				parts: { id: 'sequence', type: 'array', index, len: 1, count: 2, parts: { id: 'outer', index: 4 } },
			})),
		);
		expect(sent[0]?.other).not.toBe(sent[1]?.other);
	});

	test('leaves page by page once there are many, and the last ones tell how many there were', () => {
		const { sent, delivery } = perRecord();
		delivery.add(records(900));
		expect(sent).toHaveLength(0);
		delivery.add(records(900, 900));
		expect(sent).toHaveLength(1799);
		delivery.add(records(600, 1800));
		expect(delivery.end()).toBe(2400);
		expect(sent.map(({ payload }) => (payload as { deviceId: string }).deviceId)).toEqual(
			records(2400).map(({ deviceId }) => deviceId),
		);
		expect(sent.map(({ parts }) => (parts as { index: number }).index)).toEqual(
			records(2400).map((_, index) => index),
		);
		const counts = sent.map(({ parts }) => (parts as { count?: number }).count);
		expect(new Set(counts)).toEqual(new Set([undefined, 2400]));
		expect(counts.at(-1)).toBe(2400);
	});

	test('is none where there is no record', () => {
		const { sent, delivery } = perRecord();
		expect(delivery.end()).toBe(0);
		expect(sent).toEqual([]);
	});
});
