import { z } from 'zod/v4';

/** Where a trigger stands, as plain JSON. What is in it is the engines' own affair. */
export type Cursor = { v: 1; event: string } & Record<string, unknown>;

/** Seconds since 1970: cursors are stored often, and shorter than they would be in milliseconds. */
export const seconds = z.number().int().min(0).max(1e11);

/** A round over the fleet, device by device in the order of their ids: who was looked at, and what was known then. */
export const sweepSchema = z.object({
	/** Devices before this one have been looked at in this round; none: the round is over. */
	next: z.string().optional(),
	/** Mark when this round began, and when the one before did. */
	began: seconds,
	before: seconds,
	/** The same by the local clock, for people. */
	at: seconds,
	atBefore: seconds,
});
type Sweep = z.infer<typeof sweepSchema>;

/** Mark at the last look at a device, as far as the rounds tell: it may be later. */
export function coveredUntil(round: Sweep, deviceId: string): number {
	return round.next !== undefined && deviceId >= round.next ? round.before : round.began;
}

/** Begins a new round, if the last one is over. */
export function nextSweep(round: Sweep, devices: readonly string[], mark: number, now: number): void {
	const [first] = devices;
	if (round.next !== undefined || first === undefined) return;
	round.before = round.began;
	round.began = mark;
	round.atBefore = round.at;
	round.at = now;
	round.next = first;
}

/** The devices of this round that are still to be looked at, in order. */
export function leftOf(round: Sweep, devices: readonly string[]): readonly string[] {
	const { next } = round;
	if (next === undefined) return [];
	const place = devices.findIndex((device) => device >= next);
	return place === -1 ? [] : devices.slice(place);
}

/**
 * Short texts by device, as one text: state:ids|state:ids. Ids that are numbers are written as distances, so that a
 * fleet of 10,000 takes some 40 KB; n8n clones and compares its cursors at every poll.
 */
export function pack(states: ReadonlyMap<string, string>): string {
	const groups = new Map<string, string[]>();
	for (const [id, state] of states) {
		const ids = groups.get(state);
		if (ids === undefined) groups.set(state, [id]);
		else ids.push(id);
	}
	return [...groups].map(([state, ids]) => `${encodeURIComponent(state)}:${packIds(ids)}`).join('|');
}

const NUMBER = /^[1-9]\d{0,17}$/;

function packIds(ids: readonly string[]): string {
	const numbers = ids
		.filter((id) => NUMBER.test(id))
		.map(BigInt)
		.sort((a, b) => (a < b ? -1 : 1));
	const others = ids.filter((id) => !NUMBER.test(id)).map((id) => `'${encodeURIComponent(id)}`);
	let last = 0n;
	const distances = numbers.map((number) => {
		const distance = number - last;
		last = number;
		return distance.toString(36);
	});
	return [...distances, ...others].join(',');
}

/** @throws Error if the text is none of `pack` */
export function unpack(text: string): Map<string, string> {
	const states = new Map<string, string>();
	if (text === '') return states;
	for (const group of text.split('|')) {
		const at = group.indexOf(':');
		if (at === -1) throw new Error('a group without a state');
		const state = decodeURIComponent(group.slice(0, at));
		let last = 0n;
		for (const id of group.slice(at + 1).split(',')) {
			if (id.startsWith("'")) {
				states.set(decodeURIComponent(id.slice(1)), state);
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
