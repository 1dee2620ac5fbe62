/** Changes to answers that are JSON. */
import type { Answer } from '../exchange';
import type { Deed, Oddity, Row, Visit } from './stranger';

export const isRow = (value: unknown): value is Row =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** What no answer of a simulator has as its code: somebody has made it up. */
export const MADE_UP = -1;

export const withBody = (answer: Answer, body: unknown): Answer => ({
	...answer,
	body: typeof body === 'string' ? body : JSON.stringify(body),
});

export function jsonOf(answer: Answer): unknown {
	try {
		return JSON.parse(answer.body);
	} catch {
		return undefined;
	}
}

/** A list of records, or a text that is one ("a,b,c;d,e,f"), where it stands. */
export interface List {
	in: Record<string | number, unknown>;
	key: string | number;
	rows: unknown[];
	text: boolean;
}

const TEXT_LIST = /^(?:-?[\d.]+,){4,}-?[\d.]+(?:;|$)/;

/** Lists beside the vendor's records that nobody has to read. */
export const FURTHER = ['warnings', 'Warnings', 'links', 'errors'] as const;
const isFurther = (key: string | number) => FURTHER.some((name) => name === key);

/** The lists of records in a body that are in no other list. */
export function listsOf(body: unknown): List[] {
	const lists: List[] = [];
	const walk = (parent: Record<string | number, unknown>, key: string | number) => {
		const value = parent[key];
		if (isFurther(key)) return;
		if (typeof value === 'string' && TEXT_LIST.test(value))
			lists.push({ in: parent, key, rows: value.split(';').filter((row) => row !== ''), text: true });
		else if (Array.isArray(value) && value.some(isRow))
			lists.push({ in: parent, key, rows: value as unknown[], text: false });
		else if (isRow(value)) for (const inner of Object.keys(value)) walk(value, inner);
	};
	walk({ body }, 'body');
	return lists;
}

export function put({ in: parent, key, text }: List, rows: readonly unknown[]): void {
	parent[key] = text ? rows.join(';') : rows;
}

/** All records in the lists of a body. */
export const rowsOf = (body: unknown): Row[] => listsOf(body).flatMap(({ rows }) => rows.filter(isRow));

/** Every object in a body. */
export function* objectsOf(value: unknown): Generator<Row> {
	if (typeof value !== 'object' || value === null) return;
	if (!Array.isArray(value)) yield value as Row;
	for (const inner of Object.values(value)) yield* objectsOf(inner);
}

/** The same key in any case. */
export const keyIn = (row: Row, name: string) =>
	Object.keys(row).find((key) => key.toLowerCase() === name.toLowerCase());

/** An oddity of the vendor's own answers to reads, where all is well. @param change says whether it changed the body */
export function ofBody(
	name: string,
	kind: Deed['kind'],
	change: (body: Row, visit: Visit) => boolean | Partial<Deed>,
): Oddity {
	return {
		name,
		of: 'reads',
		meet(visit) {
			const { ways, request } = visit;
			if (ways.isLogin(request) || ways.isWrite(request)) return undefined;
			const answer = visit.pass();
			const body = answer.code === ways.ok ? jsonOf(answer) : undefined;
			const changed = isRow(body) && change(body, visit);
			if (changed === false) return answer;
			visit.note(kind, changed === true ? {} : changed);
			return withBody(answer, body);
		},
	};
}

/** The same for each record of a list; `change` says whether it changed the record. */
export const ofRows = (name: string, kind: Deed['kind'], change: (row: Row, visit: Visit) => boolean, share = 1) =>
	ofBody(name, kind, (body, visit) => {
		let changed = false;
		for (const row of rowsOf(body)) {
			const random = visit.random.of(JSON.stringify(row));
			if (random.chance(share) && change(row, { ...visit, random })) changed = true;
		}
		return changed;
	});
