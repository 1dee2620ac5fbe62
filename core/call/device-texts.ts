import { InvalidParams } from '../describe/errors';
import { shown, type Choice } from '../describe/field';
import type { InBlocks } from './blocks';

/** Texts that are the same for people. */
const folded = (text: string) => text.normalize('NFC').trim().toLowerCase();

/** The devices of a list, by what people write. */
export class DeviceTexts {
	private readonly ids = new Set<string>();
	/** Ids by name and by plate. */
	private readonly called = new Map<string, Set<string>>();

	add({ value, device }: Choice): void {
		this.ids.add(value);
		for (const text of [device?.deviceName, device?.plate]) {
			const key = folded(text ?? '');
			if (key === '') continue;
			const others = this.called.get(key);
			if (others === undefined) this.called.set(key, new Set([value]));
			else others.add(value);
		}
	}

	/** Ids of those whose id, name or plate this is, and not a part of it. */
	of(text: string): string[] {
		return [...new Set([...(this.ids.has(text) ? [text] : []), ...(this.called.get(folded(text)) ?? [])])];
	}
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
