import { expect, test } from 'vitest';
import { metresBetween } from './place';

test('distances are metres on the ground', () => {
	expect(metresBetween({ latitude: 45, longitude: 25 }, { latitude: 46, longitude: 25 })).toBeCloseTo(111_195, -1);
	expect(metresBetween({ latitude: 60, longitude: 25 }, { latitude: 60, longitude: 26 })).toBeCloseTo(55_597, -2);
	expect(metresBetween({ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 })).toBeCloseTo(
		111_195,
		-1,
	);
});
