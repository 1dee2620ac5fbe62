const WRONG: readonly unknown[] = [
	'',
	' ',
	'nonsense',
	'-1',
	'1e999',
	-1,
	0,
	1.5,
	1e308,
	true,
	false,
	[],
	{},
	[null],
	[[]],
	{ a: 1 },
	'0',
	'\ud800',
	'<b>x</b>',
	'2026-02-30 25:61:61',
	'__proto__',
	9_007_199_254_740_993,
];

/** mulberry32: the same numbers for the same seed. */
export function randomOf(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

/** An answer with one to three faults: something missing, null, of a wrong kind, or too much; some break off. */
export function mutated(original: unknown, random: () => number): string {
	const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
	const top = { root: structuredClone(original) };
	for (let times = 1 + Math.floor(random() * 3); times > 0; times--) {
		const places: [Record<string, unknown>, string][] = [];
		const walk = (value: unknown) => {
			if (typeof value !== 'object' || value === null) return;
			for (const key of Object.keys(value)) {
				places.push([value as Record<string, unknown>, key]);
				walk((value as Record<string, unknown>)[key]);
			}
		};
		walk(top);
		const wrong = structuredClone(pick(WRONG));
		const [parent, key] = pick(places);
		const current = parent[key];
		const kind = random();
		if (kind < 0.25 && parent !== top) Reflect.deleteProperty(parent, key);
		else if (kind < 0.4) parent[key] = null;
		else if (kind < 0.55 && typeof current === 'string' && current !== '')
			parent[key] = current.slice(0, Math.floor(random() * current.length));
		else if (kind < 0.85) parent[key] = wrong;
		else parent[`extra${String(times)}`] = wrong;
	}
	const text = JSON.stringify(top.root) ?? '';
	return random() < 0.1 ? text.slice(0, Math.floor(random() * text.length)) : text;
}
