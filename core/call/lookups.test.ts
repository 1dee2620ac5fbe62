import { expect, test } from 'vitest';
import { Lookups } from './lookups';

const MINUTES = 60_000;

function counted() {
	const lookups = new Lookups();
	let reads = 0;
	const get = (now: number, name = 'device') =>
		lookups.get(name, now, () => {
			reads += 1;
			return Promise.resolve([{ title: String(reads), value: name }]);
		});
	return { get, reads: () => reads };
}

test('a list is read once in five minutes, by however many at once', async () => {
	const { get, reads } = counted();
	const both = await Promise.all([get(0), get(0)]);
	expect(both[0]).toBe(both[1]);
	await get(5 * MINUTES - 1);
	expect(reads()).toBe(1);
	expect(await get(5 * MINUTES)).toEqual([{ title: '2', value: 'device' }]);
});

test('each name has a list of its own', async () => {
	const { get, reads } = counted();
	await get(0);
	expect((await get(0, 'driver'))[0]?.value).toBe('driver');
	expect(reads()).toBe(2);
});

test('a clock that was set back keeps no list for longer', async () => {
	const { get, reads } = counted();
	await get(60 * MINUTES);
	await get(0);
	expect(reads()).toBe(2);
});

test('a list that cannot be read is not kept', async () => {
	const lookups = new Lookups();
	await expect(lookups.get('device', 0, () => Promise.reject(new Error('down')))).rejects.toThrow('down');
	expect(await lookups.get('device', 0, () => Promise.resolve([]))).toEqual([]);
});

test('a list that nobody asks for any more is not kept', async () => {
	const lookups = new Lookups();
	const list = [{ title: 'a', value: 'a' }];
	await lookups.get('once', 0, () => Promise.resolve(list));
	await lookups.get('other', 2 * MINUTES, () => Promise.resolve(list));
	await lookups.get('another', 6 * MINUTES, () => Promise.resolve(list));
	expect(await Promise.all(['once', 'other'].map((name) => lookups.known(name, 4 * MINUTES)))).toEqual([[], list]);
});
