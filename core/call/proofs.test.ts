import { expect, test } from 'vitest';
import { Proofs } from './proofs';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Some that wait, with the places of those that have been woken. */
function waiting(proofs: Proofs, count: number) {
	const woken: number[] = [];
	const aborts: ((error: Error) => void)[] = [];
	const waits = Array.from({ length: count }, (_, place) =>
		proofs.wait(async (next) => {
			await Promise.race([next, new Promise<never>((_done, reject) => aborts.push(reject))]);
			woken.push(place);
		}),
	);
	return { woken, aborts, waits };
}

test('the one that has waited longest is next, and nobody else is woken', async () => {
	const proofs = new Proofs();
	const ends = [proofs.begin()];
	const { woken } = waiting(proofs, 3);
	for (let count = 1; count <= 3; count++) {
		ends.pop()?.(false);
		await settled();
		expect(woken).toEqual([0, 1, 2].slice(0, count));
		expect(proofs.underWay).toBe(false);
		ends.push(proofs.begin());
	}
});

test('once the login is accepted, nobody has to wait', async () => {
	const proofs = new Proofs();
	const end = proofs.begin();
	const { woken } = waiting(proofs, 3);
	end(true);
	await settled();
	expect(woken).toEqual([0, 1, 2]);
});

test('one that goes away while it waits is forgotten, and one that is woken and goes away lets the next one have it', async () => {
	const proofs = new Proofs();
	const end = proofs.begin();
	const { woken, aborts, waits } = waiting(proofs, 3);
	aborts[0]?.(new Error('stopped'));
	await expect(waits[0]).rejects.toThrow('stopped');
	// It is stopped in the moment in which it is woken.
	aborts[1]?.(new Error('stopped'));
	end(false);
	await expect(waits[1]).rejects.toThrow('stopped');
	await settled();
	expect(woken).toEqual([2]);
});

test('a proof that another one has replaced wakes nobody when it ends', async () => {
	const proofs = new Proofs();
	const [first, second] = [proofs.begin(), proofs.begin()];
	const { woken } = waiting(proofs, 1);
	first(false);
	await settled();
	expect([woken, proofs.underWay]).toEqual([[], true]);
	second(false);
	await settled();
	expect(woken).toEqual([0]);
});
