import { InvalidParams } from '../describe/errors';
import { shown, type Choice, type Field } from '../describe/field';
import type { Named } from '../describe/records';
import type { InBlocks } from './blocks';

/** Texts that are the same for people. */
const folded = (text: string) => (text.length > LONGEST ? '' : text.normalize('NFC').trim().toLowerCase());

/** Nobody calls a device by more: to bring some long texts into one form takes long. */
const LONGEST = 200;

/** The devices of a list, by id and by what people write. */
export class DeviceTexts {
	/** What people call it, by id. */
	private readonly names = new Map<string, Named | undefined>();
	/** Ids by name and by plate. */
	private readonly called = new Map<string, string | Set<string>>();

	add({ value, device }: Choice): void {
		this.names.set(value, device);
		for (const text of [device?.deviceName, device?.plate]) {
			const key = folded(text ?? '');
			if (key === '') continue;
			const others = this.called.get(key);
			// Mostly one, and a set for each would take much memory.
			if (others === undefined) this.called.set(key, value);
			else if (typeof others !== 'string') others.add(value);
			else if (others !== value) this.called.set(key, new Set([others, value]));
		}
	}

	/** Names, plates and ids that a text may be a slip of, the likeliest first. */
	async closest(program: InBlocks, text: string): Promise<string[]> {
		const key = folded(text);
		// To compare long texts takes long.
		if (key === '' || key.length > LONGEST_SLIP) return [];
		const most = Math.min(MOST_SLIPS, Math.floor(key.length / 2));
		const found: { text: string; slips: number }[] = [];
		await program.inBlocks([...this.called.keys(), ...this.names.keys()], (block) => {
			for (const other of block) {
				const slips = slipsBetween(key, folded(other), most);
				if (slips <= most) found.push({ text: other, slips });
			}
		});
		return [...new Set(found.sort((a, b) => a.slips - b.slips).map((each) => each.text))].slice(0, CLOSEST);
	}

	named(id: string): Named | undefined {
		return this.names.get(id);
	}

	/** Ids of those whose id, name or plate this is, and not a part of it. */
	of(text: string): string[] {
		const called = this.called.get(folded(text)) ?? [];
		return [
			...new Set([...(this.names.has(text) ? [text] : []), ...(typeof called === 'string' ? [called] : called)]),
		];
	}
}

/** So many letters can be wrong in what somebody writes, and so many texts are proposed instead. */
const [MOST_SLIPS, CLOSEST] = [2, 3];
/** Nobody writes a name of more letters. */
const LONGEST_SLIP = 60;

/** Letters to be added, left out or changed to make one text of the other; more than `most` is any larger number. */
function slipsBetween(one: string, other: string, most: number): number {
	if (Math.abs(one.length - other.length) > most) return most + 1;
	let above = Array.from({ length: other.length + 1 }, (_, place) => place);
	for (let row = 1; row <= one.length; row++) {
		const line = [row];
		for (let place = 1; place <= other.length; place++)
			line.push(
				Math.min(
					(above[place] ?? 0) + 1,
					(line[place - 1] ?? 0) + 1,
					(above[place - 1] ?? 0) + (one[row - 1] === other[place - 1] ? 0 : 1),
				),
			);
		if (Math.min(...line) > most) return most + 1;
		above = line;
	}
	return above[other.length] ?? 0;
}

const made = new WeakMap<readonly Choice[], Promise<DeviceTexts>>();

/** A list is gone through once, however many ask. */
export function textsIn(program: InBlocks, list: readonly Choice[]): Promise<DeviceTexts> {
	const texts = made.get(list) ?? read(program, list);
	made.set(list, texts);
	return texts;
}

async function read(program: InBlocks, list: readonly Choice[]): Promise<DeviceTexts> {
	const texts = new DeviceTexts();
	await program.inBlocks(list, (block) => {
		for (const choice of block) texts.add(choice);
	});
	return texts;
}

/** Most ids that a sentence names. */
const NAMED = 10;

/** @param title of the field */
export const isSeveral = (title: string, text: string, ids: readonly string[]) =>
	new InvalidParams(
		`${title}: ${shown(text)} is what ${String(ids.length)} devices are called, or the id of one and the name of another: ${ids.slice(0, NAMED).join(', ')}${ids.length > NAMED ? ' ...' : ''}.`,
		{ advice: 'Give the id of the one that you mean, or change the name of the other.' },
	);

/** Whether a field takes a text as an id. */
export const isId = ({ kind, schema }: Pick<Field, 'kind' | 'schema'>, text: string) =>
	schema.safeParse(kind === 'ids' ? [text] : text).success;

/**
 * Ids of the devices that a read was asked about.
 * @param given as it was written, where it was one text
 * @param texts what it was parted into: ids, names and plates
 * @throws InvalidParams if one of them fits no device, or several
 */
export async function idsFor(
	field: Field,
	{ given, texts }: { given: unknown; texts: readonly string[] },
	devices: DeviceTexts,
	program: InBlocks,
): Promise<string[]> {
	// A name may have a comma in it.
	const whole = typeof given === 'string' && texts.length > 1 ? devices.of(given) : [];
	if (whole.length === 1) return whole;
	const ids: string[] = [];
	for (const text of texts) {
		const found = devices.of(text);
		if (found.length > 1) throw isSeveral(field.title, text, found);
		if (found[0] !== undefined) ids.push(found[0]);
		else if (isId(field, text)) ids.push(text);
		else throw isNone(field, text, await devices.closest(program, text));
	}
	return [...new Set(ids)];
}

/** @param closest texts that may have been meant */
export const isNone = (
	{ title, typedAs = 'id' }: Pick<Field, 'title' | 'typedAs'>,
	text: string,
	closest: readonly string[] = [],
) =>
	new InvalidParams(`${title}: no device has ${shown(text)} as its ${typedAs}, name or plate.`, {
		advice: `${closest.length === 0 ? '' : `Close to it: ${closest.map((each) => shown(each)).join(', ')}. `}Give the whole of one, or choose from the list. Nothing was sent.`,
	});
