import { expect, test } from 'vitest';
import { VendorFault } from '../describe/errors';
import { Refusals } from './refusals';

const NOW = 1_800_000_000_000;
const OPERATION = 'alarm.getMany';
const REFUSAL = new VendorFault('No such device.', { status: 404 });

test('parts that the time was too short for come first the next time', () => {
	const refusals = new Refusals();
	refusals.suspect(OPERATION, ['b'], REFUSAL);
	const asked: string[] = [];
	// There is time for one request only.
	for (let reads = 0; reads < 4; reads++) {
		const parts = refusals.parts(OPERATION, ['a', 'b', 'c'], NOW + reads * 60_000);
		const part = parts.next() ?? [];
		asked.push(part.join());
		if (part.includes('b')) parts.refuses(part, REFUSAL);
		else parts.answers(part);
		expect(parts.cut()).toEqual(['a', 'b', 'c'].filter((device) => !part.includes(device)));
	}
	expect(asked).toEqual(['a,c', 'b', 'a,c', 'b']);
});
