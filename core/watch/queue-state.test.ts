import { describe, expect, test } from 'vitest';
import type { SharedAccount } from '../call/account';
import type { FleetEvent } from '../describe/trigger';
import { InFlight, QueueState, queueStateOf } from './queue-state';

const event = (tag: bigint) => ({ id: `m${String(tag)}`, deliveryTag: String(tag) }) as unknown as FleetEvent;
/** Messages 3 and 5 are skipped. */
const batch = () => new InFlight([event(2n), event(4n), event(6n)], [6n, 2n, 5n, 3n, 4n], 'session', []);

describe('a batch in flight', () => {
	test('is acknowledged up to the first message that the flow has yet to process', () => {
		const made = batch();
		expect(made.finishedUpTo).toBe(0n);
		made.finish(4n);
		expect(made.finishedUpTo).toBe(0n);
		made.finish(2n);
		expect(made.finishedUpTo).toBe(5n);
		made.finish(6n);
		expect(made.finishedUpTo).toBe(6n);
	});

	test('never goes back behind what the vendor has acknowledged', () => {
		const made = batch();
		made.ackedUpTo = 5n;
		expect(made.finishedUpTo).toBe(5n);
	});

	test('says whose event is finished, and which are not', () => {
		const made = batch();
		expect(made.finish(4n)?.id).toBe('m4');
		expect(made.finish(5n)).toBeUndefined();
		expect(made.unfinished.map(({ id }) => id)).toEqual(['m2', 'm6']);
	});
});

describe('the state of a queue', () => {
	test('knows the next tag of a session, and the first of any', () => {
		const state = new QueueState();
		expect([1n, 2n, undefined].map((tag) => state.isNext(tag, 'a'))).toEqual([true, false, false]);
		state.arrived([8n, 9n, 7n], 'a');
		expect([9n, 10n, 11n, 1n].map((tag) => state.isNext(tag, 'a'))).toEqual([false, true, false, true]);
		expect(state.isNext(10n, 'b')).toBe(false);
		state.arrived([], 'b');
		expect(state.isNext(10n, 'a')).toBe(true);
	});

	test('assumes that an earlier process took messages that never arrived', () => {
		expect(new QueueState().lost).toBe(true);
	});

	test('remembers the last 20,000 processed messages', () => {
		const state = new QueueState();
		for (let id = 0; id <= 20_000; id++) state.remember(String(id));
		expect(state.processed.size).toBe(20_000);
		expect(['0', '1', '20000'].map((id) => state.processed.has(id))).toEqual([false, true, true]);
	});

	test('settles a batch once, and leaves the next one alone', async () => {
		const state = new QueueState();
		const [first, next] = [batch(), batch()];
		state.inFlight = next;
		state.settle(first);
		await first.acknowledged;
		expect(state.inFlight).toBe(next);
		state.settle(next);
		expect(state.inFlight).toBeUndefined();
	});

	test('is one for each queue of an account, and outlives its consumer', () => {
		const [account, other] = [{}, {}] as SharedAccount[] as [SharedAccount, SharedAccount];
		expect(queueStateOf(account, 'trips')).toBe(queueStateOf(account, 'trips'));
		expect(queueStateOf(account, 'positions')).not.toBe(queueStateOf(account, 'trips'));
		expect(queueStateOf(other, 'trips')).not.toBe(queueStateOf(account, 'trips'));
	});
});
