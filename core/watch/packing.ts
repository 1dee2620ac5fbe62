/**
 * Packs device -> state into one text: state:ids|state:ids. Numeric ids are written as the distance to the one before,
 * so that 10,000 devices take about 40 KB. Size matters because n8n clones and compares cursors at every poll.
 */
export function pack(states: ReadonlyMap<string, string>): string {
	const groups = new Map<string, string[]>();
	for (const [id, state] of states) {
		const ids = groups.get(state);
		if (ids === undefined) groups.set(state, [id]);
		else ids.push(id);
	}
	return [...groups].map(([state, ids]) => `${encoded(state)}:${packIds(ids)}`).join('|');
}

/** Half of a surrogate pair has no encoding of its own: a vendor may cut a name in two. */
const encoded = (text: string) =>
	encodeURIComponent(
		text.replace(/[\0\p{Surrogate}]/gu, (sign) => `\0${sign.charCodeAt(0).toString(16).padStart(4, '0')}`),
	);
const decoded = (text: string) =>
	decodeURIComponent(text).replace(/\0([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

const NUMBER = /^[1-9]\d{0,17}$/;

function packIds(ids: readonly string[]): string {
	const numbers: bigint[] = [];
	const others: string[] = [];
	for (const id of ids)
		if (NUMBER.test(id)) numbers.push(BigInt(id));
		else others.push(`'${encoded(id)}`);
	let last = 0n;
	const distances: string[] = [];
	// They have 18 digits at most. Sorted as a list of any values, they would take ten times as long.
	for (const number of BigUint64Array.from(numbers).sort()) {
		distances.push((number - last).toString(36));
		last = number;
	}
	return [...distances, ...others].join(',');
}

/** @throws Error if `pack` did not write the text */
export function unpack(text: string): Map<string, string> {
	const states = new Map<string, string>();
	if (text === '') return states;
	for (const group of text.split('|')) {
		const at = group.indexOf(':');
		if (at === -1) throw new Error('a group without a state');
		const state = decoded(group.slice(0, at));
		let last = 0n;
		for (const id of group.slice(at + 1).split(',')) {
			if (id.startsWith("'")) {
				states.set(decoded(id.slice(1)), state);
				continue;
			}
			last += fromBase36(id);
			states.set(String(last), state);
		}
	}
	return states;
}

function fromBase36(text: string): bigint {
	if (!/^[0-9a-z]{1,12}$/.test(text)) throw new Error('an id that cannot be read');
	let number = 0n;
	for (const digit of text) number = number * 36n + BigInt(parseInt(digit, 36));
	return number;
}
